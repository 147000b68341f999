//! The words that people write to the bot.

mod button;
mod chat;
mod parse;

pub use button::{Button, Pressed};
pub use chat::in_chat;
pub use parse::{Form, Heard, heard};

use crate::rights::Right;

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The commands there are.
    Help,
    /// The state of the daemon.
    Status,
    /// The issues of the daemon.
    Health,
    /// The tasks under way and the latest.
    Tasks,
    /// A task, by its id.
    Task(String),
    /// The tasks with a check.
    Loops,
    /// The ids of the person and the chat.
    Whoami,
    /// A question to an agent.
    Ask(String),
    /// The conversation begins again.
    New,
    /// A task.
    Run {
        /// The prompt.
        prompt: String,
        /// The command that checks it.
        verify: Option<String>,
    },
    /// Cancels a task, by its id.
    Cancel(String),
    /// Carries out a task again, by its id.
    Retry(String),
    /// Approves, by an id.
    Approve(String),
    /// Rejects.
    Reject {
        /// The approval's id.
        id: String,
        /// The reason.
        reason: Option<String>,
    },
    /// Answers an agent's question.
    Answer {
        /// The approval's id.
        id: String,
        /// The answer.
        text: String,
    },
    /// Switches a rule, or all of automation.
    Automation {
        /// On or off.
        on: bool,
        /// The rule; all of automation if none.
        rule: Option<String>,
    },
    /// Holds notices back for so many minutes; 0 ends that.
    Mute(u32),
}

impl Command {
    /// The right that it needs.
    pub fn needs(&self) -> Right {
        match self {
            Self::Help
            | Self::Status
            | Self::Health
            | Self::Tasks
            | Self::Task(_)
            | Self::Loops
            | Self::Whoami => Right::Read,
            Self::Ask(_) | Self::New => Right::Ask,
            Self::Run { .. }
            | Self::Cancel(_)
            | Self::Retry(_)
            | Self::Approve(_)
            | Self::Reject { .. }
            | Self::Answer { .. }
            | Self::Automation { .. }
            | Self::Mute(_) => Right::Write,
        }
    }
}

/// A verb, as people see it.
#[derive(Debug)]
pub struct Verb {
    /// The word.
    pub word: &'static str,
    /// The parameters that follow it.
    pub params: &'static str,
    /// Its effect, in words.
    pub does: &'static str,
    /// The right that it needs.
    pub needs: Right,
}

const fn verb(word: &'static str, params: &'static str, needs: Right, does: &'static str) -> Verb {
    Verb { word, params, does, needs }
}

/// All verbs, in the order in which `help` lists them.
pub const VERBS: &[Verb] = &[
    verb("status", "", Right::Read, "how the daemon stands"),
    verb("health", "", Right::Read, "what is not well, and what to do about it"),
    verb("tasks", "", Right::Read, "what runs, what waits and what has ended"),
    verb("task", "ID", Right::Read, "a task and its answer"),
    verb("loops", "", Right::Read, "the tasks with a check, round by round"),
    verb("ask", "QUESTION", Right::Ask, "asks an agent"),
    verb("new", "", Right::Ask, "begins the conversation again"),
    verb("run", "PROMPT [--verify COMMAND]", Right::Write, "has an agent do something"),
    verb("cancel", "ID", Right::Write, "cancels a task"),
    verb("retry", "ID", Right::Write, "carries out a task again"),
    verb("approve", "ID", Right::Write, "approves what waits for a person"),
    verb("reject", "ID [REASON]", Right::Write, "rejects it"),
    verb("answer", "ID TEXT", Right::Write, "answers an agent's question"),
    verb("automation", "on|off [RULE]", Right::Write, "switches the rules, or one of them"),
    verb("mute", "MINUTES", Right::Write, "holds notices back; 0 ends that"),
    verb("whoami", "", Right::Read, "your id, the chat's, and what you may do"),
    verb("help", "", Right::Read, "this list"),
];
