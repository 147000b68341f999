//! What stands in a task's directory before its agent is started.

use std::{io, path::Path, time::Duration};

use aiwg_protocol::{
    config::{AgentConfig, PromptBy},
    types::Json,
};
use aiwg_shim::Order;

use super::{
    Shared,
    environment::{REMOVED, command, environment},
};
use crate::{engine::StartOrder, files::write_private, lifecycle::SERVICE_ENV, project::make_private_dir};

const MIB: u64 = 1024 * 1024;

/// How long agents have between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(15);

/// The same for what an agent leaves behind when it exits by itself.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// Makes the task's directory and writes down what the agent is given.
pub(super) fn prepare(
    shared: &Shared,
    agent: &AgentConfig,
    dir: &Path,
    order: &StartOrder,
    time_limit_ms: u64,
) -> io::Result<Order> {
    if !make_dir(shared, dir)? {
        set_output_aside(dir, order.launch)?;
        remove_records(dir, order.launch)?;
    }
    let prompt_file = dir.join("prompt.txt");
    write_private(&prompt_file, order.prompt.as_bytes())?;
    let event = order.event.as_ref().map(Json::new).transpose()?;
    let event_file = dir.join("event.json");
    if let Some(event) = &event {
        write_private(&event_file, event.as_str().as_bytes())?;
    }
    let env = environment(
        order,
        shared.project.root(),
        &shared.socket,
        event.is_some().then_some(event_file.as_path()),
        event.as_ref().map(Json::as_str),
    )
    .map_err(io::Error::other)?;
    Ok(Order {
        task_id: order.no.to_string(),
        attempt: order.launch,
        command: command(agent, order.agent.as_deref(), &order.prompt).map_err(io::Error::other)?,
        env,
        env_remove: REMOVED.iter().chain(&SERVICE_ENV).map(|name| (*name).to_owned()).collect(),
        cwd: shared.project.root().to_owned(),
        dir: dir.to_owned(),
        root: Some(shared.project.root().to_owned()),
        prompt_file: (agent.prompt == PromptBy::Stdin).then_some(prompt_file),
        grace_ms: millis(GRACE),
        leftover_grace_ms: millis(LEFTOVER_GRACE),
        time_limit_ms: Some(time_limit_ms),
        max_output_bytes: agent.max_output_mb.map(|mib| u64::from(mib) * MIB),
        open_files: shared.open_files,
    })
}

/// The task's directory; tells whether it is new. Where someone has removed those above it, to make room say, they are made again.
fn make_dir(shared: &Shared, dir: &Path) -> io::Result<bool> {
    if !shared.project.actions_dir().exists() {
        tracing::warn!(dir = %shared.project.actions_dir().display(), "was removed, and is made again");
        shared.project.make_dirs()?;
    }
    make_private_dir(dir)
}

/// What an earlier attempt has written is kept beside: nobody is to take its result for this attempt's.
fn set_output_aside(dir: &Path, launch: u32) -> io::Result<()> {
    let before = launch.saturating_sub(1);
    for name in [aiwg_shim::STDOUT_FILE, aiwg_shim::STDERR_FILE] {
        match std::fs::rename(dir.join(name), dir.join(format!("{name}.{before}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Who ran it before, and how that ended, is not to be taken for this launch's: where a directory was copied along with its project, or the
/// database was made anew, launches have the same numbers as others had.
fn remove_records(dir: &Path, launch: u32) -> io::Result<()> {
    let mut names = vec![aiwg_shim::RUN_FILE, aiwg_shim::EXIT_FILE];
    if launch == 1 {
        if aiwg_shim::is_held(dir)? {
            return Err(io::Error::other(format!("another agent still runs in {}", dir.display())));
        }
        // It says which launches may never start. Of this task there has been none.
        names.push(aiwg_shim::LOCK_FILE);
    }
    for name in names {
        match std::fs::remove_file(dir.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_left_is_not_taken_for_a_launchs_own() {
        let dir = tempfile::tempdir().unwrap();
        let all = [aiwg_shim::RUN_FILE, aiwg_shim::EXIT_FILE, aiwg_shim::LOCK_FILE];
        let left = || all.map(|name| dir.path().join(name).exists());
        for (launch, expected) in [(2, [false, false, true]), (1, [false; 3])] {
            all.iter().for_each(|name| write_private(&dir.path().join(name), b"{}").unwrap());
            remove_records(dir.path(), launch).unwrap();
            assert_eq!(left(), expected, "launch {launch}");
        }
    }
}
