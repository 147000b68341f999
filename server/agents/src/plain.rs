//! Any program: its exit code says whether the work is done, and its standard output is the answer.

use std::{io, path::Path};

use aiwg_fs::tail_of;

use crate::{
    evaluation::{Evaluation, Exit},
    program::{AgentProgram, PreviousTotal},
};

/// Maximum length of standard output in an error, in bytes.
const LONGEST_WORDS: usize = 2 * 1024;

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
        success: error.is_none(),
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
