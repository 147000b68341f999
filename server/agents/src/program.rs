//! The facts about a program by which the daemon runs it unattended.

use std::{ffi::OsStr, io, path::Path};

use crate::{
    evaluation::{Evaluation, Exit},
    reason::Reason,
};

/// Gives what a session had cost before, in US dollars, by its id; none if that is not known.
pub type PreviousTotal<'a> = &'a mut dyn FnMut(&str) -> Option<f64>;

/// A program that runs as an agent. It is a pure reader of what the program writes: it starts nothing and keeps nothing.
pub trait AgentProgram: Send + Sync {
    /// The name, for the log.
    fn name(&self) -> &'static str;

    /// True if the output of this command says how the work went, in a form that is known here.
    fn understands(&self, command: &[String]) -> bool;

    /// Evaluates the work of an agent that has ended, by all that it wrote to the file `stdout`. It blocks for as long as reading takes.
    ///
    /// # Errors
    /// The file cannot be read.
    fn evaluate(
        &self,
        command: &[String],
        stdout: &Path,
        exit: &Exit<'_>,
        previous_total: PreviousTotal<'_>,
    ) -> io::Result<Evaluation>;

    /// The next thing to do about an end for this reason, for people; none where the program's own words say it.
    fn remedy(&self, reason: Reason) -> Option<&'static str> {
        remedy(reason)
    }

    /// Watches the output of an agent that runs, for the end of its work. Default: nothing but its exit tells of that.
    fn watch(&self, _command: &[String], _stdout: &Path) -> Option<Box<dyn WorkWatch>> {
        None
    }
}

/// Watches an output as it grows.
pub trait WorkWatch: Send {
    /// Reads what was added, and returns a number if the agent has done its work and should exit by itself within seconds: another one
    /// whenever it has worked again since. It blocks for as long as reading takes.
    ///
    /// # Errors
    /// The file cannot be read. The next look goes on where this one stopped.
    fn done(&mut self) -> io::Result<Option<u64>>;
}

/// The next thing to do about an end for this reason, whatever the program.
pub(crate) fn remedy(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::Auth => Some("log the agent's program in, or give the daemon its key where it is started"),
        Reason::Billing => Some("add credit, or a way to pay, to the account that the agent works with"),
        Reason::Overloaded => Some("this passes by itself: retry it in some minutes"),
        Reason::Budget => {
            Some("what it has done so far is kept: raise its cap, and resume its session or retry it")
        }
        Reason::Done
        | Reason::Refused
        | Reason::Deferred
        | Reason::Limited
        | Reason::Crashed
        | Reason::Failed => None,
    }
}

/// The name of the program that a command runs: that of its file.
pub(crate) fn file_name(command: &[String]) -> &str {
    let program = command.first().map_or("", String::as_str);
    Path::new(program).file_name().and_then(OsStr::to_str).unwrap_or_default()
}
