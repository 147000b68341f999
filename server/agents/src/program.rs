//! The facts about a program by which the daemon runs it unattended.

use std::{io, path::Path};

use crate::evaluation::{Evaluation, Exit};

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
