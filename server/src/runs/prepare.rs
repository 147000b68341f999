//! What stands in a task's directory before its agent is started.

use std::{
    io::{self, Write},
    path::Path,
    time::Duration,
};

use aiwg_fs::{Dir, at};
use aiwg_protocol::{
    config::{AgentConfig, PromptBy},
    types::Json,
};
use aiwg_shim::LaunchSpec;
use rustix::fs::OFlags;

use super::{
    Shared,
    environment::{REMOVED, command, environment},
};
use crate::{engine::StartOrder, lifecycle::SERVICE_ENV, project::make_private_dir};

/// What the agent is given on its standard input.
const PROMPT_FILE: &str = "prompt.txt";

/// The event that led to the task.
const EVENT_FILE: &str = "event.json";

const MIB: u64 = 1024 * 1024;

/// How long agents have between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(15);

/// The same for what an agent leaves behind when it exits by itself.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);

/// Why an agent cannot be started.
pub(super) enum Unprepared {
    /// No task can have a directory, whichever it is.
    Place(io::Error),
    /// Something about this one.
    Task(io::Error),
}

impl From<io::Error> for Unprepared {
    fn from(error: io::Error) -> Self {
        Self::Task(error)
    }
}

/// Makes the task's directory and writes down what the agent is given.
pub(super) fn prepare(
    shared: &Shared,
    agent: &AgentConfig,
    dir: &Path,
    order: &StartOrder,
    time_limit_ms: u64,
) -> Result<LaunchSpec, Unprepared> {
    let is_new = make_dir(shared, dir)?;
    let held = Dir::open_own(dir).map_err(at(dir))?;
    if !is_new {
        set_output_aside(&held, order.launch).map_err(at(dir))?;
        remove_records(&held, dir, order.launch).map_err(at(dir))?;
    }
    let prompt_file = dir.join(PROMPT_FILE);
    write_anew(&held, PROMPT_FILE, order.prompt.as_bytes()).map_err(at(&prompt_file))?;
    let event = order.event.as_ref().map(Json::new).transpose().map_err(io::Error::from)?;
    let event_file = dir.join(EVENT_FILE);
    if let Some(event) = &event {
        write_anew(&held, EVENT_FILE, event.as_str().as_bytes()).map_err(at(&event_file))?;
    }
    let env = environment(
        order,
        shared.context.project.root(),
        &shared.context.socket,
        event.is_some().then_some(event_file.as_path()),
        event.as_ref().map(Json::as_str),
    )
    .map_err(io::Error::other)?;
    Ok(LaunchSpec {
        task_id: order.no.to_string(),
        launch: order.launch,
        command: command(agent, order.agent.as_deref(), &order.prompt).map_err(io::Error::other)?,
        env,
        env_remove: REMOVED.iter().chain(&SERVICE_ENV).map(|name| (*name).to_owned()).collect(),
        cwd: shared.context.project.root().to_owned(),
        dir: dir.to_owned(),
        root: Some(shared.context.project.root().to_owned()),
        prompt_file: (agent.prompt == PromptBy::Stdin).then_some(prompt_file),
        grace_ms: millis(GRACE),
        leftover_grace_ms: millis(LEFTOVER_GRACE),
        time_limit_ms: Some(time_limit_ms),
        max_output_bytes: agent.max_output_mb.map(|mib| u64::from(mib) * MIB),
        open_files: shared.open_files,
    })
}

/// The task's directory; tells whether it is new. Where someone has removed those above it, to make room say, or has taken their rights, they
/// are made again.
fn make_dir(shared: &Shared, dir: &Path) -> Result<bool, Unprepared> {
    let again = |_| {
        let actions = shared.context.project.actions_dir();
        if !actions.exists() {
            tracing::warn!(dir = %actions.display(), "was removed, and is made again");
        }
        shared.context.project.make_dirs()?;
        make_private_dir(dir)
    };
    // What is in the way at its own path is this task's trouble alone, and nothing to hold up the others for.
    make_private_dir(dir).or_else(again).map_err(|error| match dir.symlink_metadata() {
        Ok(_) => Unprepared::Task(error),
        Err(_) => Unprepared::Place(error),
    })
}

/// Writes a file in place of whatever an agent has left there.
fn write_anew(dir: &Dir, name: &str, content: &[u8]) -> io::Result<()> {
    dir.clear(name.as_ref())?;
    dir.open_private(name.as_ref(), OFlags::CREATE | OFlags::EXCL)?.write_all(content)
}

/// What an earlier attempt has written is kept beside: nobody is to take its result for this attempt's.
fn set_output_aside(dir: &Dir, launch: u32) -> io::Result<()> {
    let before = launch.saturating_sub(1);
    for name in [aiwg_shim::STDOUT_FILE, aiwg_shim::STDERR_FILE] {
        if dir.identity_of(name.as_ref()).is_some() {
            let aside = format!("{name}.{before}");
            dir.clear(aside.as_ref())?;
            dir.rename(name.as_ref(), aside.as_ref())?;
        }
    }
    Ok(())
}

/// Who ran it before, and how that ended, is not to be taken for this launch's: where a directory was copied along with its project, or the
/// database was made anew, launches have the same numbers as others had.
fn remove_records(dir: &Dir, path: &Path, launch: u32) -> io::Result<()> {
    let mut names = vec![aiwg_shim::RUN_FILE, aiwg_shim::EXIT_FILE];
    if launch == 1 {
        if aiwg_shim::is_held(path)? {
            return Err(io::Error::other("another agent still runs there"));
        }
        // It says which launches may never start. Of this task there has been none.
        names.push(aiwg_shim::LOCK_FILE);
    }
    names.into_iter().try_for_each(|name| dir.clear(name.as_ref()))
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
        let held = Dir::open(dir.path()).unwrap();
        let all = [aiwg_shim::RUN_FILE, aiwg_shim::EXIT_FILE, aiwg_shim::LOCK_FILE];
        let left = || all.map(|name| dir.path().join(name).exists());
        for (launch, expected) in [(2, [false, false, true]), (1, [false; 3])] {
            all.iter().for_each(|name| write_anew(&held, name, b"{}").unwrap());
            remove_records(&held, dir.path(), launch).unwrap();
            assert_eq!(left(), expected, "launch {launch}");
        }
    }

    #[test]
    fn nothing_that_an_earlier_attempt_has_left_is_in_the_way() {
        let dir = tempfile::tempdir().unwrap();
        let held = Dir::open(dir.path()).unwrap();
        let names = ["run.json", "exit.json", "stdout.log", "stdout.log.1", "stderr.log.1", PROMPT_FILE];
        for name in names {
            std::fs::create_dir_all(dir.path().join(name).join("full")).unwrap();
        }
        std::fs::write(dir.path().join("secret"), "kept").unwrap();
        std::os::unix::fs::symlink("secret", dir.path().join(EVENT_FILE)).unwrap();
        std::os::unix::fs::symlink("secret", dir.path().join("stderr.log")).unwrap();
        set_output_aside(&held, 2).unwrap();
        remove_records(&held, dir.path(), 2).unwrap();
        write_anew(&held, PROMPT_FILE, b"new").unwrap();
        write_anew(&held, EVENT_FILE, b"new").unwrap();
        assert_eq!(std::fs::read(dir.path().join(PROMPT_FILE)).unwrap(), b"new");
        assert_eq!(std::fs::read(dir.path().join("secret")).unwrap(), b"kept");
        for name in ["run.json", "exit.json", "stdout.log", "stderr.log"] {
            assert!(dir.path().join(name).symlink_metadata().is_err(), "{name}");
        }
    }
}
