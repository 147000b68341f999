//! `opencode run --format json`: steps, texts, uses of tools and errors, one on each line.
//!
//! A refused tool ends its work with exit code 0, and its last step says `tool-calls`: that is no success. While the model's API answers 429 or is
//! overloaded it tries again for ever and writes nothing, so that only a time limit ends it: then no reason is known. Costs and tokens are those of
//! the run, also where a session is resumed. The samples were recorded here with the real program (see their README).

mod command;
mod log;

use std::{io, path::Path};

use log::{OpencodeError, OpencodeLog};

use crate::{
    command::{Capabilities, CommandError, Invocation, checked_id, program_name, runs},
    evaluation::{Evaluation, Exit, Usage},
    limit::Limit,
    lines::{Follower, read},
    plain::{self, failed_exit, reason_of_exit, with_words},
    program::{AgentProgram, PreviousTotal, WorkWatch, remedy},
    prose::{Sentences, reason_of, reason_of_status},
    reason::Reason,
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

/// Names of its own errors, and the reasons that they stand for.
const ERRORS: [(&str, Reason); 1] = [("ProviderAuthError", Reason::Auth)];

/// Words on standard error where a session is not there.
const NO_SESSION: &str = "Session not found";

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

impl AgentProgram for Opencode {
    fn name(&self) -> &'static str {
        "opencode"
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
        if is_json(command) { Ok(evaluate(&read(stdout)?, exit)) } else { Ok(plain::evaluate(exit)) }
    }

    fn usual_command(&self) -> &'static [&'static str] {
        &["opencode", "run", "--format", "json"]
    }

    fn interactive(&self, configured: &[String], session: &str) -> Result<Vec<String>, CommandError> {
        Ok([&program_name(configured), "-s", checked_id(session)?].map(str::to_owned).into())
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
                Some("log in with `opencode auth login`, or start the daemon with the provider's key set")
            }
            other => remedy(other),
        }
    }

    fn watch(&self, command: &[String], stdout: &Path) -> Option<Box<dyn WorkWatch>> {
        is_json(command).then(|| Box::new(Follower::<OpencodeLog>::new(stdout)) as _)
    }
}

fn evaluate(log: &OpencodeLog, exit: &Exit<'_>) -> Evaluation {
    let error = why_not(log, exit);
    let reason = match &error {
        None if log.denial_count > 0 => Reason::Refused,
        None => Reason::Done,
        Some(_) => reason(log, exit),
    };
    let usage = Usage {
        cost_usd: log.cost_usd,
        turns: log.turns,
        tokens: log.tokens,
        session_id: log.session.clone(),
        permission_denials: log.denials.clone(),
        permission_denial_count: log.denial_count,
        ..Usage::default()
    };
    Evaluation {
        reason,
        answer: log.answer.clone().filter(|_| error.is_none()),
        refused: refused(log),
        error,
        limit: (reason == Reason::Limited).then(Limit::default),
        is_session_lost: log.session.is_none() && exit.stderr.contains(NO_SESSION),
        unknown: log.unknown.clone(),
        usage,
        ..Evaluation::default()
    }
}

fn refused(log: &OpencodeLog) -> Option<String> {
    let first = log.denials.first()?;
    let (name, what, count) = (&first.tool_name, first.what.replace('\n', " "), log.denial_count);
    Some(format!(
        "it was refused {name} ({what}), of {count} in all: allow what it needs under \"permission\" in the project's opencode.json"
    ))
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
    refused(log).map_or_else(|| what.clone(), |refused| format!("{what}, since {refused}"))
}

fn reason(log: &OpencodeLog, exit: &Exit<'_>) -> Reason {
    let by_exit = || match reason_of_exit(exit) {
        Reason::Done => Reason::Failed,
        other => other,
    };
    let Some(error) = &log.error else { return by_exit() };
    let by_name = || ERRORS.iter().find(|(name, _)| *name == error.name).map(|(_, reason)| *reason);
    reason_of(&error.message, SENTENCES)
        .or_else(by_name)
        .or_else(|| reason_of_status(error.status?))
        .unwrap_or(Reason::Failed)
}

#[cfg(test)]
mod tests;
