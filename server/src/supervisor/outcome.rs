//! From a shim's record to the end of a task.

use std::path::Path;

use aiwg_protocol::types::{TaskState, TaskUsage};
use aiwg_shim::{ExitRecord, SpawnError};

use crate::{
    agent_command,
    agent_output::{Denial, Exit, Format, Output, Usage, judge, read},
    files::{TAIL_BYTES, tail, tail_of},
    store::{Ending, Outcome, Processes, SessionCost},
};

/// How much of standard error goes into a task's `error`.
const ERROR_BYTES: u64 = 2 * 1024;

/// No such file or directory, on every system.
const ENOENT: i32 = 2;

/// What the task's end looks like, given how its agent ended, and what it wrote. It reads all of that.
pub(super) fn outcome(
    record: &ExitRecord,
    dir: &Path,
    command: &[String],
    ending: Option<Ending>,
) -> Outcome {
    if let Some(error) = &record.spawn_error {
        return Outcome {
            exit_code: record.code,
            ..Outcome::without_exit(
                TaskState::Failed,
                not_started(error, command.first().map_or("", String::as_str)),
            )
        };
    }
    let stdout = dir.join(aiwg_shim::STDOUT_FILE);
    let shown = tail(&stdout, TAIL_BYTES);
    let stderr = tail(&dir.join(aiwg_shim::STDERR_FILE), ERROR_BYTES).unwrap_or_default();
    let output = read(&stdout, 0, Format::of(command)).unwrap_or_else(|error| {
        tracing::warn!(dir = %dir.display(), %error, "what the agent wrote could not be read");
        Output::default()
    });
    let exit = Exit {
        code: record.code,
        signal: record.signal,
        ended_after_result: ending == Some(Ending::Finished),
        stdout: shown.as_deref(),
        stderr: &stderr,
    };
    // What the session had cost before is in the store: the engine takes it off.
    let mut is_sessions = false;
    let verdict = judge(&exit, &output, |_| {
        is_sessions = true;
        None
    });
    Outcome {
        state: if verdict.success { TaskState::Completed } else { TaskState::Failed },
        exit_code: record.code,
        signal: record.signal,
        error: verdict.error,
        result: verdict.answer.map(|answer| tail_of(&answer, TAIL_BYTES as usize).to_owned()).or(shown),
        processes: Some(Processes { ended: record.processes_ended, left: record.processes_left }),
        session: verdict.usage.session_total_usd.map(|total_usd| SessionCost { total_usd, is_sessions }),
        usage: usage(verdict.usage),
    }
}

/// None where the agent told nothing.
fn usage(usage: Usage) -> Option<TaskUsage> {
    usage.session_id.as_ref()?;
    let denials =
        usage.permission_denials.into_iter().map(|Denial { tool_name, what }| match what.as_str() {
            "" => tool_name,
            what => format!("{tool_name}: {what}"),
        });
    Some(TaskUsage {
        cost_usd: usage.cost_usd.unwrap_or(0.0),
        turns: usage.turns,
        input_tokens: usage.tokens.input,
        output_tokens: usage.tokens.output,
        cache_read_tokens: usage.tokens.cache_read,
        cache_creation_tokens: usage.tokens.cache_creation,
        session_id: usage.session_id,
        permission_denials: denials.collect(),
    })
}

/// The end of a task whose agent could not be started for a reason of the daemon's own.
pub(super) fn could_not_start(why: &dyn std::fmt::Display) -> Outcome {
    Outcome::without_exit(TaskState::Failed, format!("its agent could not be started: {why}"))
}

fn not_started(error: &SpawnError, program: &str) -> String {
    if error.errno == ENOENT {
        return agent_command::not_found(program);
    }
    format!("the agent command {program:?} could not be started: {}", error.message)
}
