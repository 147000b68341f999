//! Starting the agent.

use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use aiwg_fs::open_regular;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{
    input::Input,
    launch::{LaunchSpec, SpawnError},
    outputs::Outputs,
    process::Process,
};

/// Starts the agent. It gets its standard input, output and error, and no other descriptor: all others are closed on exec.
pub(crate) fn start(
    spec: &LaunchSpec,
    outputs: &Outputs,
    input: Option<&mut Input>,
) -> Result<Process, SpawnError> {
    let (program, arguments) =
        spec.command.split_first().ok_or_else(|| SpawnError::other("the agent command is empty"))?;
    if !spec.cwd.is_dir() {
        // The system would answer as if the program were missing.
        return Err(SpawnError::other(format!("its directory {} is gone", spec.cwd.display())));
    }
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&spec.cwd);
    // A group of its own: keys that are typed at a terminal do not signal it.
    command.process_group(0);
    set_environment(&mut command, spec);
    set_streams(&mut command, spec, outputs, input)?;
    let child = command.spawn()?;
    // It cannot be gone: it is our child, and not reaped yet.
    Ok(Process::of(child.id()).unwrap_or(Process { pid: child.id(), start_time: 0 }))
}

fn set_environment(command: &mut Command, spec: &LaunchSpec) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| spec.removes(name)) {
        command.env_remove(name);
    }
    // The daemon's own would name another directory.
    command.env("PWD", &spec.cwd);
    command.envs(&spec.env);
}

fn set_streams(
    command: &mut Command,
    spec: &LaunchSpec,
    outputs: &Outputs,
    input: Option<&mut Input>,
) -> Result<(), SpawnError> {
    command.stdin(match (input, &spec.prompt_file) {
        (Some(input), _) => input.stream(),
        // A regular file ends by itself: an open input makes some agents wait for more.
        (None, Some(path)) => opened(open_regular(path), path)?,
        (None, None) => Stdio::null(),
    });
    let (stdout, stderr) = outputs.streams()?;
    command.stdout(stdout).stderr(stderr);
    Ok(())
}

fn opened(file: io::Result<File>, path: &Path) -> Result<Stdio, SpawnError> {
    // Without its number, or a missing file would be taken for a missing program.
    file.map(Stdio::from).map_err(|error| SpawnError::at(path.display(), &error))
}

/// Limits for this process, and so for the agent. The shim itself needs a handful of files.
pub(crate) fn set_limits(spec: &LaunchSpec) -> io::Result<()> {
    let soft = |what, current| setrlimit(what, Rlimit { current: Some(current), ..getrlimit(what) });
    // Agents die by signals, and each could leave gigabytes in the project. A person who wants core dumps raises the limit in the agent's command.
    soft(Resource::Core, 0)?;
    if let Some(files) = spec.open_files {
        soft(Resource::Nofile, files)?;
    }
    Ok(())
}
