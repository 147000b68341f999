//! The answers to calls with keys.
//!
//! They are stored by the span of hours in which their time ends, and within it by their keys: what is over is all at the beginning, and needs
//! no index of its own. Nearly every key is new, and that is known without a look at the table: by a filter for each span, which holds the keys
//! of it. For spans of an earlier daemon it is filled little by little.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    ops::ControlFlow,
    sync::LazyLock,
};

use aiwg_model::{CallKey, KeptAnswer, KeyId};
use aiwg_protocol::types::Timestamp;
use aiwg_store::Result;

use super::{
    driver::{Connection, Row, prepare},
    filter::Filter,
    lenient::one,
    row::Millis,
    value::{Value, values},
    write::Writer,
};

/// The length of a span, in milliseconds: 6 hours.
pub const SPAN_MS: i64 = 6 * 60 * 60 * 1000;

/// The number of answers that one statement stores: what a statement costs beside its rows is as much as several of them.
const AT_ONCE: usize = 16;

/// The number of keys that one transaction reads into the filters.
pub const READ_AT_ONCE: u64 = 2000;

/// The statement that stores one answer.
static KEEP_ONE: LazyLock<String> = LazyLock::new(|| keep("(?, ?, ?, ?, ?)"));

/// The statement that stores so many.
static KEEP_MANY: LazyLock<String> = LazyLock::new(|| keep(&["(?, ?, ?, ?, ?)"; AT_ONCE].join(", ")));

fn keep(rows: &str) -> String {
    format!(
        "INSERT INTO answer (span, id, until, call, answer) VALUES {rows}
         ON CONFLICT (span, id) DO UPDATE SET until = excluded.until, call = excluded.call, answer = excluded.answer"
    )
}

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
    pub(super) fn load<C: Connection>(connection: &C) -> Result<Self> {
        let mut all = Self::default();
        let mut next = prepare(connection, "SELECT min(span) FROM answer WHERE span > ?")?;
        let mut last = i64::MIN;
        while let Some(span) = next.only(values![last], |row| row.get::<Option<i64>>(0))? {
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
    fn read_on<C: Connection>(&mut self, connection: &C) -> Result<()> {
        for (no, Span { keys, read_to }) in self.spans.iter_mut().rev() {
            let Some(last) = read_to else { continue };
            let mut select =
                prepare(connection, "SELECT id FROM answer WHERE span = ? AND id > ? ORDER BY id LIMIT ?")?;
            let (mut count, mut read_last) = (0, None);
            select.each(values![no, **last, READ_AT_ONCE], |row| {
                let id = row.value(0)?.as_blob()?;
                keys.add(self.hashes.hash_one(id));
                count += 1;
                if count == READ_AT_ONCE {
                    read_last = Some(id.to_owned());
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if let Some(id) = read_last {
                *last = id;
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

/// The place of an answer in the table.
fn place(answer: &KeptAnswer) -> (i64, &[u8]) {
    (span_of(answer.until), answer.key.id().as_bytes())
}

/// The row of an answer.
fn row_of(KeptAnswer { key, until, answer }: &KeptAnswer) -> [Value<'_>; 5] {
    [
        Value::Integer(span_of(*until)),
        Value::Blob(Cow::Borrowed(key.id().as_bytes())),
        Value::Integer(until.as_millis()),
        Value::Blob(key.call()),
        Value::Text(Cow::Borrowed(answer)),
    ]
}

impl<C: Connection> Writer<C> {
    /// The answer that is stored under a key; the one that is kept the longest.
    pub fn kept_answer(&self, id: &KeyId) -> Result<Option<KeptAnswer>> {
        for span in self.answers.spans_of(id) {
            let mut select =
                self.statement("SELECT call, until, answer FROM answer WHERE span = ? AND id = ?")?;
            let found = select.first(values![span, *id.as_bytes()], |row| {
                let key = CallKey::stored(id.clone(), row.value(0)?.as_blob()?);
                let (until, answer) = (row.get::<Millis>(1)?.0, row.get(2)?);
                // What cannot be read was never an answer.
                Ok(key.map(|key| KeptAnswer { key, until, answer }))
            });
            if let Some(answer) = one(found, &self.reports)?.flatten().flatten() {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Stores answers, each in place of one that is stored under its key. Those that are in the order of their keys take the least time.
    pub fn keep_answers(&mut self, answers: &[KeptAnswer]) -> Result<()> {
        answers.iter().for_each(|answer| self.answers.add(answer));
        let (many, few) = answers.as_chunks::<AT_ONCE>();
        if !many.is_empty() {
            let mut statement = self.statement(&KEEP_MANY)?;
            for rows in many {
                // Not every database stores a row twice in one statement.
                if rows.is_sorted_by(|one, next| place(one) < place(next)) {
                    statement.execute(rows.each_ref().map(row_of).as_flattened())?;
                } else {
                    self.keep_one_by_one(rows)?;
                }
            }
        }
        self.keep_one_by_one(few)?;
        self.answers.read_on(&self.connection)
    }

    fn keep_one_by_one(&self, answers: &[KeptAnswer]) -> Result<()> {
        for answer in answers {
            self.statement(&KEEP_ONE)?.execute(&row_of(answer))?;
        }
        Ok(())
    }

    /// True if the filters hold the keys of all stored answers.
    pub fn has_read_all_keys(&self) -> bool {
        self.answers.spans.values().all(|span| span.read_to.is_none())
    }

    /// True if an answer may be stored under a key, as far as that is known without a look at the table.
    pub fn may_have_answer(&self, id: &KeyId) -> bool {
        self.answers.spans_of(id).next().is_some()
    }

    /// Number of spans that may have answers.
    pub fn answer_spans(&self) -> usize {
        self.answers.spans.len()
    }

    /// Forgets those answers whose time is over, `limit` at the most, once that of their span is. Returns their number.
    pub fn prune_answers(&mut self, now: Timestamp, limit: u64) -> Result<usize> {
        let current = span_of(now);
        let forgotten = self
            .statement(
                "DELETE FROM answer WHERE (span, id) IN (
                     SELECT span, id FROM answer WHERE span < ? ORDER BY span, id LIMIT ?)",
            )?
            .execute(values![current, limit])?;
        self.answers.have_gone |= forgotten > 0;
        if forgotten == 0 {
            // All of them are empty. If that is undone, it is looked up again.
            self.answers.spans = self.answers.spans.split_off(&current);
        }
        Ok(forgotten)
    }
}
