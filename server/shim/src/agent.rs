//! Starting the agent.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use crate::{
    STDERR_FILE, STDOUT_FILE,
    order::{Order, SpawnError},
    process::Process,
    record::private,
};

/// Starts the agent. It gets its standard input, output and error, and no other descriptor: all others are closed on exec.
pub(crate) fn start(order: &Order) -> Result<Process, SpawnError> {
    let (program, arguments) = order
        .command
        .split_first()
        .ok_or_else(|| SpawnError { errno: 0, message: "the agent command is empty".to_owned() })?;
    let mut command = Command::new(program);
    command.args(arguments);
    // A group of its own: what is typed at a terminal does not reach it.
    command.process_group(0);
    set_environment(&mut command, order);
    set_streams(&mut command, order)?;
    if !order.cwd.is_dir() {
        return Err(SpawnError {
            errno: 0,
            message: format!("its directory {} is gone", order.cwd.display()),
        });
    }
    let child = command.current_dir(&order.cwd).spawn()?;
    // It cannot be gone: it is our child, and not reaped yet.
    Ok(Process::of(child.id()).unwrap_or(Process { pid: child.id(), start_time: 0 }))
}

fn set_environment(command: &mut Command, order: &Order) {
    let is_removed = |name: &str| {
        order.env_remove.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
    };
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_removed) {
            command.env_remove(name);
        }
    }
    command.envs(&order.env);
}

fn set_streams(command: &mut Command, order: &Order) -> io::Result<()> {
    let output = |name: &str| private().append(true).open(order.dir.join(name)).map(Stdio::from);
    command.stdin(match &order.prompt_file {
        // A regular file ends by itself: an open input makes some agents wait for more.
        Some(file) => Stdio::from(File::open(file)?),
        None => Stdio::null(),
    });
    command.stdout(output(STDOUT_FILE)?);
    command.stderr(output(STDERR_FILE)?);
    Ok(())
}
