//! Calls with a key: whoever repeats one gets the answer of the first.
//!
//! The answer is stored in the transaction of the effect: so both are there after a crash, or neither. A call that was refused
//! leaves nothing, and its key is free.

use aiwg_model::{Answer, CallKey, KeptAnswer};
use aiwg_protocol::types::{EventEmitted, Json, TaskSubmitted, TasksRetried, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Engine, EngineError,
    call::Call,
    transaction::{Failure, Transaction},
};

/// What calls with keys are answered.
pub(super) trait Kept: Serialize + DeserializeOwned {
    /// As it is stored.
    fn kept(&self) -> serde_json::Result<Answer> {
        serde_json::to_string(self).map(Answer::Json)
    }
}

impl Kept for TaskSubmitted {}
impl Kept for TasksRetried {}

impl Kept for EventEmitted {
    fn kept(&self) -> serde_json::Result<Answer> {
        let Self { seq, rules, waiting, refused } = self;
        if rules.is_empty() && waiting.is_empty() && refused.is_empty() {
            return Ok(Answer::Emitted(*seq));
        }
        serde_json::to_string(self).map(Answer::Json)
    }
}

/// The answer to a call with a key, and its way into the store and out of it.
pub(super) struct Keyed<R> {
    key: CallKey,
    to_answer: fn(&R) -> serde_json::Result<Answer>,
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

impl<R: Kept> Keyed<R> {
    pub(super) fn new(key: CallKey) -> Self {
        Self { key, to_answer: R::kept, of_json: |text| text.to() }
    }
}

impl<R> Keyed<R> {
    /// The answer that the first call with this key was given.
    pub(super) fn earlier(&self, tx: &Transaction<'_>) -> Result<Earlier<R>, Failure> {
        let Some(kept) = tx.kept_answer(&self.key)? else { return Ok(Earlier::None) };
        // One of another version of this program, which cannot be read, is still the answer to a call that has taken effect.
        let answer =
            (self.of_json)(&kept).map_err(|error| EngineError::AnswerUnreadable(error.to_string()))?;
        let is_open = tx.effects.answered.contains_key(self.key.id());
        Ok(if is_open { Earlier::Open(answer) } else { Earlier::Committed(answer) })
    }

    /// Has an answer stored under the key, in place of one that was stored before.
    pub(super) fn keep(&self, tx: &mut Transaction<'_>, answer: &R) {
        // What cannot be written could not be sent, either.
        if let Ok(answer) = (self.to_answer)(answer) {
            tx.keep(&self.key, answer);
        }
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
        self.kept_answer_at(key, self.now)
    }

    /// The same for a call that was made at this time.
    pub(super) fn kept_answer_at(&self, key: &CallKey, at: Timestamp) -> Result<Option<Json>, Failure> {
        let stored;
        let open = self.effects.answered.get(key.id()).and_then(|at| self.effects.answers.get(*at));
        let kept = match open {
            Some(kept) => kept,
            None => {
                let Some(found) = self.store.kept_answer(key.id())? else { return Ok(None) };
                stored = found;
                &stored
            }
        };
        // What cannot be read was never an answer.
        let Ok(answer) = Json::from_text(kept.answer.text()) else { return Ok(None) };
        if kept.until <= at {
            return Ok(None);
        }
        if !kept.key.is_of_call_of(key) {
            return Err(EngineError::KeyOfAnother.into());
        }
        Ok(Some(answer))
    }

    /// Has the answer to the first call with a key stored.
    pub(super) fn keep_answer(&mut self, key: &CallKey, answer: &impl Kept) {
        if let Ok(answer) = answer.kept() {
            self.keep(key, answer);
        }
    }

    fn keep(&mut self, key: &CallKey, answer: Answer) {
        let until = self.now.after_ms(CallKey::KEPT_MS);
        let kept = KeptAnswer { key: key.clone(), until, answer };
        let answers = &mut self.effects.answers;
        let at = *self.effects.answered.entry(key.id().clone()).or_insert(answers.len());
        match answers.get_mut(at) {
            Some(earlier) => *earlier = kept,
            None => answers.push(kept),
        }
    }

    /// Stores the answers of the transaction, in the order of their keys: so it takes the least time. Belongs to the end of every transaction.
    pub(super) fn store_answers(&mut self) -> aiwg_store::Result<()> {
        let mut all = std::mem::take(&mut self.effects.answers);
        if all.is_empty() {
            return Ok(());
        }
        self.effects.answered.clear();
        all.sort_by(|one, other| one.key.id().cmp(other.key.id()));
        self.store.keep_answers(&all)
    }
}

#[cfg(test)]
mod tests {
    use aiwg_model::{Keep, NewEvent};
    use aiwg_protocol::types::EventSource;
    use aiwg_store::Store;
    use aiwg_store_sqlite::SqliteStore;
    use tempfile::TempDir;

    use super::*;
    use crate::engine::{
        EngineConfig, Prune, Spooled, Spooling, effects::Effects, state::State, waits::Waits,
    };

    const DAY: i64 = CallKey::KEPT_MS as i64;

    struct Machine {
        store: SqliteStore,
        state: State,
        _dir: TempDir,
    }

    impl Machine {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(&dir.path().join("db")).unwrap();
            let config = EngineConfig { max_parallel: 1, max_task_depth: 8, ..EngineConfig::default() };
            Self { store, state: State::new(config, Waits::default()), _dir: dir }
        }

        /// Does something in a transaction, so many milliseconds after the beginning.
        fn at<T>(&mut self, millis: i64, work: impl FnOnce(&mut Transaction<'_>) -> T) -> T {
            let mut effects = Effects::default();
            let mut open = self.store.begin().unwrap();
            let now = Timestamp::from_millis(1_795_860_000_000 + millis);
            let mut tx =
                Transaction { state: &mut self.state, store: &mut *open, effects: &mut effects, now };
            let done = work(&mut tx);
            tx.store_answers().unwrap();
            open.commit().unwrap();
            done
        }

        fn answer(&mut self, millis: i64, key: &CallKey) -> Result<Option<String>, ()> {
            let answer = self.at(millis, |tx| tx.kept_answer(key));
            answer.map(|answer| answer.map(|answer| answer.as_str().to_owned())).map_err(|error| {
                assert!(matches!(error, Failure::Refused(EngineError::KeyOfAnother)));
            })
        }
    }

    fn key(params: u32) -> CallKey {
        CallKey::new("", "k", "event.emit", &params).unwrap()
    }

    #[test]
    fn a_key_stands_for_its_call_for_a_day_and_is_free_then() {
        let mut machine = Machine::new();
        machine.at(0, |tx| tx.keep(&key(1), Answer::Json("7".to_owned())));
        for millis in [0, 1000, DAY - 1] {
            assert_eq!(machine.answer(millis, &key(1)), Ok(Some("7".to_owned())));
            assert_eq!(machine.answer(millis, &key(2)), Err(()));
        }
        assert_eq!((machine.answer(DAY, &key(1)), machine.answer(DAY, &key(2))), (Ok(None), Ok(None)));
        let is_stored =
            |machine: &mut Machine| machine.at(0, |tx| tx.store.kept_answer(key(1).id()).unwrap().is_some());
        let keep = Keep { since: None, most: None, from: None };
        let mut prune = |millis, keys| {
            let what = Prune { tasks: keep, events: keep, aged: Timestamp::from_millis(0), keys };
            machine.at(millis, |tx| tx.prune(what).unwrap());
            is_stored(&mut machine)
        };
        assert!(prune(DAY - 1, true) && prune(2 * DAY, false));
        assert!(!prune(2 * DAY, true));
    }

    /// However much later the next daemon finds the file of an event that was taken in.
    #[test]
    fn a_spooled_event_takes_effect_once_whenever_its_file_is_found_again() {
        let mut machine = Machine::new();
        let event = NewEvent {
            topic: "a".to_owned(),
            payload: Json::default(),
            source: EventSource::Client,
            cause: None,
            happened_at: None,
            traceparent: None,
        };
        let at = Timestamp::from_millis(1_795_859_000_000);
        let spooled = Spooled { name: "n.json".to_owned(), event, at, written_at: at, key: key(1) };
        let take = |machine: &mut Machine, millis, gone: &[String]| {
            let done = machine.at(millis, |tx| {
                let all = [spooled.clone()];
                tx.take_spooled(if gone.is_empty() { &all } else { &[] }, gone)
            });
            done.unwrap_or_else(|_| panic!("it is taken in"))
        };
        for millis in [0, 1000, 400 * DAY] {
            assert!(matches!(take(&mut machine, millis, &[])[..], [Spooling::Taken]));
            assert_eq!(machine.state.last_event, 1);
        }
        let stored = machine.at(0, |tx| tx.store.event(1).unwrap().unwrap());
        assert_eq!(stored.at, at);
        // The answer to its call was lost, and no daemon ran for days.
        machine.at(0, |tx| tx.keep(&key(2), Answer::Json("7".to_owned())));
        let late = Spooled { name: "late.json".to_owned(), key: key(2), ..spooled.clone() };
        machine.at(3 * DAY, |tx| assert!(tx.take_spooled(std::slice::from_ref(&late), &[]).is_ok()));
        assert_eq!(machine.state.last_event, 1);
        machine.at(0, |tx| assert!(tx.take_spooled(&[], &["late.json".to_owned()]).is_ok()));
        take(&mut machine, 400 * DAY, &["n.json".to_owned()]);
        assert!(machine.at(0, |tx| tx.store.cursors("spool").unwrap().is_empty()));
    }
}
