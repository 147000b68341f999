//! Any program: its exit code says whether the work is done, and its standard output is the answer.

use std::{io, path::Path};

use aiwg_fs::tail_of;

use crate::{
    evaluation::{Evaluation, Exit},
    program::{AgentProgram, PreviousTotal},
    reason::Reason,
};

/// Maximum length of standard output in an error, in bytes.
const LONGEST_WORDS: usize = 2 * 1024;

/// The exit codes with which a shell reports that a signal ended its command: 128, and SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV or
/// SIGTERM.
const CRASH_CODES: [i32; 7] = [132, 134, 135, 136, 137, 139, 143];

/// Any program whose output says nothing about its work: a script, an agent that writes text for people.
#[derive(Debug)]
pub struct Plain;

impl AgentProgram for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn understands(&self, _: &[String]) -> bool {
        true
    }

    fn evaluate(
        &self,
        _: &[String],
        _: &Path,
        exit: &Exit<'_>,
        _: PreviousTotal<'_>,
    ) -> io::Result<Evaluation> {
        Ok(evaluate(exit))
    }
}

/// Evaluates an agent's work by its exit alone.
pub fn evaluate(exit: &Exit<'_>) -> Evaluation {
    let error = why_not(exit);
    Evaluation {
        reason: reason_of_exit(exit),
        answer: exit.stdout.map(str::to_owned),
        error,
        ..Evaluation::default()
    }
}

/// The reason for which the work did not succeed; none if it did.
pub(crate) fn why_not(exit: &Exit<'_>) -> Option<String> {
    let words = if exit.stderr.trim().is_empty() { end_of(exit.stdout) } else { exit.stderr };
    failed_exit(exit).map(|what| with_words(what, words))
}

/// The reason where nothing but the exit tells one.
pub(crate) fn reason_of_exit(exit: &Exit<'_>) -> Reason {
    match (exit.code, exit.signal) {
        (Some(0), _) => Reason::Done,
        (Some(code), _) if CRASH_CODES.contains(&code) => Reason::Crashed,
        (None, Some(_)) => Reason::Crashed,
        _ => Reason::Failed,
    }
}

/// The reason by the exit alone, of work that did not succeed.
pub(crate) fn reason_of_failure(exit: &Exit<'_>) -> Reason {
    match reason_of_exit(exit) {
        Reason::Done => Reason::Failed,
        other => other,
    }
}

pub(crate) fn failed_exit(exit: &Exit<'_>) -> Option<String> {
    match (exit.code, exit.signal) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("the agent exited with code {code}")),
        (None, Some(signal)) => Some(format!("the agent was ended by signal {signal}")),
        (None, None) => Some("the agent ended, but how is not known".to_owned()),
    }
}

/// The end of a text, which may be the answer itself.
fn end_of(text: Option<&str>) -> &str {
    tail_of(text.unwrap_or_default(), LONGEST_WORDS)
}

pub(crate) fn with_words(what: String, words: &str) -> String {
    match words.trim() {
        "" => what,
        text => format!("{what}: {text}"),
    }
}
