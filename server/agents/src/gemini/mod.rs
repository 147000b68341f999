//! `gemini --output-format stream-json`: messages, uses of tools and a result, one on each line.
//!
//! It exits with the HTTP status of an error modulo 256 (401 is 145, 429 is 173), and with 0 where SIGTERM ended it without a result. It tells no
//! cost; its tokens are those of the run. With other formats only its exit is evaluated. The samples were recorded here with the real program (see
//! their README).

mod command;
mod log;

use std::{io, path::Path};

use log::{GeminiLog, GeminiResult};

use crate::{
    command::{Capabilities, CommandError, Invocation, checked_id, program_name, runs},
    evaluation::{Evaluation, Exit, Tokens, Usage},
    limit::Limit,
    lines::{Follower, read},
    plain::{self, failed_exit, reason_of_exit, with_words},
    program::{AgentProgram, PreviousTotal, WorkWatch, remedy},
    prose::{Sentences, number_after, reason_of, reason_of_status},
    reason::Reason,
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

/// Words before the HTTP status in its errors.
const STATUS: [&str; 2] = ["\"code\":", "status: "];

/// The exit code where there is no login, or one of another kind.
const NO_LOGIN: i32 = 41;

/// Words on standard error where a session is not there.
const NO_SESSION: &str = "Error resuming session";

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

impl AgentProgram for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn understands(&self, command: &[String]) -> bool {
        runs(command, self.name())
    }

    fn evaluate(
        &self,
        command: &[String],
        stdout: &Path,
        exit: &Exit<'_>,
        _: PreviousTotal<'_>,
    ) -> io::Result<Evaluation> {
        if is_stream(command) {
            return Ok(evaluate(&read(stdout)?, exit));
        }
        let evaluation = plain::evaluate(exit);
        let reason = evaluation.error.as_deref().map_or(Reason::Done, |error| reason(error, exit));
        Ok(Evaluation { reason, limit: limit(reason), ..evaluation })
    }

    fn usual_command(&self) -> &'static [&'static str] {
        &["gemini", "--output-format", "stream-json"]
    }

    fn interactive(&self, configured: &[String], session: &str) -> Result<Vec<String>, CommandError> {
        Ok([&program_name(configured), "--resume", checked_id(session)?].map(str::to_owned).into())
    }

    fn command(
        &self,
        configured: &[String],
        invocation: &Invocation<'_>,
    ) -> Result<Vec<String>, CommandError> {
        command::command(configured, invocation)
    }

    fn capabilities(&self, configured: &[String]) -> Capabilities {
        command::capabilities(configured)
    }

    fn remedy(&self, reason: Reason) -> Option<&'static str> {
        match reason {
            Reason::Auth => {
                Some("start `gemini` in a terminal and log in, or start the daemon with GEMINI_API_KEY set")
            }
            other => remedy(other),
        }
    }

    fn watch(&self, command: &[String], stdout: &Path) -> Option<Box<dyn WorkWatch>> {
        is_stream(command).then(|| Box::new(Follower::<GeminiLog>::new(stdout)) as _)
    }
}

fn evaluate(log: &GeminiLog, exit: &Exit<'_>) -> Evaluation {
    let error = why_not(log, exit);
    let reason = match &error {
        None if log.denial_count > 0 => Reason::Refused,
        None => Reason::Done,
        // An end without a word of its own.
        Some(_) if log.result.as_ref().is_some_and(|result| result.is_success) => failed(exit),
        Some(_) if log.result.is_none() && exit.code.is_none() => failed(exit),
        Some(error) => reason(error, exit),
    };
    let mut tokens = Tokens::default();
    log.tokens.values().for_each(|of_model| tokens += *of_model);
    let usage = Usage {
        turns: log.turns,
        tokens,
        tokens_by_model: log.tokens.clone(),
        session_id: log.session.clone(),
        permission_denials: log.denials.clone(),
        permission_denial_count: log.denial_count,
        ..Usage::default()
    };
    Evaluation {
        reason,
        answer: (error.is_none() && !log.answer.is_empty()).then(|| log.answer.clone()),
        refused: refused(log),
        error,
        limit: limit(reason),
        is_session_lost: log.session.is_none() && exit.stderr.contains(NO_SESSION),
        unknown: log.unknown.clone(),
        usage,
        ..Evaluation::default()
    }
}

/// The quota of a day ends at midnight of another time zone: until when is not told.
fn limit(reason: Reason) -> Option<Limit> {
    (reason == Reason::Limited).then(|| Limit { window: Some("day".to_owned()), ..Limit::default() })
}

fn refused(log: &GeminiLog) -> Option<String> {
    let first = log.denials.first()?;
    let (name, what, count) = (&first.tool_name, first.what.replace('\n', " "), log.denial_count);
    Some(format!(
        "it was refused {name} ({what}), of {count} in all: allow what it needs in \"agent.command\", for example with --approval-mode"
    ))
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

/// The reason by the exit alone, where it is no success.
fn failed(exit: &Exit<'_>) -> Reason {
    match reason_of_exit(exit) {
        Reason::Done => Reason::Failed,
        other => other,
    }
}

fn reason(error: &str, exit: &Exit<'_>) -> Reason {
    if exit.code == Some(NO_LOGIN) {
        return Reason::Auth;
    }
    let by_status = || STATUS.iter().find_map(|words| reason_of_status(number_after(error, words)?));
    // An error has a status of 400 or more, and an exit code has no more than 8 bits.
    let by_exit = || reason_of_status(u64::try_from(exit.code?).ok()? + 256);
    reason_of(error, SENTENCES).or_else(by_status).or_else(by_exit).unwrap_or_else(|| failed(exit))
}

#[cfg(test)]
mod tests;
