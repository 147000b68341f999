//! `opencode run --format json`: steps, texts, uses of tools and errors, one on each line.
//!
//! A refused tool ends its work with exit code 0, and its last step says `tool-calls`: that is no success. `run` refuses what would be asked, so it
//! has no way to ask for permissions. While the model's API answers 429 or is
//! overloaded it tries again for ever and writes nothing, so that only a time limit ends it: then no reason is known. Costs and tokens are those of
//! the run, also where a session is resumed. The samples were recorded here with the real program (see their README).

mod command;
mod log;

use log::{OpencodeError, OpencodeLog};

use crate::{
    command::{Capabilities, CommandError, Invocation},
    evaluation::{Exit, Usage},
    limit::Limit,
    plain::{failed_exit, reason_of_failure, with_words},
    prose::{Sentences, reason_of, reason_of_status, reset_after},
    reason::Reason,
    reporter::{Common, Denials, Reporter},
};

/// `opencode`, the program of this name.
#[derive(Debug)]
pub struct Opencode;

/// Words of the errors that it hands on from the APIs of models, the most telling first.
const SENTENCES: &Sentences = &[
    ("usage limit", Reason::Limited),
    ("credit balance is too low", Reason::Billing),
    ("insufficient_quota", Reason::Billing),
    ("insufficient balance", Reason::Billing),
    ("overloaded", Reason::Overloaded),
    ("rate limit", Reason::Overloaded),
    ("unable to connect", Reason::Overloaded),
];

/// Words before the time of a reset, as the APIs of models have them.
const RESET: &[&str] = &["try again at ", "try again in ", "resets at ", "resets in "];

/// Names of its own errors, and the reasons that they stand for.
const ERRORS: [(&str, Reason); 1] = [("ProviderAuthError", Reason::Auth)];

/// The end of a step with which its work is done.
const DONE: &str = "stop";

/// True if the command reports its work as messages.
fn is_json(command: &[String]) -> bool {
    let before_arguments = command.iter().take_while(|word| *word != "--");
    let mut words = before_arguments.map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if word == "--format=json" || word == "--format" && words.peek() == Some(&"json") {
            return true;
        }
    }
    false
}

impl Reporter for Opencode {
    type Log = OpencodeLog;

    const NAME: &'static str = "opencode";
    const USUAL: &'static [&'static str] = &["opencode", "run", "--format", "json"];
    const GO_ON: &'static str = "-s";
    const NO_SESSION: &'static [&'static str] = &["Session not found"];
    const OWN_LINES: &'static [&'static str] = &["error:"];
    const LOGIN: &'static str =
        "log in with `opencode auth login`, or start the daemon with the provider's key set";

    fn reports(command: &[String]) -> bool {
        is_json(command)
    }

    fn common(log: &OpencodeLog) -> &Common {
        &log.common
    }

    fn why_not(log: &OpencodeLog, exit: &Exit<'_>) -> Option<String> {
        why_not(log, exit)
    }

    fn reason(log: &OpencodeLog, exit: &Exit<'_>, _: &str) -> Reason {
        reason(log, exit)
    }

    fn answer(log: &OpencodeLog) -> Option<&str> {
        log.answer.as_deref()
    }

    fn usage(log: &OpencodeLog, _: &[String]) -> Usage {
        Usage { cost_usd: log.cost_usd, turns: log.turns, tokens: log.tokens, ..Usage::default() }
    }

    fn refused(denials: &Denials) -> Option<String> {
        denials.in_words("allow what it needs under \"permission\" in the project's opencode.json")
    }

    fn limit(error: &str) -> Limit {
        reset_after(error, RESET)
    }

    fn reason_of_words(error: &str, _: &Exit<'_>) -> Option<Reason> {
        reason_of(error, SENTENCES)
    }

    fn command(configured: &[String], invocation: &Invocation<'_>) -> Result<Vec<String>, CommandError> {
        command::command(configured, invocation)
    }

    fn capabilities(configured: &[String]) -> Capabilities {
        command::capabilities(configured)
    }
}

/// The reason for which the work did not succeed, in its words; none if it did.
fn why_not(log: &OpencodeLog, exit: &Exit<'_>) -> Option<String> {
    let failed = failed_exit(exit).map(|what| with_words(what, exit.stderr));
    match (&log.error, log.end.as_deref()) {
        (Some(OpencodeError { name, message, .. }), _) => {
            let words = if message.is_empty() { name } else { message };
            Some(with_words("the agent reported an error".to_owned(), words))
        }
        (None, Some(DONE)) if exit.ended_after_result => None,
        (None, Some(DONE)) => failed,
        (None, Some(end)) => Some(failed.unwrap_or_else(|| broken_off(log, end))),
        (None, None) => Some(failed.unwrap_or_else(|| {
            with_words("the agent exited with code 0, but its work has no end".to_owned(), exit.stderr)
        })),
    }
}

fn broken_off(log: &OpencodeLog, end: &str) -> String {
    let what = format!(
        "the agent has broken off its work without an error: its last step ended with {:?}",
        aiwg_fs::tail_of(end, 100)
    );
    Opencode::refused(&log.common.denials)
        .map_or_else(|| what.clone(), |refused| format!("{what}, since {refused}"))
}

fn reason(log: &OpencodeLog, exit: &Exit<'_>) -> Reason {
    let Some(error) = &log.error else { return reason_of_failure(exit) };
    let by_name = || ERRORS.iter().find(|(name, _)| *name == error.name).map(|(_, reason)| *reason);
    reason_of(&error.message, SENTENCES)
        .or_else(by_name)
        .or_else(|| reason_of_status(error.status?))
        .unwrap_or(Reason::Failed)
}

#[cfg(test)]
mod tests;
