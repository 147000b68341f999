//! Messages from and to platforms, each with its effect in one transaction.
//!
//! A message that comes in is committed before the platform hears that it was taken: its key, its effect, the answers to it and the position in
//! one transaction, so it counts once whatever is sent again. One that goes out is a row from the transaction that decides on it until the
//! platform has it; one that is given to the platform is noted as such before, so that a crash leaves none of which nothing is known.

mod answers;
mod asked;
#[cfg(test)]
mod held_tests;
#[cfg(test)]
mod model_tests;
mod notices;
mod outbox;
mod receive;
mod state;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wait_tests;

pub(crate) use outbox::Outgoing;
pub(crate) use receive::{Asked, Decision, Effect, Receipt, Received};
pub(super) use state::Messages;
pub(crate) use state::muted;

use aiwg_messaging::{Place, Platform, notice::Severity, part::Part, split::split, text::Styled};
use aiwg_model::{AskedBy, MessageNo, NewMessage, OutboxLane};
use aiwg_protocol::types::{Json, Timestamp};

use super::{Engine, EngineError, call::Call, transaction::Transaction};

impl Engine {
    /// Takes in what has come from a platform: all of its effect, or nothing.
    ///
    /// # Errors
    /// The database could not be written, or the daemon is stopping: it was not taken in, and the platform is not to hear that it was.
    pub(crate) async fn receive(&self, receipt: Receipt) -> Result<Received, EngineError> {
        let text = receipt.text();
        self.call(Call::bringing(move |tx| tx.receive(&receipt)).with_text(text)).await
    }

    /// The next message for a chat that is due, which counts as being sent from here on.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn take_to_send(
        &self,
        platform: Platform,
        chat: String,
    ) -> Result<Option<Outgoing>, EngineError> {
        self.call(Call::changing(move |tx| tx.take_to_send(platform, &chat))).await
    }

    /// A message was sent, under this id of the platform.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn message_sent(
        &self,
        no: MessageNo,
        sent_as: Option<String>,
    ) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.message_sent(no, sent_as.as_deref()))).await
    }

    /// A message is to be sent again: it was not sent, or nobody knows whether it was.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn send_again(
        &self,
        no: MessageNo,
        is_unknown: bool,
        why: String,
    ) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.send_again(no, is_unknown, &why))).await
    }

    /// A message cannot be sent.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn message_failed(&self, no: MessageNo, why: String) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.message_failed(no, &why))).await
    }

    /// A chat has another id now: what is for the old one is for the new one.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn chat_moved(
        &self,
        platform: Platform,
        chat: String,
        to: String,
    ) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.chat_moved(platform, &chat, &to))).await
    }

    /// The chats for which messages wait.
    ///
    /// # Errors
    /// The database could not be read.
    pub(crate) async fn outbox_lanes(&self) -> Result<Vec<OutboxLane>, EngineError> {
        self.call(Call::reading(|at| at.outbox_lanes())).await
    }

    /// The messages that were being sent when an earlier daemon ended.
    ///
    /// # Errors
    /// The database could not be read.
    pub(crate) async fn messages_sending(&self) -> Result<Vec<Outgoing>, EngineError> {
        self.call(Call::reading(|at| {
            Ok::<_, aiwg_store::StoreError>(
                at.store.messages_sending()?.iter().filter_map(Outgoing::of).collect::<Vec<_>>(),
            )
        }))
        .await
    }

    /// The places where people wait for the answer of an agent that works.
    ///
    /// # Errors
    /// The engine has ended.
    pub(crate) async fn places_at_work(&self) -> Result<Vec<Place>, EngineError> {
        self.call(Call::reading(|at| {
            let asked = at.state.running.values().filter_map(|slot| slot.asked_by.as_ref());
            let mut places: Vec<Place> = asked.filter_map(place_of).collect();
            places.sort_unstable();
            places.dedup();
            Ok::<_, EngineError>(places)
        }))
        .await
    }
}

/// The place where a person has asked; none if its platform is unknown here.
fn place_of(asked: &AskedBy) -> Option<Place> {
    Some(Place {
        platform: Platform::named(&asked.platform)?,
        chat: asked.chat.clone(),
        thread: asked.thread.clone(),
    })
}

impl Transaction<'_> {
    /// Says something in a place, in as many messages as it takes. `rest` says how to see all of it.
    fn say(
        &mut self,
        place: &Place,
        text: &Styled,
        reply_to: Option<&str>,
        rest: &str,
    ) -> aiwg_store::Result<()> {
        for (n, text) in split(place.platform, text, rest).into_iter().enumerate() {
            let reply_to = reply_to.filter(|_| n == 0).map(str::to_owned);
            self.put_out(place, &Part { text, reply_to, ..Part::default() }, Out::now(self.now))?;
        }
        Ok(())
    }

    /// Puts a message into the outbox.
    fn put_out(&mut self, place: &Place, part: &Part, out: Out) -> aiwg_store::Result<MessageNo> {
        let Out { due_at, is_notice, severity, about } = out;
        let expires_at = self.expiry(due_at, severity);
        // Whoever waits for an answer does not wait for notices, however many there are: it is due before any of them, since 1970.
        let due_at = if is_notice || due_at > self.now { due_at } else { Timestamp::default() };
        let message = NewMessage {
            platform: place.platform.name().to_owned(),
            chat: self.state.messages.chat_now(place),
            thread: place.thread.clone(),
            is_notice,
            severity: severity.map_or(0, Severity::level),
            content: Json::new(part).unwrap_or_default(),
            about,
            due_at,
            expires_at,
        };
        self.effects.messages = true;
        self.store.add_message(&message, self.now)
    }
}

/// The way in which a message goes out.
struct Out {
    due_at: Timestamp,
    is_notice: bool,
    /// The severity of a notice and of what asks for a decision; none for what is never held back.
    severity: Option<Severity>,
    about: Option<String>,
}

impl Out {
    /// At once, by itself.
    fn now(now: Timestamp) -> Self {
        Self { due_at: now, is_notice: false, severity: None, about: None }
    }
}
