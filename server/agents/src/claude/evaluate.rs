//! Evaluates an agent's success by the end of its process and its output.

use aiwg_fs::tail_of;

use super::{
    Format, Output,
    denial::describe,
    message::{DEFERRED, ResultMessage},
    reason::{limit, reason},
};
use crate::{
    evaluation::{Denial, Evaluation, Exit, Usage},
    plain::{self, failed_exit, with_words},
    reason::Reason,
};

/// The error of a session that is not there.
const NO_SESSION: &str = "No conversation found with session ID";

/// The agent puts notes for its own developers among its errors.
const DIAGNOSTIC: &str = "[ede_diagnostic]";

/// Maximum length of an unknown reason in an error, in bytes.
const LONGEST_REASON: usize = 100;

/// Evaluates an agent's work. `previous_total` gives the [`Usage::session_total_usd`] of the last run of a session, if there was one: it
/// is asked only where the output gives no more than the session's total.
///
/// Exit codes are not the truth: an interrupted agent exits with 0, and a result says "success" of a failed call of the model. With a JSON
/// format the work has succeeded if the code is 0, and there is a result, and that is no error and says that the work was completed. An agent
/// that was killed after its result has not succeeded: what comes after it, hooks for example, may not have been done. Otherwise the code decides. Where
/// one of several turns has failed, so has the work: a message that was answered after that does not do it.
pub fn evaluate(
    exit: &Exit<'_>,
    output: &Output,
    previous_total: impl FnOnce(&str) -> Option<f64>,
) -> Evaluation {
    let judged = output.judged();
    let result = judged.result.as_ref();
    let usage = usage(output, result, previous_total);
    let refused = describe(&usage.permission_denials, usage.permission_denial_count);
    let error = why_not(exit, output, result).map(|error| match &refused {
        Some(refused) => format!("{error}; {refused}"),
        None => error,
    });
    let mut unknown = output.unknown.clone();
    let reason = reason(exit, output, &judged, &mut unknown);
    Evaluation {
        reason,
        answer: answer(exit, output, result),
        error,
        refused,
        limit: limit(reason, exit, &judged),
        limit_warnings: output.limit_warnings.clone(),
        deferred: result.filter(|_| reason == Reason::Deferred).and_then(|result| result.deferred.clone()),
        is_session_lost: result.is_some_and(is_session_lost),
        unknown,
        usage,
        received: output.received.clone(),
    }
}

/// True if the session that was to be resumed is not there.
fn is_session_lost(result: &ResultMessage) -> bool {
    result.is_error && result.errors.iter().any(|error| error.starts_with(NO_SESSION))
}

/// The reason for which the work did not succeed; none if it did.
fn why_not(exit: &Exit<'_>, output: &Output, judged: Option<&ResultMessage>) -> Option<String> {
    let failed_exit = || failed_exit(exit).map(|what| with_words(what, exit.stderr));
    if output.format == Format::Text {
        // In this format the agent reports errors of the model on standard output, too.
        return plain::why_not(exit);
    }
    match judged {
        Some(result) if result.is_error => Some(reported(result)),
        Some(result) if !result.is_end_of_work() => Some(broken_off(result)),
        Some(_) if exit.ended_after_result => None,
        Some(_) => failed_exit(),
        None => failed_exit().or_else(|| {
            Some(with_words("the agent exited with code 0, but gave no result".to_owned(), exit.stderr))
        }),
    }
}

/// The reason for which the agent went no further.
fn broken_off(result: &ResultMessage) -> String {
    match result.terminal_reason.as_deref() {
        Some(DEFERRED) => "the agent has put off the use of a tool until someone decides on it (a hook answered \"defer\"), and its work \
             is not done: resume its session, or let the hook decide"
            .to_owned(),
        Some(reason) if reason != "completed" => format!(
            "the agent has broken off its work without an error: its result says terminal_reason {:?}",
            tail_of(reason, LONGEST_REASON)
        ),
        _ => format!(
            "the agent has broken off its work without an error: its result says subtype {:?}",
            tail_of(&result.subtype, LONGEST_REASON)
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

fn answer(exit: &Exit<'_>, output: &Output, judged: Option<&ResultMessage>) -> Option<String> {
    match (output.format, judged) {
        (Format::Text, _) => exit.stdout.map(str::to_owned),
        (_, Some(result)) if !result.is_error => result.text.clone(),
        _ => None,
    }
}

fn usage(
    output: &Output,
    judged: Option<&ResultMessage>,
    previous_total: impl FnOnce(&str) -> Option<f64>,
) -> Usage {
    let session = output.session_id();
    let total = output.totals.of(session);
    // What was put off in the end was not refused for good: that is told when it is decided.
    let put_off = judged.and_then(|result| result.deferred.as_ref()).map(Denial::of_deferred);
    let is_final = |denial: &&Denial| Some(*denial) != put_off.as_ref();
    let permission_denials: Vec<Denial> = output.denials.iter().filter(is_final).cloned().collect();
    let not_final = output.denials.len() - permission_denials.len();
    Usage {
        cost_usd: output.own_cost_usd().or_else(|| {
            let before = session.and_then(previous_total).unwrap_or(0.0);
            // An unknown session is reported with a total of 0, whatever it had cost.
            output.totals.sum().map(|total| (total - before).max(0.0))
        }),
        session_total_usd: total,
        other_totals: output.totals.others(session),
        turns: output.turns,
        tokens: output.tokens,
        tokens_by_model: output.tokens_by_model.clone(),
        spent: output.spent.spent(),
        session_tokens: None,
        session_id: session.map(str::to_owned),
        permission_denials,
        permission_denial_count: output.denial_count.saturating_sub(not_final),
    }
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
