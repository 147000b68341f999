//! From a shim's record to the end of a task.

use std::path::Path;

use aiwg_protocol::types::TaskState;
use aiwg_shim::{ExitRecord, SpawnError};

use crate::{
    agent_output::{Format, ResultMessage},
    files::{TAIL_BYTES, tail, tail_of},
    store::{Ending, Outcome, Processes},
};

/// How much of standard error goes into a task's `error`.
const ERROR_BYTES: u64 = 2 * 1024;

/// No such file or directory, on every system.
const ENOENT: i32 = 2;

/// What the task's end looks like, given how its agent ended, and what it wrote.
pub(super) fn outcome(
    record: &ExitRecord,
    dir: &Path,
    command: &[String],
    ending: Option<Ending>,
) -> Outcome {
    let stdout = dir.join(aiwg_shim::STDOUT_FILE);
    let format = Format::of(command);
    let result = format.result_in(&stdout);
    // One that had told its result and was ended for not exiting has done its work.
    let exit = if ending == Some(Ending::Finished) { None } else { exit_error(record, dir, command) };
    let error = match (&result, format) {
        (_, Format::Text) => exit,
        (Some(result), _) if result.is_error => Some(told_error(result)),
        (Some(_), _) => exit,
        (None, _) => Some(exit.unwrap_or_else(|| with_stderr("the agent told no result".to_owned(), dir))),
    };
    Outcome {
        state: if error.is_none() { TaskState::Completed } else { TaskState::Failed },
        exit_code: record.code,
        signal: record.signal,
        error,
        processes: Some(Processes { ended: record.processes_ended, left: record.processes_left }),
        usage: result.as_ref().map(ResultMessage::usage),
        result: match result.and_then(|result| result.result) {
            Some(answer) => Some(tail_of(&answer, TAIL_BYTES as usize).to_owned()),
            None => tail(&stdout, TAIL_BYTES),
        },
    }
}

/// What is wrong with how it exited.
fn exit_error(record: &ExitRecord, dir: &Path, command: &[String]) -> Option<String> {
    match (record.code, record.signal, &record.spawn_error) {
        (_, _, Some(error)) => Some(not_started(error, command.first().map_or("", String::as_str))),
        (Some(0), _, None) => None,
        (Some(code), _, None) => Some(with_stderr(format!("the agent exited with code {code}"), dir)),
        (None, Some(signal), None) => {
            Some(with_stderr(format!("the agent was ended by signal {signal}"), dir))
        }
        (None, None, None) => Some("the agent ended, but how is not known".to_owned()),
    }
}

/// An error that the agent itself tells: one of the model's API, or that it gave up.
fn told_error(result: &ResultMessage) -> String {
    match result.result.as_deref().map(str::trim) {
        Some(text) if !text.is_empty() => {
            format!("the agent failed: {}", tail_of(text, ERROR_BYTES as usize))
        }
        _ => format!("the agent failed: {}", result.subtype),
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
