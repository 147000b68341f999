//! Whether an agent has succeeded, given how its process ended and what its output says.

use super::{Denial, Format, Output, Tokens, denial::describe, message::ResultMessage};
use aiwg_fs::tail_of;

/// The agent puts notes for its own developers among its errors.
const DIAGNOSTIC: &str = "[ede_diagnostic]";

/// Maximum length of standard output in an error, in bytes.
const LONGEST_WORDS: usize = 2 * 1024;

/// Maximum length of an unknown reason in an error, in bytes.
const LONGEST_REASON: usize = 100;

/// The end of an agent's process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exit<'a> {
    /// Its exit code. None if a signal ended it, or if it is not known.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// It was ended because it did not exit after its result ([`Progress::Done`](super::Progress::Done)): how it took that says
    /// nothing about its work.
    pub ended_after_result: bool,
    /// The end of its standard output; the answer where the format is [`Format::Text`], and not looked at otherwise.
    pub stdout: Option<&'a str>,
    /// The end of its standard error.
    pub stderr: &'a str,
}

/// Result of an agent's work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// True if it succeeded.
    pub success: bool,
    /// The agent's answer. None where it gave no answer, only an error.
    pub answer: Option<String>,
    /// For people: why it did not succeed.
    pub error: Option<String>,
    /// For people: what it was not allowed to do. It may have succeeded all the same, by its own account.
    pub refused: Option<String>,
    /// Costs, turns and tokens.
    pub usage: Usage,
}

/// Resources that an agent's work took. Everything is none or 0 where the output does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Cost of this run, in US dollars, without what the session had cost before it.
    pub cost_usd: Option<f64>,
    /// Cost of the session from its very beginning, in US dollars: to be kept with its id, for the next run that resumes it.
    pub session_total_usd: Option<f64>,
    /// Number of model turns.
    pub turns: u64,
    /// Tokens that went through the model. With [`Format::Json`] only those of the last part of the work, if the agent waited for
    /// commands in the background.
    pub tokens: Tokens,
    /// The session, with which the work can be resumed. Known also of an agent that was ended in the middle.
    pub session_id: Option<String>,
    /// The first 50 permissions that it was refused.
    pub permission_denials: Vec<Denial>,
    /// Number of all permissions that it was refused.
    pub permission_denial_count: usize,
}

/// Judges an agent's work. `previous_total` gives the [`Usage::session_total_usd`] of the last run of a session, if there was one: it
/// is asked only where the output gives no more than the session's total.
///
/// Exit codes are not the truth: an interrupted agent exits with 0, and a result says "success" of a failed call of the model. With a JSON
/// format the work has succeeded if the code is 0, and there is a result, and that is no error and says that the work was completed. An agent
/// that was killed after its result has not succeeded: what comes after it, hooks for example, may not have been done. Otherwise the code decides.
pub fn evaluate(
    exit: &Exit<'_>,
    output: &Output,
    previous_total: impl FnOnce(&str) -> Option<f64>,
) -> Evaluation {
    let usage = usage(output, previous_total);
    let refused = describe(&usage.permission_denials, usage.permission_denial_count);
    let error = why_not(exit, output).map(|error| match &refused {
        Some(refused) => format!("{error}; {refused}"),
        None => error,
    });
    Evaluation { success: error.is_none(), answer: answer(exit, output), error, refused, usage }
}

/// Why the work did not succeed; none if it did.
fn why_not(exit: &Exit<'_>, output: &Output) -> Option<String> {
    let failed_exit = || failed_exit(exit).map(|what| with_words(what, exit.stderr));
    if output.format == Format::Text {
        // In this format the agent reports errors of the model on standard output, too.
        let words = if exit.stderr.trim().is_empty() { end_of(exit.stdout) } else { exit.stderr };
        return self::failed_exit(exit).map(|what| with_words(what, words));
    }
    match &output.last {
        Some(result) if result.is_error => Some(reported(result)),
        Some(result) if !is_end_of_work(result) => Some(broken_off(result)),
        Some(_) if exit.ended_after_result => None,
        Some(_) => failed_exit(),
        None => failed_exit().or_else(|| {
            Some(with_words("the agent exited with code 0, but gave no result".to_owned(), exit.stderr))
        }),
    }
}

fn failed_exit(exit: &Exit<'_>) -> Option<String> {
    match (exit.code, exit.signal) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("the agent exited with code {code}")),
        (None, Some(signal)) => Some(format!("the agent was ended by signal {signal}")),
        (None, None) => Some("the agent ended, but how is not known".to_owned()),
    }
}

/// True if the agent had come to the end of its work. It says why it went no further, also where it exits with 0 and
/// reports no error; one of
/// another make, or an old one, does not say. What is not understood is no success.
fn is_end_of_work(result: &ResultMessage) -> bool {
    matches!(result.terminal_reason.as_deref(), None | Some("completed"))
}

/// Why the agent went no further.
fn broken_off(result: &ResultMessage) -> String {
    match result.terminal_reason.as_deref() {
        Some("tool_deferred") => "the agent has put off the use of a tool until someone decides on it (a hook answered \"defer\"), and its work \
             is not done: resume its session, or let the hook decide"
            .to_owned(),
        reason => format!(
            "the agent has broken off its work without an error: its result says terminal_reason {:?}",
            tail_of(reason.unwrap_or_default(), LONGEST_REASON)
        ),
    }
}

/// The error that a result reports, in its own words.
fn reported(result: &ResultMessage) -> String {
    let errors: Vec<&str> =
        result.errors.iter().map(String::as_str).filter(|error| !error.starts_with(DIAGNOSTIC)).collect();
    let words = match &result.text {
        Some(text) if !text.trim().is_empty() => text.trim().to_owned(),
        _ if !errors.is_empty() => errors.join("; "),
        _ => {
            let subtype = (result.subtype != "success").then_some(result.subtype.as_str());
            let reasons: Vec<&str> = subtype.into_iter().chain(result.terminal_reason.as_deref()).collect();
            if reasons.is_empty() { "it did not say which".to_owned() } else { reasons.join(", ") }
        }
    };
    format!("the agent reported an error: {words}")
}

/// The end of a text, which may be the answer itself.
fn end_of(text: Option<&str>) -> &str {
    tail_of(text.unwrap_or_default(), LONGEST_WORDS)
}

fn answer(exit: &Exit<'_>, output: &Output) -> Option<String> {
    match (output.format, &output.last) {
        (Format::Text, _) => exit.stdout.map(str::to_owned),
        (_, Some(result)) if !result.is_error => result.text.clone(),
        _ => None,
    }
}

fn usage(output: &Output, previous_total: impl FnOnce(&str) -> Option<f64>) -> Usage {
    let total = output.last.as_ref().and_then(|result| result.session_total_usd);
    let session = output.session_id();
    Usage {
        cost_usd: output.own_cost_usd().or_else(|| {
            let before = session.and_then(previous_total).unwrap_or(0.0);
            // An unknown session is reported with a total of 0, whatever it had cost.
            total.map(|total| (total - before).max(0.0))
        }),
        session_total_usd: total,
        turns: output.turns,
        tokens: output.tokens,
        session_id: session.map(str::to_owned),
        permission_denials: output.denials.clone(),
        permission_denial_count: output.denial_count,
    }
}

fn with_words(what: String, words: &str) -> String {
    match words.trim() {
        "" => what,
        text => format!("{what}: {text}"),
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
