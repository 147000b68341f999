//! Calls with a key: whoever repeats one gets the answer of the first.
//!
//! The answer is stored as a cursor, in the transaction of the effect: so both are there after a crash, or neither. A call that was refused
//! leaves nothing, and its key is free.

use aiwg_model::{CallKey, Cursor, KeptAnswer, OnlyIf};
use aiwg_protocol::types::Json;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
};

/// The answer to a call with a key, and its way into the store and out of it.
pub(super) struct Keyed<R> {
    key: CallKey,
    to_json: fn(&R) -> serde_json::Result<Json>,
    of_json: fn(&Json) -> serde_json::Result<R>,
}

/// An answer that was given to a call with the same key.
pub(super) enum Earlier<R> {
    /// There is none.
    None,
    /// By a command of the same transaction: what is known only at its end is missing.
    Open(R),
    /// By an earlier transaction.
    Committed(R),
}

impl<R: Serialize + DeserializeOwned> Keyed<R> {
    pub(super) fn new(key: CallKey) -> Self {
        Self { key, to_json: |answer| Json::new(answer), of_json: |text| text.to() }
    }
}

impl<R> Keyed<R> {
    /// The answer that the first call with this key was given.
    pub(super) fn earlier(&self, tx: &Transaction<'_>) -> Result<Earlier<R>, Failure> {
        let Some(kept) = tx.kept_answer(&self.key)? else { return Ok(Earlier::None) };
        // One of another version of this program, which cannot be read, is still the answer to a call that has taken effect.
        let answer =
            (self.of_json)(&kept).map_err(|error| EngineError::AnswerUnreadable(error.to_string()))?;
        let is_open = tx.effects.answered.contains(self.key.id());
        Ok(if is_open { Earlier::Open(answer) } else { Earlier::Committed(answer) })
    }

    /// Stores an answer under the key, in place of one that was stored before.
    pub(super) fn keep(&self, tx: &mut Transaction<'_>, answer: &R) -> aiwg_store::Result<()> {
        // What cannot be written could not be sent, either.
        (self.to_json)(answer).map_or(Ok(()), |answer| tx.keep_answer(&self.key, answer))
    }
}

impl Engine {
    /// The answer that the first call with this key was given, once all that was sent before is committed; none if there was no such call.
    ///
    /// # Errors
    /// The first call with the key was another one, or the database could not be read.
    pub(crate) async fn earlier(&self, key: CallKey) -> Result<Option<Json>, EngineError> {
        // As one that changes something, so that it comes after those that were sent before.
        self.call(Call::changing(move |tx| tx.kept_answer(&key))).await
    }
}

impl Transaction<'_> {
    /// The answer that the first call with a key was given.
    pub(super) fn kept_answer(&self, key: &CallKey) -> Result<Option<Json>, Failure> {
        let Some(text) = self.store.cursor(CallKey::SOURCE, key.id())? else { return Ok(None) };
        // What cannot be read was never an answer.
        let Ok(kept) = serde_json::from_str::<KeptAnswer>(&text) else { return Ok(None) };
        if kept.until <= self.now {
            return Ok(None);
        }
        if kept.call != key.call() {
            return Err(EngineError::KeyOfAnother.into());
        }
        Ok(Some(kept.answer))
    }

    /// Stores the answer to the first call with a key.
    pub(super) fn keep_answer(&mut self, key: &CallKey, answer: Json) -> aiwg_store::Result<()> {
        let until = self.now.after_ms(CallKey::KEPT_MS);
        let kept = KeptAnswer { call: key.call().to_owned(), until, answer };
        let value = serde_json::to_string(&kept).ok();
        self.store.move_cursor(&Cursor {
            source: CallKey::SOURCE,
            key: key.id().to_owned(),
            value,
            only_if: OnlyIf::Always,
            until: Some(until),
        })?;
        self.effects.answered.insert(key.id().to_owned());
        Ok(())
    }
}
