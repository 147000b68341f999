//! The answers to calls with keys.
//!
//! They are stored by the span of hours in which their time ends, and within it by their keys: what is over is all at the beginning, and needs
//! no index of its own. Nearly every key is new, and that is known without a look at the table: by a filter for each span, which holds the keys
//! of it. For spans of an earlier daemon it is filled little by little.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use aiwg_model::{CallKey, KeptAnswer, KeyId};
use aiwg_protocol::types::Timestamp;
use rusqlite::{
    Connection, OptionalExtension, Row, params, params_from_iter,
    types::{ToSqlOutput, Value, ValueRef},
};

use super::{filter::Filter, lenient::one, row::Millis, write::SqliteStore};

/// The length of a span, in milliseconds: 6 hours.
const SPAN_MS: i64 = 6 * 60 * 60 * 1000;

/// The number of answers that one statement stores: what a statement costs beside its rows is as much as several of them.
const AT_ONCE: usize = 16;

/// The number of keys that one transaction reads into the filters.
const READ_AT_ONCE: u64 = 2000;

/// The statement that stores one answer.
const KEEP_ONE: &str = "INSERT OR REPLACE INTO answer (span, id, until, call, answer) VALUES (?, ?, ?, ?, ?)";

/// The statement that stores so many.
static KEEP_MANY: LazyLock<String> = LazyLock::new(|| {
    let rows = ["(?, ?, ?, ?, ?)"; AT_ONCE].join(", ");
    format!("INSERT OR REPLACE INTO answer (span, id, until, call, answer) VALUES {rows}")
});

/// The spans of the stored answers, and what is known of each without a look at the table.
#[derive(Debug, Default)]
pub(super) struct Answers {
    spans: BTreeMap<i64, Span>,
    hashes: RandomState,
    /// True if the open transaction has forgotten some, which are there again if it is undone.
    pub(super) have_gone: bool,
}

/// What is known of a span.
#[derive(Debug, Default)]
struct Span {
    keys: Filter,
    /// The key up to which those of the table are in the filter; none if all are.
    read_to: Option<Vec<u8>>,
}

impl Span {
    fn may_hold(&self, id: &[u8], hash: u64) -> bool {
        self.read_to.as_deref().is_some_and(|read_to| id > read_to) || self.keys.may_hold(hash)
    }
}

impl Answers {
    /// Finds the spans of the answers that are stored.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut all = Self::default();
        let mut next = connection.prepare_cached("SELECT min(span) FROM answer WHERE span > ?")?;
        let mut last = i64::MIN;
        while let Some(span) = next.query_row([last], |row| row.get::<_, Option<i64>>(0))? {
            // Nothing of it was read yet, and every key is above this one.
            all.spans.insert(span, Span { read_to: Some(Vec::new()), ..Span::default() });
            last = span;
        }
        Ok(all)
    }

    /// The spans in which a key may be, the last one first.
    fn spans_of(&self, id: &KeyId) -> impl Iterator<Item = i64> {
        let (id, hash) = (id.as_bytes(), self.hashes.hash_one(id.as_bytes()));
        self.spans.iter().rev().filter(move |(_, span)| span.may_hold(id, hash)).map(|(no, _)| *no)
    }

    /// Takes notice that an answer is stored.
    fn add(&mut self, answer: &KeptAnswer) {
        // Of a new span there is nothing in the table.
        let span = self.spans.entry(span_of(answer.until)).or_default();
        span.keys.add(self.hashes.hash_one(answer.key.id().as_bytes()));
    }

    /// Reads some of the keys that are not in their filter yet, of the last span first.
    fn read_on(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        for (no, Span { keys, read_to }) in self.spans.iter_mut().rev() {
            let Some(last) = read_to else { continue };
            let mut select = connection
                .prepare_cached("SELECT id FROM answer WHERE span = ? AND id > ? ORDER BY id LIMIT ?")?;
            let mut rows = select.query(params![no, &**last, READ_AT_ONCE])?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                let id = row.get_ref(0)?.as_blob()?;
                keys.add(self.hashes.hash_one(id));
                count += 1;
                if count == READ_AT_ONCE {
                    *last = id.to_owned();
                }
            }
            if count < READ_AT_ONCE {
                *read_to = None;
            }
            break;
        }
        Ok(())
    }
}

fn span_of(until: Timestamp) -> i64 {
    until.as_millis().div_euclid(SPAN_MS)
}

/// The row of an answer.
fn row_of(KeptAnswer { key, until, answer }: &KeptAnswer) -> [ToSqlOutput<'_>; 5] {
    let blob = |bytes| ToSqlOutput::Borrowed(ValueRef::Blob(bytes));
    let call = match key.call() {
        Cow::Borrowed(call) => blob(call),
        Cow::Owned(call) => ToSqlOutput::Owned(Value::Blob(call)),
    };
    let number = |number| ToSqlOutput::Borrowed(ValueRef::Integer(number));
    let text = ToSqlOutput::Borrowed(ValueRef::Text(answer.as_bytes()));
    [number(span_of(*until)), blob(key.id().as_bytes()), number(until.as_millis()), call, text]
}

impl SqliteStore {
    /// The answer that is stored under a key; the one that is kept the longest.
    pub(crate) fn kept_answer(&self, id: &KeyId) -> rusqlite::Result<Option<KeptAnswer>> {
        for span in self.answers.spans_of(id) {
            let mut select =
                self.statement("SELECT call, until, answer FROM answer WHERE span = ? AND id = ?")?;
            let read = |row: &Row<'_>| {
                let key = CallKey::stored(id.clone(), row.get_ref(0)?.as_blob()?);
                let (until, answer) = (row.get::<_, Millis>(1)?.0, row.get(2)?);
                // What cannot be read was never an answer.
                Ok(key.map(|key| KeptAnswer { key, until, answer }))
            };
            let found = select.query_row(params![span, id.as_bytes()], read).optional();
            if let Some(answer) = one(found, &self.reports)?.flatten().flatten() {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Stores answers, each in place of one that is stored under its key. Those that are in the order of their keys take the least time.
    pub(crate) fn keep_answers(&mut self, answers: &[KeptAnswer]) -> rusqlite::Result<()> {
        answers.iter().for_each(|answer| self.answers.add(answer));
        let (many, few) = answers.as_chunks::<AT_ONCE>();
        if !many.is_empty() {
            let mut statement = self.statement(&KEEP_MANY)?;
            for rows in many {
                statement.execute(params_from_iter(rows.iter().flat_map(row_of)))?;
            }
        }
        for answer in few {
            self.statement(KEEP_ONE)?.execute(params_from_iter(row_of(answer)))?;
        }
        self.answers.read_on(&self.connection)
    }

    /// Forgets those answers whose time is over, `limit` at the most, once that of their span is. Returns their number.
    pub(crate) fn prune_answers(&mut self, now: Timestamp, limit: u64) -> rusqlite::Result<usize> {
        let current = span_of(now);
        let forgotten = self
            .statement(
                "DELETE FROM answer WHERE (span, id) IN (
                     SELECT span, id FROM answer WHERE span < ? ORDER BY span, id LIMIT ?)",
            )?
            .execute(params![current, limit])?;
        self.answers.have_gone |= forgotten > 0;
        if forgotten == 0 {
            // All of them are empty. If that is undone, it is looked up again.
            self.answers.spans = self.answers.spans.split_off(&current);
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(key: &str, until: i64) -> KeptAnswer {
        let key = CallKey::of_event("", key, "a", None).unwrap();
        KeptAnswer { key, until: Timestamp::from_millis(until), answer: "7".to_owned() }
    }

    fn keep(store: &mut SqliteStore, answers: &[KeptAnswer]) {
        store.keep_answers(answers).unwrap();
    }

    #[test]
    fn what_an_earlier_daemon_has_stored_is_found_before_and_after_all_keys_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        let mut store = SqliteStore::open(&path).unwrap();
        let count = 2 * i64::try_from(READ_AT_ONCE).unwrap() + 10;
        // Of two spans.
        let of = |no: i64| answer(&format!("key {no}"), (no % 2) * SPAN_MS);
        let all: Vec<KeptAnswer> = (0..count).map(of).collect();
        store.connection.execute_batch("BEGIN").unwrap();
        keep(&mut store, &all);
        store.connection.execute_batch("COMMIT").unwrap();
        drop(store);
        let mut store = SqliteStore::open(&path).unwrap();
        for round in 0..6 {
            assert!(all.iter().all(|one| store.kept_answer(one.key.id()).unwrap().as_ref() == Some(one)));
            assert_eq!(store.kept_answer(of(count).key.id()).unwrap(), None);
            let is_read = store.answers.spans.values().all(|span| span.read_to.is_none());
            assert_eq!(is_read, round >= 4, "round {round}");
            keep(&mut store, &[]);
        }
        let taken = (count..2 * count).filter(|no| store.answers.spans_of(of(*no).key.id()).next().is_some());
        assert!(taken.count() < 400, "most new keys are known to be new");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db");
        drop(SqliteStore::open(&path).unwrap());
        let row = |span: i64, until: i64, call: &str| {
            format!("INSERT INTO answer VALUES ({span}, x'00206b', {until}, {call}, '7');")
        };
        let rows = [
            row(i64::MIN, 0, "zeroblob(16)"),
            row(-1, 0, "zeroblob(15)"),
            row(i64::MAX, i64::MAX, "CAST(zeroblob(16) || x'ff' AS BLOB)"),
        ];
        Connection::open(&path).unwrap().execute_batch(&rows.concat()).unwrap();
        let mut store = SqliteStore::open(&path).unwrap();
        let one = answer("k", 0);
        assert_eq!(store.kept_answer(one.key.id()).unwrap(), None);
        keep(&mut store, std::slice::from_ref(&one));
        assert_eq!(store.kept_answer(one.key.id()).unwrap(), Some(one));
        assert_eq!(store.prune_answers(Timestamp::from_millis(SPAN_MS), 10).unwrap(), 3);
    }

    #[test]
    fn what_was_forgotten_in_vain_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let (old, late) = (answer("old", 0), answer("late", SPAN_MS));
        keep(&mut store, &[old.clone(), late.clone()]);
        let now = Timestamp::from_millis(SPAN_MS);
        for _ in 0..2 {
            store.connection.execute_batch("BEGIN").unwrap();
            assert_eq!(store.prune_answers(now, 10).unwrap(), 1);
            assert_eq!(store.prune_answers(now, 10).unwrap(), 0);
            assert_eq!(store.kept_answer(old.key.id()).unwrap(), None);
            store.undo().unwrap();
            assert_eq!(store.kept_answer(old.key.id()).unwrap(), Some(old.clone()));
        }
        assert_eq!(store.prune_answers(Timestamp::from_millis(SPAN_MS - 1), 10).unwrap(), 0);
        assert_eq!((store.prune_answers(now, 10).unwrap(), store.prune_answers(now, 10).unwrap()), (1, 0));
        assert_eq!(store.answers.spans.len(), 1);
        assert_eq!(store.kept_answer(late.key.id()).unwrap(), Some(late));
    }
}
