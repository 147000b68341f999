//! `codex exec --json`: messages of threads, turns and items, one on each line.
//!
//! Errors are sentences for people, and so is a limit with the time of its reset, by the clock on the wall. It tells no cost, and its tokens are
//! those of the session from its very beginning. The samples were recorded here with the real program (see their README), except for a tool
//! that it declined: in `exec` it asks nobody, and a command that its sandbox forbids just fails.

mod command;
mod log;

use std::{io, path::Path};

use log::{CodexLog, MODEL, Turn};

use crate::{
    command::{Capabilities, CommandError, Invocation, checked_id, program_name, runs},
    evaluation::{Evaluation, Exit, Tokens, Usage},
    limit::Limit,
    lines::{Follower, read},
    plain::{self, failed_exit, reason_of_exit, with_words},
    program::{AgentProgram, PreviousTotal, WorkWatch, remedy},
    prose::{Sentences, number_after, reason_of, reason_of_status, time_after},
    reason::Reason,
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
const RESET: &str = "try again at ";

/// Words on standard error where a session is not there.
const NO_SESSION: [&str; 2] = ["no rollout found", "thread/resume failed"];

/// True if the command reports its work as JSON.
pub(crate) fn is_json(command: &[String]) -> bool {
    command
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json" || word == "--experimental-json")
}

impl AgentProgram for Codex {
    fn name(&self) -> &'static str {
        "codex"
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
        if !is_json(command) {
            return Ok(plain::evaluate(exit));
        }
        let is_resumed = command.iter().any(|word| word == "resume");
        Ok(evaluate(&read(stdout)?, exit, is_resumed))
    }

    fn usual_command(&self) -> &'static [&'static str] {
        &["codex", "exec", "--json", "-"]
    }

    fn interactive(&self, configured: &[String], session: &str) -> Result<Vec<String>, CommandError> {
        Ok([&program_name(configured), "resume", checked_id(session)?].map(str::to_owned).into())
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
            Reason::Auth => Some(
                "log in with `codex login`, or start the daemon with the key that its configuration names",
            ),
            other => remedy(other),
        }
    }

    fn watch(&self, command: &[String], stdout: &Path) -> Option<Box<dyn WorkWatch>> {
        is_json(command).then(|| Box::new(Follower::<CodexLog>::new(stdout)) as _)
    }
}

/// Evaluates the work. With a resumed session its own tokens are not known: [`Usage::session_tokens`] are those of all runs.
fn evaluate(log: &CodexLog, exit: &Exit<'_>, is_resumed: bool) -> Evaluation {
    let error = why_not(log, exit);
    let reason = error.as_ref().map_or_else(|| done(log), |error| reason(log, exit, error));
    let is_session_lost = log.thread.is_none() && NO_SESSION.iter().any(|words| exit.stderr.contains(words));
    let limit = (reason == Reason::Limited).then(|| Limit {
        resets_local: error.as_deref().and_then(|error| time_after(error, RESET)),
        ..Limit::default()
    });
    let tokens = if is_resumed { Tokens::default() } else { log.session_tokens };
    let usage = Usage {
        turns: log.turns,
        tokens,
        tokens_by_model: [(MODEL.to_owned(), tokens)].into(),
        session_tokens: Some(log.session_tokens),
        session_id: log.thread.clone(),
        permission_denials: log.denials.clone(),
        permission_denial_count: log.denial_count,
        ..Usage::default()
    };
    Evaluation {
        reason,
        answer: log.answer.clone().filter(|_| error.is_none()),
        refused: (log.denial_count > 0).then(|| format!("it was refused {} tool uses", log.denial_count)),
        error,
        limit,
        is_session_lost,
        unknown: log.unknown.clone(),
        usage,
        ..Evaluation::default()
    }
}

fn done(log: &CodexLog) -> Reason {
    if log.denial_count > 0 { Reason::Refused } else { Reason::Done }
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
    let by_exit = match reason_of_exit(exit) {
        Reason::Done => Reason::Failed,
        other => other,
    };
    if log.turn == Turn::Completed || by_exit == Reason::Crashed && log.turn == Turn::Open {
        return by_exit;
    }
    let by_status = || STATUS.iter().find_map(|words| reason_of_status(number_after(error, words)?));
    reason_of(error, SENTENCES).or_else(by_status).unwrap_or(Reason::Failed)
}

#[cfg(test)]
mod tests;
