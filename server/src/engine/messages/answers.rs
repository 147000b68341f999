//! The answers to people who have asked for a task: rows of the transaction that ends it.

use aiwg_messaging::{
    Platform,
    text::{Style, Styled, line, markdown},
    words::in_chat,
};
use aiwg_model::{Outcome, TaskRow, is_cut_answer};
use aiwg_protocol::types::TaskState;

use super::{super::transaction::Transaction, place_of};

/// The most of an error that is shown, in characters.
const LONGEST_ERROR: usize = 1000;

impl Transaction<'_> {
    /// Answers the person who has asked for a task that ends.
    pub(in crate::engine) fn answer_person(
        &mut self,
        task: &TaskRow,
        outcome: &Outcome,
    ) -> aiwg_store::Result<()> {
        if self.state.config.messaging.is_none() {
            return Ok(());
        }
        let Some(asked) = &task.spec.terms.asked_by else { return Ok(()) };
        let Some(place) = place_of(asked) else { return Ok(()) };
        let result = outcome.result.as_ref().or(task.result.as_ref());
        let text = answer(task, outcome, result.map(String::as_str), place.platform);
        // The result itself may be the end of an answer.
        let is_cut = result.is_some_and(|result| is_cut_answer(result));
        let rest = format!("`aiwg task {} {}` shows all", if is_cut { "logs" } else { "get" }, task.no);
        self.say(&place, &text, asked.message.as_deref(), &rest)
    }
}

/// The answer of a task: its result, or why there is none. A task that is no turn of a conversation is named.
fn answer(task: &TaskRow, outcome: &Outcome, result: Option<&str>, platform: Platform) -> Styled {
    let is_turn = task.spec.conversation.is_some();
    let result = result.map(markdown).filter(|result| !result.is_blank());
    let is_done = outcome.state == TaskState::Completed;
    let mut text = Styled::default();
    match (is_done, result) {
        (true, Some(result)) if is_turn => return result,
        (true, result) => {
            text.push_with(&task.no.to_string(), Style::Bold);
            text.push_plain(if task.spec.terms.verify.is_some() {
                " is done, and verified"
            } else {
                " is done"
            });
            if let Some(result) = result {
                text.push_plain(":\n\n");
                text.push(&result);
            } else {
                text.push_plain(". Its agent has said nothing.");
            }
        }
        (false, _) => {
            let how = match outcome.state {
                TaskState::Cancelled => "was cancelled",
                TaskState::Timeout => "was ended: its time was over",
                _ => "failed",
            };
            text.push_with(&task.no.to_string(), Style::Bold);
            let why = outcome.error.as_ref().map(|why| in_chat(why, platform));
            let why = why.map(|why| format!(": {}", line(&why, LONGEST_ERROR)));
            text.push_plain(&format!(" {how}{}", why.unwrap_or_else(|| ".".to_owned())));
        }
    }
    text
}
