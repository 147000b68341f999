//! The messages that ask a person for something: once it is decided they say so, and their buttons are gone.

use aiwg_messaging::{
    Place,
    part::Part,
    split::split,
    text::{Style, Styled, line},
};
use aiwg_model::{ApprovalNo, ApprovalRow, MessageRow, MessageState};
use aiwg_protocol::types::ApprovalState;

use super::{
    super::transaction::Transaction,
    Out,
    notices::{of_request, rest_of_request},
    outbox::Outgoing,
    receive::{Asked, Effect},
};

/// The longest answer that is shown, in characters.
const LONGEST_ANSWER: usize = 200;

impl Transaction<'_> {
    /// An approval was decided: nobody is asked any more.
    pub(in crate::engine) fn note_decided(&mut self, no: ApprovalNo) -> aiwg_store::Result<()> {
        if self.state.config.messaging.is_none() {
            return Ok(());
        }
        let asked = self.store.approval(no)?;
        for row in self.store.messages_about(&no.to_string())? {
            match row.state {
                MessageState::Sent => self.replace_asked(&row, &decided(asked.as_ref()))?,
                // The end of its sending looks at this.
                MessageState::Sending => {}
                MessageState::Waiting | MessageState::Dead => drop(self.store.remove_message(row.no)?),
            }
        }
        Ok(())
    }

    /// The approval and the message of a pressed button, if that message is none of those that are known to ask for something: it may be a copy,
    /// since it was unknown whether it was sent, or one that says already what was decided.
    pub(super) fn pressed_copy<'a>(
        &self,
        effect: &Effect,
        asked: &'a Asked,
    ) -> aiwg_store::Result<Option<(ApprovalNo, &'a str)>> {
        let (Effect::Decide(no, _), Some(message)) = (effect, &asked.message) else { return Ok(None) };
        if !asked.is_press {
            return Ok(None);
        }
        // Whoever forges what a button holds must not change what another message asks for.
        let chat = self.state.messages.chat_now(&asked.place);
        let known = self.store.messages_asking(asked.place.platform.name(), &chat)?;
        Ok((!known.contains(message)).then_some((*no, message)))
    }

    /// Puts the decision in place of a copy of a message that asks for it.
    pub(super) fn settle_copy(
        &mut self,
        no: ApprovalNo,
        place: &Place,
        message: &str,
    ) -> aiwg_store::Result<()> {
        let Some(row) = self.store.approval(no)?.filter(|row| row.state != ApprovalState::Pending) else {
            return Ok(());
        };
        // Its buttons were under the last part.
        let rest = rest_of_request(&no.to_string());
        let parts = split(place.platform, &of_request(&row, place.platform).text, &rest);
        let Some(text) = parts.into_iter().next_back() else { return Ok(()) };
        self.put_edit(place, text, message, &decided(Some(&row)))
    }

    fn put_edit(
        &mut self,
        place: &Place,
        mut text: Styled,
        message: &str,
        how: &str,
    ) -> aiwg_store::Result<()> {
        text.push_plain("\n\n");
        text.push_with(how, Style::Italic);
        let part = Part { text, edits: Some(message.to_owned()), ..Part::default() };
        self.put_out(place, &part, Out::now(self.now)).map(drop)
    }

    /// Puts the decision in place of a message that was sent.
    pub(super) fn replace_asked(&mut self, row: &MessageRow, how: &str) -> aiwg_store::Result<()> {
        self.store.remove_message(row.no)?;
        let (Some(sent), Some(edits)) = (Outgoing::of(row), row.sent_as.clone()) else { return Ok(()) };
        self.put_edit(&sent.place, sent.part.text, &edits, how)
    }
}

/// The decision on an approval, in a line.
pub(super) fn decided(asked: Option<&ApprovalRow>) -> String {
    let Some(asked) = asked else { return "It is decided.".to_owned() };
    let decision = asked.decision.as_ref();
    let by = decision.and_then(|decision| decision.by.user.as_ref());
    let by = by.map(|by| format!(" by {}", line(by, 100))).unwrap_or_default();
    let answer = decision.and_then(|decision| decision.answer.as_ref());
    match (asked.state, answer) {
        (ApprovalState::Approved, Some(answer)) => format!("Answered{by}: {}", line(answer, LONGEST_ANSWER)),
        (ApprovalState::Approved, None) => format!("Approved{by}."),
        (ApprovalState::Rejected, _) => {
            let why = decision.and_then(|decision| decision.reason.as_ref());
            let why = why.map(|why| format!(": {}", line(why, LONGEST_ANSWER)));
            format!("Rejected{by}{}", why.unwrap_or_else(|| ".".to_owned()))
        }
        (ApprovalState::Timeout, _) => "Nobody has decided in time.".to_owned(),
        (ApprovalState::Withdrawn, _) => "Nobody needs to decide any more.".to_owned(),
        _ => "It is decided.".to_owned(),
    }
}
