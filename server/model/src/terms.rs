//! The terms on which a task runs and counts as done.

use aiwg_protocol::terms::{ApprovalLimits, RetryPolicy};
use aiwg_protocol::types::{MessageState, TaskMessage, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    tree::TreeTerms,
    verify::{ProtectRecord, VerifyTerms},
};

/// The terms on which a task runs and counts as done. Members that are absent stand for the usual terms, so that a store
/// of an earlier version is read as it was meant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Terms {
    /// The policy by which it is carried out again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// True if no budget keeps it from starting: a person has said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_budget: bool,
    /// True if its own environment decides by which login its agent works: no account of the project's profiles keeps it from starting.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_own_login: bool,
    /// The profile in whose session it goes on, also while that one's account has reached a limit: the section `agent` has the name `agent`. None where
    /// a fallback may do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stays_with: Option<String>,
    /// The labels that its host must have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs_on: Vec<String>,
    /// What it demands of its host, as the engine writes it; none for nothing, and where only one host has the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub demand: Option<String>,
    /// The check by which it counts as done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyTerms>,
    /// The record of the files that its agent may not change; none before there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected: Option<ProtectRecord>,
    /// A person must approve the task before it starts, within these limits; none if nobody is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalLimits>,
    /// Its work tree; none for a task that works in the project's own directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeTerms>,
    /// The messages that were sent to its agent, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sent: Vec<Sent>,
    /// The number of its latest run when its prompt was last changed; none if it never was, or had no run by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_after: Option<u32>,
    /// True if its agent was the name of a profile when it was submitted: then it is no role, also where no profile has the name any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_profile: bool,
    /// The person who has taken it over, or waits to until its agent has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
    /// The one who has taken it over last, in words for people; none if nobody has, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<String>,
    /// The one who has said that it is done after a person had taken it over, in words for people; none if nobody has, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_by: Option<String>,
    /// The one who has cancelled it, in words for people; none if nobody has, or it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<String>,
    /// The person who has asked for it on a messaging platform, where its answer goes; none for other tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<AskedBy>,
    /// The span that has led to it, as the header `traceparent` has it; none where no traces were asked for, and for the first of a trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
}

/// A person on a messaging platform who has asked for a task, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AskedBy {
    /// The person's id, with the platform before it.
    pub person: String,
    /// The platform's name.
    pub platform: String,
    /// The chat's id.
    pub chat: String,
    /// The thread or topic in it; none for the chat itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The id of the message; none if the platform gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A message to a task's agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// The message.
    pub text: String,
    /// The id of the task whose agent has sent it; none if a person or a script has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The number of the run that was asked it, or has taken it in; none while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// Time at which it was sent; none for one of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// True if an agent had read it that was ended before it was known to have taken it in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unsure: bool,
}

/// Maximum size of a message where it is shown, in bytes.
const SHOWN: usize = 1000;

impl Sent {
    /// The beginning of its text, to be shown.
    pub fn shown(&self) -> &str {
        &self.text[..self.text.floor_char_boundary(SHOWN)]
    }

    /// As it goes over the wire, with its number, and as a whole or its beginning; `is_over` is true if its task has ended.
    pub fn to_wire(&self, n: u32, is_over: bool, is_whole: bool) -> TaskMessage {
        let state = match self.run {
            Some(_) => MessageState::Delivered,
            None if self.is_unsure => MessageState::Unsure,
            None if is_over => MessageState::Undelivered,
            None => MessageState::Waiting,
        };
        let message = if is_whole { &self.text } else { self.shown() }.to_owned();
        let cut = (message.len() < self.text.len()).then_some(true);
        TaskMessage { n, at: self.at, from: self.from.clone(), message, cut, state, run: self.run }
    }
}

/// The takeover of a task by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    /// Time at which it was taken.
    pub since: Timestamp,
    /// True if the person has said that nothing is left to do, and its agent is being ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_done: bool,
}

impl Terms {
    /// True if all terms are the usual ones.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_shown_in_part() {
        let sent = Sent { text: "ä".repeat(600), from: None, run: None, at: None, is_unsure: true };
        let wire = sent.to_wire(3, false, false);
        assert_eq!((wire.n, wire.message.len(), wire.cut), (3, 1000, Some(true)));
        assert_eq!(wire.state, MessageState::Unsure);
        let whole = sent.to_wire(3, false, true);
        assert_eq!((whole.message.len(), whole.cut), (1200, None));
        let waits = Sent { is_unsure: false, ..sent.clone() };
        let states = [false, true].map(|is_over| waits.to_wire(1, is_over, false).state);
        assert_eq!(states, [MessageState::Waiting, MessageState::Undelivered]);
        assert_eq!(Sent { run: Some(1), ..sent }.to_wire(1, true, false).state, MessageState::Delivered);
    }
}
