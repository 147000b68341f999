//! `codex exec --json`: messages of threads, turns and items, one on each line.
//!
//! Errors are sentences for people, and so is a limit with the time of its reset, by the clock on the wall. It tells no cost, and its tokens are
//! those of the session from its very beginning. The samples were recorded here with the real program (see their README), except for a tool
//! that it declined: in `exec` it asks nobody, and a command that its sandbox forbids just fails; so it has no way to ask for permissions.

mod command;
mod log;

use log::{CodexLog, MODEL, Turn};

use crate::{
    command::{Capabilities, CommandError, Invocation},
    evaluation::{Exit, Tokens, Usage},
    limit::Limit,
    plain::{failed_exit, reason_of_failure, with_words},
    prose::{Sentences, number_after, reason_of, reason_of_status, reset_after},
    reason::Reason,
    reporter::{Common, Denials, Reporter, reason_of_stderr},
};

/// `codex`, the program of this name.
#[derive(Debug)]
pub struct Codex;

/// Words of its errors, the most telling first.
const SENTENCES: &Sentences = &[
    ("hit your usage limit", Reason::Limited),
    ("out of credits", Reason::Billing),
    ("spend cap", Reason::Billing),
    ("quota exceeded", Reason::Billing),
    ("missing environment variable", Reason::Auth),
    ("not logged in", Reason::Auth),
    ("sign in again", Reason::Auth),
    ("log in again", Reason::Auth),
    ("refresh token", Reason::Auth),
    ("rate limit", Reason::Overloaded),
    ("at capacity", Reason::Overloaded),
    ("high demand", Reason::Overloaded),
    ("stream disconnected", Reason::Overloaded),
    ("error sending request", Reason::Overloaded),
    ("timed out", Reason::Overloaded),
];

/// Words before the HTTP status in its errors.
const STATUS: [&str; 2] = ["unexpected status ", "last status: "];

/// Words before the time of a reset.
const RESET: &[&str] = &["try again at ", "try again in "];

/// True if the command reports its work as JSON.
pub(crate) fn is_json(command: &[String]) -> bool {
    command
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json" || word == "--experimental-json")
}

impl Reporter for Codex {
    type Log = CodexLog;

    const NAME: &'static str = "codex";
    const USUAL: &'static [&'static str] = &["codex", "exec", "--json", "-"];
    const GO_ON: &'static str = "resume";
    const NO_SESSION: &'static [&'static str] = &["no rollout found", "thread/resume failed"];
    const OWN_LINES: &'static [&'static str] = &["error:", "not logged in"];
    const LOGIN: &'static str =
        "log in with `codex login`, or start the daemon with the key that its configuration names";

    fn reports(command: &[String]) -> bool {
        is_json(command)
    }

    fn common(log: &CodexLog) -> &Common {
        &log.common
    }

    fn why_not(log: &CodexLog, exit: &Exit<'_>) -> Option<String> {
        why_not(log, exit)
    }

    fn reason(log: &CodexLog, exit: &Exit<'_>, error: &str) -> Reason {
        reason(log, exit, error)
    }

    fn answer(log: &CodexLog) -> Option<&str> {
        log.answer.as_deref()
    }

    /// With a resumed session the run's own tokens are not known: [`Usage::session_tokens`] are those of all runs.
    fn usage(log: &CodexLog, command: &[String]) -> Usage {
        let is_resumed = command.iter().any(|word| word == "resume");
        let tokens = if is_resumed { Tokens::default() } else { log.session_tokens };
        Usage {
            turns: log.turns,
            tokens,
            tokens_by_model: [(MODEL.to_owned(), tokens)].into(),
            session_tokens: Some(log.session_tokens),
            ..Usage::default()
        }
    }

    fn refused(denials: &Denials) -> Option<String> {
        denials.are_any().then(|| format!("it was refused {} tool uses", denials.count()))
    }

    fn limit(error: &str) -> Limit {
        reset_after(error, RESET)
    }

    fn reason_of_words(error: &str, _: &Exit<'_>) -> Option<Reason> {
        let by_status = || STATUS.iter().find_map(|words| reason_of_status(number_after(error, words)?));
        reason_of(error, SENTENCES).or_else(by_status)
    }

    fn command(configured: &[String], invocation: &Invocation<'_>) -> Result<Vec<String>, CommandError> {
        command::command(configured, invocation)
    }

    fn capabilities(configured: &[String]) -> Capabilities {
        command::capabilities(configured)
    }
}

/// The reason for which the work did not succeed, in its words; none if it did.
fn why_not(log: &CodexLog, exit: &Exit<'_>) -> Option<String> {
    let failed = failed_exit(exit);
    match &log.turn {
        Turn::Failed(words) => Some(with_words("the agent reported an error".to_owned(), words)),
        Turn::Completed if exit.ended_after_result => None,
        Turn::Completed => failed.map(|what| with_words(what, exit.stderr)),
        Turn::Open => {
            let what =
                failed.unwrap_or_else(|| "the agent exited with code 0, but its turn has no end".to_owned());
            Some(with_words(what, log.error.as_deref().unwrap_or(exit.stderr)))
        }
    }
}

fn reason(log: &CodexLog, exit: &Exit<'_>, error: &str) -> Reason {
    let by_exit = reason_of_failure(exit);
    if log.turn == Turn::Completed || by_exit == Reason::Crashed && log.turn == Turn::Open {
        return by_exit;
    }
    let by_words = match (&log.turn, &log.error) {
        (Turn::Open, None) => reason_of_stderr::<Codex>(exit),
        _ => Codex::reason_of_words(error, exit),
    };
    by_words.unwrap_or(Reason::Failed)
}

#[cfg(test)]
mod tests;
