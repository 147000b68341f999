//! `gemini --output-format stream-json`: messages, uses of tools and a result, one on each line.
//!
//! It exits with the HTTP status of an error modulo 256 (401 is 145, 429 is 173), and with 0 where SIGTERM ended it without a result. It tells no
//! cost; its tokens are those of the run. With other formats only its exit is evaluated. A use of a tool cannot be put off, so it has no way to ask
//! for permissions. The samples were recorded here with the real program (see
//! their README).

mod command;
mod log;

use std::time::Duration;

use log::{GeminiLog, GeminiResult};

use crate::{
    command::{Capabilities, CommandError, Invocation},
    evaluation::{Exit, Tokens, Usage},
    limit::Limit,
    plain::{failed_exit, reason_of_failure, with_words},
    prose::{Sentences, number_after, reason_of, reason_of_status, reset_after},
    reason::Reason,
    reporter::{Common, Denials, Reporter, reason_of_stderr},
};

/// `gemini`, the program of this name.
#[derive(Debug)]
pub struct Gemini;

/// Words of its errors, the most telling first.
const SENTENCES: &Sentences = &[
    ("exhausted your daily quota", Reason::Limited),
    ("perday", Reason::Limited),
    ("api key not valid", Reason::Auth),
    ("api_key_invalid", Reason::Auth),
    ("set an auth method", Reason::Auth),
    ("invalid auth method", Reason::Auth),
    ("exhausted your capacity", Reason::Overloaded),
    ("model_capacity_exhausted", Reason::Overloaded),
    ("overloaded", Reason::Overloaded),
    ("resource_exhausted", Reason::Overloaded),
    ("fetch failed", Reason::Overloaded),
    ("econnrefused", Reason::Overloaded),
    ("etimedout", Reason::Overloaded),
];

/// Words before the time of a reset.
const RESET: &[&str] = &["reset after ", "resets in "];

/// A quota that is full again this late is no overload, whatever the words.
const LONG: Duration = Duration::from_secs(10 * 60);

/// Words before the HTTP status in its errors.
const STATUS: [&str; 2] = ["\"code\":", "status: "];

/// The exit code where there is no login, or one of another kind.
const NO_LOGIN: i32 = 41;

/// True if the command reports its work as messages.
fn is_stream(command: &[String]) -> bool {
    let value = |at: usize, word: &str| match word.split_once('=') {
        Some(("-o" | "--output-format", value)) => Some(value.to_owned()),
        None if matches!(word, "-o" | "--output-format") => command.get(at + 1).cloned(),
        _ => None,
    };
    let values = command.iter().enumerate().filter_map(|(at, word)| value(at, word));
    values.fold(false, |_, format| format == "stream-json")
}

impl Reporter for Gemini {
    type Log = GeminiLog;

    const NAME: &'static str = "gemini";
    const USUAL: &'static [&'static str] = &["gemini", "--output-format", "stream-json"];
    const GO_ON: &'static str = "--resume";
    const NO_SESSION: &'static [&'static str] = &["Error resuming session"];
    const OWN_LINES: &'static [&'static str] = &[
        "error",
        "[api error",
        "apierror",
        "api key not valid",
        "please set an auth method",
        "invalid auth method",
    ];
    const LOGIN: &'static str =
        "start `gemini` in a terminal and log in, or start the daemon with GEMINI_API_KEY set";

    fn reports(command: &[String]) -> bool {
        is_stream(command)
    }

    fn common(log: &GeminiLog) -> &Common {
        &log.common
    }

    fn why_not(log: &GeminiLog, exit: &Exit<'_>) -> Option<String> {
        why_not(log, exit)
    }

    fn reason(log: &GeminiLog, exit: &Exit<'_>, error: &str) -> Reason {
        // An end without a word of its own.
        let is_silent = match &log.result {
            Some(result) => result.is_success,
            None => exit.code.is_none(),
        };
        let by_words = match &log.result {
            _ if is_silent => None,
            Some(_) => Self::reason_of_words(error, exit),
            None => reason_of_stderr::<Self>(exit),
        };
        by_words.unwrap_or_else(|| reason_of_failure(exit))
    }

    fn answer(log: &GeminiLog) -> Option<&str> {
        Some(log.answer.as_str()).filter(|answer| !answer.is_empty())
    }

    fn usage(log: &GeminiLog, _: &[String]) -> Usage {
        let mut tokens = Tokens::default();
        log.tokens.values().for_each(|of_model| tokens += *of_model);
        Usage { turns: log.turns, tokens, tokens_by_model: log.tokens.clone(), ..Usage::default() }
    }

    fn refused(denials: &Denials) -> Option<String> {
        denials.in_words("allow what it needs in \"agent.command\", for example with --approval-mode")
    }

    /// The quota of a day ends at midnight of another time zone: until when is not told with it.
    fn limit(error: &str) -> Limit {
        Limit { window: Some("day".to_owned()), ..reset_after(error, RESET) }
    }

    fn reason_of_words(error: &str, exit: &Exit<'_>) -> Option<Reason> {
        if exit.code == Some(NO_LOGIN) {
            return Some(Reason::Auth);
        }
        if reset_after(error, RESET).resets_in.is_some_and(|wait| wait >= LONG) {
            return Some(Reason::Limited);
        }
        let by_status = || STATUS.iter().find_map(|words| reason_of_status(number_after(error, words)?));
        // An error has a status of 400 or more, and an exit code has no more than 8 bits.
        let by_exit = || reason_of_status(u64::try_from(exit.code?).ok()? + 256);
        reason_of(error, SENTENCES).or_else(by_status).or_else(by_exit)
    }

    fn command(configured: &[String], invocation: &Invocation<'_>) -> Result<Vec<String>, CommandError> {
        command::command(configured, invocation)
    }

    fn capabilities(configured: &[String]) -> Capabilities {
        command::capabilities(configured)
    }
}

/// The reason for which the work did not succeed, in its words; none if it did.
fn why_not(log: &GeminiLog, exit: &Exit<'_>) -> Option<String> {
    let failed = failed_exit(exit);
    match &log.result {
        Some(GeminiResult { is_success: true, .. }) if exit.ended_after_result => None,
        Some(GeminiResult { is_success: true, .. }) => failed.map(|what| with_words(what, exit.stderr)),
        Some(result) => Some(with_words("the agent reported an error".to_owned(), &result.error)),
        None => {
            let what =
                failed.unwrap_or_else(|| "the agent exited with code 0, but gave no result".to_owned());
            Some(with_words(what, exit.stderr))
        }
    }
}

#[cfg(test)]
mod tests;
