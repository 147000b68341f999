//! The answers to calls with keys.
//!
//! They are stored by the span of hours in which their time ends, and within it by their keys: what is over is all at the beginning, and needs
//! no index of its own. Nearly every key is new, and that is known without a look at the table: by a filter for each span, which holds the keys
//! of it. For spans of an earlier daemon it is filled little by little. Where it can be, the answers of a transaction share a row
//! ([`super::answer_groups`]).

use std::{borrow::Cow, collections::BTreeMap, hash::BuildHasher, ops::ControlFlow, sync::LazyLock};

use aiwg_model::{Answer, CallKey, KeptAnswer, KeyId};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{Reports, Result};
use foldhash::quality::RandomState;

use super::{
    answer_groups::{self as groups, Group, Record},
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

/// The number of spans of which something is known at the most. Answers are kept for four of them.
const MOST_SPANS: usize = 64;

/// The spans that have answers, from one to the next, however many answers there are in them.
const SPANS: &str = "WITH RECURSIVE spans(span) AS (
         SELECT min(span) FROM answer WHERE span > ?1
         UNION ALL SELECT (SELECT min(answer.span) FROM answer WHERE answer.span > spans.span) FROM spans WHERE spans.span IS NOT NULL)
     SELECT span FROM spans WHERE span IS NOT NULL LIMIT ?2";

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
    /// The number of the row from which on the keys of all that share one are in the filters; none if those of all rows are.
    groups_read_from: Option<i64>,
    /// The number of rows of shared answers that were stored.
    groups_stored: u16,
    /// True if the open transaction has forgotten some, which are there again if it is undone.
    pub(super) have_gone: bool,
}

/// What is known of a span.
#[derive(Debug, Default)]
struct Span {
    keys: Filter,
    /// The keys of answers that share a row.
    grouped: Filter,
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
        for span in prepare(connection, SPANS)?.all(values![i64::MIN, MOST_SPANS], |row| row.get::<i64>(0))? {
            // Nothing of it was read yet, and every key is above this one.
            all.spans.insert(span, Span { read_to: Some(Vec::new()), ..Span::default() });
        }
        let last = prepare(connection, "SELECT max(no) FROM answer_group")?
            .only(values![], |row| row.get::<Option<i64>>(0))?;
        all.groups_read_from = last.map(|no| no.saturating_add(1));
        Ok(all)
    }

    /// The spans in which a key may be, the last one first.
    fn spans_of(&self, id: &KeyId) -> impl Iterator<Item = i64> {
        let (id, hash) = (id.as_bytes(), self.hashes.hash_one(id.as_bytes()));
        self.spans.iter().rev().filter(move |(_, span)| span.may_hold(id, hash)).map(|(no, _)| *no)
    }

    /// The first and the last number of the shared rows in which a key may be; none if it is in none of them.
    fn groups_of(&self, id: &KeyId) -> Option<(i64, i64)> {
        let made_at = id.made_at()?;
        let (first, last) = groups::numbers_for(made_at);
        let hash = self.hashes.hash_one(id.as_bytes());
        let (earliest, latest) = groups::ends_of(made_at);
        let mut spans = self.spans.range(earliest.div_euclid(SPAN_MS)..=latest.div_euclid(SPAN_MS));
        let may_be = self.groups_read_from.is_some_and(|read_from| first < read_from)
            || spans.any(|(_, span)| span.grouped.may_hold(hash));
        may_be.then_some((first, last))
    }

    /// True if an answer may be stored under a key.
    fn may_hold(&self, id: &KeyId) -> bool {
        self.groups_of(id).is_some() || self.spans_of(id).next().is_some()
    }

    /// Takes notice that an answer is stored.
    fn add(&mut self, answer: &KeptAnswer) {
        let hash = self.hashes.hash_one(answer.key.id().as_bytes());
        // Of a new span there is nothing in the table.
        self.spans.entry(span_of(answer.until)).or_default().keys.add(hash);
    }

    /// Takes notice that answers are stored in one row.
    fn add_group(&mut self, until: Timestamp, answers: &[u8]) {
        let Self { spans, hashes, .. } = self;
        let grouped = &mut spans.entry(span_of(until)).or_default().grouped;
        groups::keys_of(answers).for_each(|id| grouped.add(hashes.hash_one(id)));
    }

    /// The same, of a row that was read. The earliest spans are kept: rows do not decide how many there are.
    fn add_read_group(&mut self, until: Timestamp, answers: &[u8]) {
        let no = span_of(until);
        if !self.spans.contains_key(&no) && self.spans.len() >= MOST_SPANS {
            if self.spans.last_key_value().is_none_or(|(last, _)| *last < no) {
                return;
            }
            self.spans.pop_last();
        }
        self.add_group(until, answers);
    }

    /// Reads some of the keys of shared rows that are not in their filter yet, the last ones first. False if there are none.
    fn read_groups<C: Connection>(&mut self, connection: &C, reports: &Reports) -> Result<bool> {
        let Some(read_from) = self.groups_read_from else { return Ok(false) };
        let mut select = prepare(
            connection,
            "SELECT no, until, answers FROM answer_group WHERE no < ? ORDER BY no DESC LIMIT ?",
        )?;
        let (mut rows, limit, mut read_to) = (0, READ_AT_ONCE / groups::MOST as u64, None);
        select.each(values![read_from, limit], |row| {
            let no = row.get(0)?;
            // Of a row that nobody could have stored no answer is found either.
            let read = || Ok((row.get::<Millis>(1)?.0, row.value(2)?.as_blob()?));
            if let Some((until, answers)) = one(read(), reports)?
                && groups::may_end(no, until)
            {
                self.add_read_group(until, answers);
            }
            rows += 1;
            read_to = (rows == limit).then_some(no);
            Ok(ControlFlow::Continue(()))
        })?;
        // Not before all of them are in their filters: a key that is in none counts as new.
        self.groups_read_from = read_to;
        Ok(true)
    }

    /// Reads some of the keys that are not in their filter yet, of the last span first.
    fn read_on<C: Connection>(&mut self, connection: &C, reports: &Reports) -> Result<()> {
        if self.read_groups(connection, reports)? {
            return Ok(());
        }
        for (no, Span { keys, read_to, .. }) in self.spans.iter_mut().rev() {
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
fn row_of<'a>(KeptAnswer { key, until, answer }: &'a KeptAnswer) -> [Value<'a>; 5] {
    [
        Value::Integer(span_of(*until)),
        Value::Blob(Cow::Borrowed(key.id().as_bytes())),
        Value::Integer(until.as_millis()),
        Value::Blob(key.call()),
        Value::Text(answer.text()),
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
                let (until, answer) = (row.get::<Millis>(1)?.0, Answer::Json(row.get(2)?));
                // What cannot be read was never an answer.
                Ok(key.map(|key| KeptAnswer { key, until, answer }))
            });
            if let Some(answer) = one(found, &self.reports)?.flatten().flatten() {
                return Ok(Some(answer));
            }
        }
        // One that was stored again has a row of its own by now.
        let Some((first, last)) = self.answers.groups_of(id) else { return Ok(None) };
        let mut select = self.statement(
            "SELECT until, answers FROM answer_group WHERE no >= ? AND no <= ? ORDER BY no DESC",
        )?;
        let mut answer = None;
        select.each(values![first, last], |row| {
            answer = groups::find(row.value(1)?.as_blob()?, id, row.get::<Millis>(0)?.0);
            Ok(if answer.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        Ok(answer)
    }

    /// Stores answers, each in place of one that is stored under its key. Those that are in the order of their keys take the least time.
    pub fn keep_answers(&mut self, answers: &[KeptAnswer]) -> Result<()> {
        let (mut alone, mut group) = (Vec::new(), None::<Group<'_>>);
        for answer in answers {
            // What may be stored already is to be replaced, and shared rows never change.
            let record = Record::of(answer).filter(|_| !self.answers.may_hold(answer.key.id()));
            let Some(record) = record else {
                alone.push(answer);
                continue;
            };
            if !group.as_mut().is_some_and(|group| group.take(&record))
                && let Some(full) = group.replace(Group::new(&record))
            {
                self.keep_group(full, &mut alone)?;
            }
        }
        if let Some(last) = group {
            self.keep_group(last, &mut alone)?;
        }
        self.keep_alone(&alone)?;
        self.answers.read_on(&self.connection, &self.reports)
    }

    /// Stores answers in one row. If there is no number for it, they are to have a row each.
    fn keep_group<'a>(&mut self, group: Group<'a>, alone: &mut Vec<&'a KeptAnswer>) -> Result<()> {
        let Some(first) = group.members.first() else { return Ok(()) };
        let until = first.until;
        self.answers.groups_stored = self.answers.groups_stored.wrapping_add(1);
        let no = group.number(self.answers.groups_stored);
        let is_stored =
            self.statement(
                "INSERT INTO answer_group (no, until, answers) VALUES (?, ?, ?) ON CONFLICT (no) DO NOTHING",
            )?
            .execute(&[
                Value::Integer(no),
                Value::Integer(until.as_millis()),
                Value::Blob(Cow::Borrowed(&group.answers)),
            ])? > 0;
        if is_stored {
            self.answers.add_group(until, &group.answers);
        } else {
            alone.extend(group.members);
        }
        Ok(())
    }

    /// Stores answers in a row each.
    fn keep_alone(&mut self, answers: &[&KeptAnswer]) -> Result<()> {
        answers.iter().for_each(|answer| self.answers.add(answer));
        let (many, few) = answers.as_chunks::<AT_ONCE>();
        if !many.is_empty() {
            let mut statement = self.statement(&KEEP_MANY)?;
            for rows in many {
                // Not every database stores a row twice in one statement.
                if rows.is_sorted_by(|one, next| place(one) < place(next)) {
                    statement.execute(rows.map(row_of).as_flattened())?;
                } else {
                    self.keep_one_by_one(rows)?;
                }
            }
        }
        self.keep_one_by_one(few)
    }

    fn keep_one_by_one(&self, answers: &[&KeptAnswer]) -> Result<()> {
        for answer in answers {
            self.statement(&KEEP_ONE)?.execute(&row_of(answer))?;
        }
        Ok(())
    }

    /// True if the filters hold the keys of all stored answers.
    pub fn has_read_all_keys(&self) -> bool {
        self.answers.groups_read_from.is_none()
            && self.answers.spans.values().all(|span| span.read_to.is_none())
    }

    /// True if an answer may be stored under a key, as far as that is known without a look at the table.
    pub fn may_have_answer(&self, id: &KeyId) -> bool {
        self.answers.may_hold(id)
    }

    /// Number of spans that may have answers.
    pub fn answer_spans(&self) -> usize {
        self.answers.spans.len()
    }

    /// Forgets those answers whose time is over, `limit` rows of them at the most, once that of their span is, or of all that may be in their row.
    /// Returns the number of the rows.
    pub fn prune_answers(&mut self, now: Timestamp, limit: u64) -> Result<usize> {
        let current = span_of(now);
        let forgotten = self
            .statement(
                "DELETE FROM answer WHERE (span, id) IN (
                     SELECT span, id FROM answer WHERE span < ? ORDER BY span, id LIMIT ?)",
            )?
            .execute(values![current, limit])?;
        let shared = limit.saturating_sub(forgotten as u64).div_ceil(groups::MOST as u64);
        let forgotten = forgotten
            + self
                .statement(
                    "DELETE FROM answer_group WHERE no IN (
                         SELECT no FROM answer_group WHERE no < ? ORDER BY no LIMIT ?)",
                )?
                .execute(values![groups::first_in_force(now), shared])?;
        self.answers.have_gone |= forgotten > 0;
        if forgotten == 0 {
            // All of them are empty. If that is undone, it is looked up again.
            self.answers.spans = self.answers.spans.split_off(&current);
        }
        Ok(forgotten)
    }
}
