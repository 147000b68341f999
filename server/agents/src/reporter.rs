//! Programs that report their work as messages, one on each line, where their command asks for that.

use std::{io, path::Path};

use crate::{
    command::{Capabilities, CommandError, Invocation, checked_id, program_name, runs},
    evaluation::{Denial, Evaluation, Exit, Unknown, Usage},
    limit::Limit,
    lines::{Follower, Log, read},
    plain,
    program::{AgentProgram, PreviousTotal, WorkWatch, remedy},
    prose::last_line_of,
    reason::Reason,
};

/// Maximum number of refused tools that are kept; the others are counted.
const MOST_DENIALS: usize = 50;

/// The part of a program's messages that all such programs have.
#[derive(Debug, Default)]
pub(crate) struct Common {
    /// The id of its session.
    pub(crate) session: Option<String>,
    pub(crate) denials: Denials,
    pub(crate) unknown: Unknown,
}

/// Uses of tools that were refused: the first ones, and the number of all.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    first: Vec<Denial>,
    count: usize,
}

impl Denials {
    /// Adds one; none where nothing more is known of it.
    pub(crate) fn add(&mut self, denial: Option<Denial>) {
        self.count += 1;
        self.first.extend(denial.filter(|_| self.first.len() < MOST_DENIALS));
    }

    /// True if there are any.
    pub(crate) fn are_any(&self) -> bool {
        self.count > 0
    }

    /// The first one in words, with what a person can do about it.
    pub(crate) fn in_words(&self, advice: &str) -> Option<String> {
        let first = self.first.first()?;
        let (name, what, count) = (&first.tool_name, first.what.replace('\n', " "), self.count);
        Some(format!("it was refused {name} ({what}), of {count} in all: {advice}"))
    }

    /// The number of all.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

/// A program that reports its work as messages. This is what makes it one of its kind; the rest is the same for all, and is in its [`AgentProgram`].
pub(crate) trait Reporter: Send + Sync {
    /// Its messages.
    type Log: Log + 'static;

    /// The name of its file.
    const NAME: &'static str;

    /// The command by which it runs unattended, with the prompt on standard input.
    const USUAL: &'static [&'static str];

    /// The words between the program and a session's id with which a person goes on in that.
    const GO_ON: &'static str;

    /// Words on standard error where a session is not there.
    const NO_SESSION: &'static [&'static str];

    /// Beginnings, in lower case, of the lines on standard error that are the program's own errors.
    const OWN_LINES: &'static [&'static str];

    /// The next thing to do where it is not logged in.
    const LOGIN: &'static str;

    /// True if this command reports its work as messages.
    fn reports(command: &[String]) -> bool;

    /// The part of the messages that all such programs have.
    fn common(log: &Self::Log) -> &Common;

    /// The reason for which the work did not succeed, in its words; none if it did.
    fn why_not(log: &Self::Log, exit: &Exit<'_>) -> Option<String>;

    /// The reason of work that did not succeed, for this error.
    fn reason(log: &Self::Log, exit: &Exit<'_>, error: &str) -> Reason;

    /// The answer.
    fn answer(log: &Self::Log) -> Option<&str>;

    /// The turns, tokens and costs of this command's run.
    fn usage(log: &Self::Log, command: &[String]) -> Usage;

    /// Its refused tools in words.
    fn refused(denials: &Denials) -> Option<String>;

    /// The limit that is used up, by this error.
    fn limit(error: &str) -> Limit;

    /// The reason that the words of an error stand for, or its exit; none where they tell none.
    fn reason_of_words(error: &str, exit: &Exit<'_>) -> Option<Reason>;

    /// The command of a run, see [`AgentProgram::command`].
    ///
    /// # Errors
    /// The program cannot do what is asked of it, or would misunderstand it.
    fn command(configured: &[String], invocation: &Invocation<'_>) -> Result<Vec<String>, CommandError>;

    /// Its abilities, see [`AgentProgram::capabilities`].
    fn capabilities(configured: &[String]) -> Capabilities;
}

/// Evaluates the work of a command that reports nothing: by its exit, and the words of its error.
fn evaluate_text<P: Reporter>(exit: &Exit<'_>) -> Evaluation {
    let evaluation = plain::evaluate(exit);
    let reason = match evaluation.reason {
        Reason::Failed => reason_of_stderr::<P>(exit).unwrap_or(Reason::Failed),
        reason => reason,
    };
    let limit = (reason == Reason::Limited).then(|| P::limit(own_line::<P>(exit).unwrap_or_default()));
    Evaluation { reason, limit, ..evaluation }
}

/// The reason that standard error tells, or the exit. The words of the model stand there as well, and on standard output: what holds an account
/// back counts only in the program's own last error.
pub(crate) fn reason_of_stderr<P: Reporter>(exit: &Exit<'_>) -> Option<Reason> {
    let passes = |reason: &Reason| *reason == Reason::Overloaded;
    own_line::<P>(exit)
        .and_then(|line| P::reason_of_words(line, exit))
        .or_else(|| P::reason_of_words(exit.stderr, exit).filter(passes))
        .or_else(|| P::reason_of_words("", exit))
}

/// The program's own last error on standard error.
fn own_line<'a, P: Reporter>(exit: &Exit<'a>) -> Option<&'a str> {
    last_line_of(exit.stderr, P::OWN_LINES)
}

/// Evaluates the work by its messages.
fn evaluate<P: Reporter>(log: &P::Log, command: &[String], exit: &Exit<'_>) -> Evaluation {
    let (common, error) = (P::common(log), P::why_not(log, exit));
    let reason = match &error {
        None if common.denials.are_any() => Reason::Refused,
        None => Reason::Done,
        Some(error) => P::reason(log, exit, error),
    };
    Evaluation {
        reason,
        answer: P::answer(log).filter(|_| error.is_none()).map(str::to_owned),
        refused: P::refused(&common.denials),
        limit: error.as_deref().filter(|_| reason == Reason::Limited).map(P::limit),
        error,
        is_session_lost: common.session.is_none()
            && P::NO_SESSION.iter().any(|words| exit.stderr.contains(words)),
        unknown: common.unknown.clone(),
        usage: Usage {
            session_id: common.session.clone(),
            permission_denials: common.denials.first.clone(),
            permission_denial_count: common.denials.count,
            ..P::usage(log, command)
        },
        ..Evaluation::default()
    }
}

impl<P: Reporter> AgentProgram for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn understands(&self, command: &[String]) -> bool {
        runs(command, P::NAME)
    }

    fn evaluate(
        &self,
        command: &[String],
        stdout: &Path,
        exit: &Exit<'_>,
        _: PreviousTotal<'_>,
    ) -> io::Result<Evaluation> {
        if !P::reports(command) {
            return Ok(evaluate_text::<P>(exit));
        }
        Ok(evaluate::<P>(&read(stdout)?, command, exit))
    }

    fn usual_command(&self) -> &'static [&'static str] {
        P::USUAL
    }

    fn interactive(&self, configured: &[String], session: &str) -> Result<Vec<String>, CommandError> {
        Ok([&program_name(configured), P::GO_ON, checked_id(session)?].map(str::to_owned).into())
    }

    fn command(
        &self,
        configured: &[String],
        invocation: &Invocation<'_>,
    ) -> Result<Vec<String>, CommandError> {
        P::command(configured, invocation)
    }

    fn capabilities(&self, configured: &[String]) -> Capabilities {
        P::capabilities(configured)
    }

    fn remedy(&self, reason: Reason) -> Option<&'static str> {
        if reason == Reason::Auth { Some(P::LOGIN) } else { remedy(reason) }
    }

    fn watch(&self, command: &[String], stdout: &Path) -> Option<Box<dyn WorkWatch>> {
        P::reports(command).then(|| Box::new(Follower::<P::Log>::new(stdout)) as _)
    }
}
