//! Messages to the agents of tasks, on their way.

use std::fmt;

use crate::{run::RunId, task_no::TaskNo};

/// A message to a task's agent, as the agent is to get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number within the task.
    pub n: u32,
    /// Its text.
    pub text: String,
}

/// The messages of a task that an agent has reported on, by their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// Messages that it has taken in.
    pub taken: Vec<u32>,
    /// Messages that it has read, and is not known to have taken in.
    pub read: Vec<u32>,
    /// True if it is not known to have taken in what it was asked, the messages among that.
    pub is_without_prompt: bool,
}

/// The id of a message to an agent within its session, a UUID: none other in the session has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageId {
    /// The prompt of a run's agent.
    Prompt(RunId),
    /// The message of this number to the agent of a task.
    Sent(TaskNo, u32),
}

/// The parts of an id that say which kind it is.
const PROMPT: &str = "a16d-4000-8000";
const SENT: &str = "a16e-4000-8000";

/// The largest number of a task that is part of an id: the rest is left out.
const TASK_BITS: u64 = 0xffff_ffff_ffff;

impl MessageId {
    /// The number of the message to the agent of this task that has this id; none if it has another one.
    pub fn number(id: &str, task: TaskNo) -> Option<u32> {
        let n = u32::from_str_radix(id.get(..8)?, 16).ok()?;
        (id == Self::Sent(task, n).to_string()).then_some(n)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, kind, task) = match self {
            Self::Prompt(run) => (run.n, PROMPT, run.task),
            Self::Sent(task, n) => (*n, SENT, *task),
        };
        write!(f, "{n:08x}-{kind}-{:012x}", task.0 & TASK_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_id() {
        let (task, run) = (TaskNo(7), RunId { task: TaskNo(7), n: 2 });
        let id = MessageId::Sent(task, 2).to_string();
        assert_eq!(id, "00000002-a16e-4000-8000-000000000007");
        assert_eq!(MessageId::number(&id, task), Some(2));
        assert_eq!(MessageId::number(&id, TaskNo(8)), None);
        assert_eq!(MessageId::number(&MessageId::Prompt(run).to_string(), task), None);
        for odd in ["", "zzzzzzzz-a16e-4000-8000-000000000007", "ä", "0000000ä"] {
            assert_eq!(MessageId::number(odd, task), None);
        }
    }
}
