//! The facts about a program by which the daemon runs it unattended.

use std::{io, path::Path};

use crate::{
    command::{self, Capabilities, CommandError, Invocation, OwnSettings},
    evaluation::{Evaluation, Exit},
    price::Spent,
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

    /// The command by which it runs unattended where none is configured, with the prompt on standard input. Default: none.
    fn usual_command(&self) -> &'static [&'static str] {
        &[]
    }

    /// The command of a run, from the configured one. Default: the name of an agent and the prompt are added.
    ///
    /// # Errors
    /// The program cannot do what is asked of it, or would misunderstand it.
    fn command(
        &self,
        configured: &[String],
        invocation: &Invocation<'_>,
    ) -> Result<Vec<String>, CommandError> {
        command::plain(configured, invocation)
    }

    /// The command by which a person goes on with a session of this command. Default: none.
    ///
    /// # Errors
    /// The session's id is none.
    fn interactive(&self, _configured: &[String], _session: &str) -> Result<Vec<String>, CommandError> {
        Ok(Vec::new())
    }

    /// The configured command with which its agents can read and do nothing else, whatever it allows them otherwise. Default: none, since nothing is
    /// known that would keep the program from the rest.
    fn read_only(&self, _configured: &[String]) -> Option<Vec<String>> {
        None
    }

    /// The settings that a command names itself: JSON if it begins with a brace, or else the path of a file with it. Default: none.
    fn own_settings<'a>(&self, _configured: &'a [String]) -> Option<&'a str> {
        None
    }

    /// Settings, as JSON, with which it asks the command `hook` before it uses a tool, on top of its `own`. They become an argument, which all
    /// users can see. Where [`Capabilities::asks_permissions`] is false there are none.
    ///
    /// # Errors
    /// The program has no such settings, or its own cannot be added to: those of a file that may hold secrets, for one.
    fn asking(&self, _hook: &str, _own: Option<OwnSettings<'_>>) -> Result<String, CommandError> {
        Err(CommandError::NoSettings { program: self.name().to_owned() })
    }

    /// The abilities of the program as this command runs it. Default: none.
    fn capabilities(&self, _configured: &[String]) -> Capabilities {
        Capabilities::default()
    }

    /// The line by which a message reaches it while it works, with the line feed: one whose id is a UUID that no other message of the session has.
    /// None if it takes none: [`Capabilities::takes_messages`]. Default: none.
    fn message(&self, _id: &str, _text: &str) -> Option<String> {
        None
    }

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

    /// The cost of the run so far, by what was read until the last look.
    fn spent(&self) -> Spent;

    /// The ids of the messages that have become part of the conversation by then. Default: none.
    fn taken(&self) -> &[String] {
        &[]
    }

    /// True if it has begun by then without a word on what it was asked: it reports on no message, so its input is closed. Default: false.
    fn is_mute(&self) -> bool {
        false
    }
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
