//! From a shim's record to the end of a task.

use std::path::Path;

use aiwg_protocol::types::TaskState;
use aiwg_shim::{ExitRecord, SpawnError};

use crate::{
    files::{TAIL_BYTES, tail},
    store::{Outcome, Processes},
};

/// How much of standard error goes into a task's `error`.
const ERROR_BYTES: u64 = 2 * 1024;

/// No such file or directory, on every system.
const ENOENT: i32 = 2;

/// What the task's end looks like, given how its agent ended.
pub(super) fn outcome(record: &ExitRecord, dir: &Path, program: &str) -> Outcome {
    let error = match (record.code, record.signal, &record.spawn_error) {
        (_, _, Some(error)) => Some(not_started(error, program)),
        (Some(0), _, None) => None,
        (Some(code), _, None) => Some(with_stderr(format!("the agent exited with code {code}"), dir)),
        (None, Some(signal), None) => {
            Some(with_stderr(format!("the agent was ended by signal {signal}"), dir))
        }
        (None, None, None) => Some("the agent ended, but how is not known".to_owned()),
    };
    Outcome {
        state: if error.is_none() { TaskState::Completed } else { TaskState::Failed },
        exit_code: record.code,
        signal: record.signal,
        error,
        processes: Some(Processes { ended: record.processes_ended, left: record.processes_left }),
        usage: None,
        result: tail(&dir.join(aiwg_shim::STDOUT_FILE), TAIL_BYTES),
    }
}

/// The end of a task whose agent could not be started for a reason of the daemon's own.
pub(super) fn could_not_start(why: &dyn std::fmt::Display) -> Outcome {
    Outcome::without_exit(TaskState::Failed, format!("its agent could not be started: {why}"))
}

fn not_started(error: &SpawnError, program: &str) -> String {
    if error.errno == ENOENT {
        return format!(
            "the agent command {program:?} was not found: install it (npm install -g @anthropic-ai/claude-code), or name another \
             in .aiwg/daemon.json as \"agent\": {{\"command\": [...]}}"
        );
    }
    format!("the agent command {program:?} could not be started: {}", error.message)
}

fn with_stderr(what: String, dir: &Path) -> String {
    match tail(&dir.join(aiwg_shim::STDERR_FILE), ERROR_BYTES) {
        Some(text) if !text.trim().is_empty() => format!("{what}: {}", text.trim()),
        _ => what,
    }
}
