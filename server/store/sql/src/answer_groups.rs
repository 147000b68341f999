//! Answers that are stored together: a row for those of a transaction costs little more than one for each would.
//!
//! They are those to events that no rule has matched, under keys that begin with about the time of their call, as those that clients make do. A
//! row has them in the order of their keys, and its number begins with the time of the first: so rows are added at the end, and a key is looked
//! for in those of its time.

use aiwg_model::{Answer, CallKey, KeptAnswer, KeyId};
use aiwg_protocol::types::Timestamp;

/// Maximum difference between the time that a key begins with and the time of its call, in milliseconds.
const NEAR_MS: i64 = 5 * 60 * 1000;

/// Maximum difference between the times of the keys of a row, in milliseconds. For a key as many rows are looked at as begin in such a time.
const SPREAD_MS: i64 = 16;

/// Maximum number of answers in a row, so that it fits on a page of a database.
pub(super) const MOST: usize = 64;

/// Maximum number of rows whose first keys are of the same millisecond. Answers beyond have a row each elsewhere, where a key is found at once.
const OF_ONE_TIME: i64 = 16;

/// The key, the digest of its call, and the number of its event, the smaller bytes first.
const RECORD: usize = KEY + DIGEST + 8;
const KEY: usize = 17;
const DIGEST: usize = 16;

const KEPT_MS: i64 = CallKey::KEPT_MS as i64;

/// A row that is being filled.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The time of its first key.
    begins: i64,
    pub(super) members: Vec<&'a KeptAnswer>,
    pub(super) answers: Vec<u8>,
}

/// An answer that may share a row.
pub(super) struct Record<'a> {
    of: &'a KeptAnswer,
    made_at: i64,
    bytes: [u8; RECORD],
}

impl<'a> Record<'a> {
    /// That of an answer; none if it is to have a row of its own.
    pub(super) fn of(answer: &'a KeptAnswer) -> Option<Self> {
        let KeptAnswer { key, until, answer: Answer::Emitted(seq) } = answer else { return None };
        let made_at = key.id().made_at()?;
        let called_at = until.as_millis().saturating_sub(KEPT_MS);
        if made_at.abs_diff(called_at) > NEAR_MS.unsigned_abs() {
            return None;
        }
        let mut bytes = [0; RECORD];
        let (id, rest) = bytes.split_first_chunk_mut::<KEY>()?;
        let (digest, number) = rest.split_first_chunk_mut::<DIGEST>()?;
        *id = key.id().as_bytes().try_into().ok()?;
        *digest = (*key.call()).try_into().ok()?;
        number.copy_from_slice(&seq.to_le_bytes());
        Some(Self { of: answer, made_at, bytes })
    }
}

impl<'a> Group<'a> {
    /// That which begins with an answer.
    pub(super) fn new(Record { of, made_at, bytes }: &Record<'a>) -> Self {
        Self { begins: *made_at, members: vec![of], answers: bytes.to_vec() }
    }

    /// Takes one more, behind its last. False if it does not belong there.
    pub(super) fn take(&mut self, Record { of, made_at, bytes }: &Record<'a>) -> bool {
        let Some(last) = self.members.last() else { return false };
        let belongs = last.until == of.until
            && last.key.id() < of.key.id()
            && (self.begins..=self.begins.saturating_add(SPREAD_MS)).contains(made_at)
            && self.members.len() < MOST;
        if belongs {
            self.members.push(of);
            self.answers.extend_from_slice(bytes);
        }
        belongs
    }

    /// Its number, if it is one of several that begin at its time.
    pub(super) fn number(&self, nth: u16) -> i64 {
        first_number(self.begins) + i64::from(nth) % OF_ONE_TIME
    }
}

/// The lowest number of a row that begins at this time, in milliseconds since 1970; keys have no time before that, and none beyond 48 bits.
fn first_number(time: i64) -> i64 {
    time.clamp(0, (1 << 48) - 1) * OF_ONE_TIME
}

/// The first and the last number of the rows in which a key of this time may be.
pub(super) fn numbers_for(time: i64) -> (i64, i64) {
    (first_number(time.saturating_sub(SPREAD_MS)), first_number(time) + (OF_ONE_TIME - 1))
}

/// The lowest number of the rows of which some may not be over at this time.
pub(super) fn first_in_force(now: Timestamp) -> i64 {
    first_number(now.as_millis().saturating_sub(KEPT_MS).saturating_sub(NEAR_MS + SPREAD_MS))
}

/// From when to when the time of an answer may end whose key begins with this one, in milliseconds since 1970.
pub(super) fn ends_of(time: i64) -> (i64, i64) {
    let end = time.saturating_add(KEPT_MS);
    (end.saturating_sub(NEAR_MS), end.saturating_add(NEAR_MS))
}

/// True if the time of the answers in the row of this number may end then.
pub(super) fn may_end(no: i64, until: Timestamp) -> bool {
    let begins = no.div_euclid(OF_ONE_TIME);
    let (earliest, latest) = ends_of(begins);
    (earliest..=latest.saturating_add(SPREAD_MS)).contains(&until.as_millis())
}

/// The keys of a row.
pub(super) fn keys_of(answers: &[u8]) -> impl Iterator<Item = &[u8]> {
    answers.as_chunks::<RECORD>().0.iter().take(MOST).filter_map(|record| record.get(..KEY))
}

/// The answer under a key in a row, if it is there.
pub(super) fn find(answers: &[u8], id: &KeyId, until: Timestamp) -> Option<KeptAnswer> {
    let (records, _) = answers.as_chunks::<RECORD>();
    let at = records.binary_search_by(|record| record.get(..KEY).cmp(&Some(id.as_bytes()))).ok()?;
    let (call, number) = records.get(at)?.get(KEY..)?.split_last_chunk()?;
    let answer = Answer::Emitted(u64::from_le_bytes(*number));
    Some(KeptAnswer { key: CallKey::stored(id.clone(), call)?, until, answer })
}
