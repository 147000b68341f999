//! The number of tasks in each state: kept by the writer, since counting a million rows takes too long.

use aiwg_protocol::types::TaskState;
use std::collections::BTreeMap;

use aiwg_store::Result;

use super::{
    driver::{Connection, Row, prepare},
    value::{texts, values},
    write::Writer,
};

/// Sets a counter.
pub(super) const SET_COUNTER: &str =
    "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";

/// The beginning of the names of the counters of reasons.
const REASON: &str = "reason:";

const STATES: usize = TaskState::ALL.len();

/// The counters, one for each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts([u64; STATES]);

impl Counts {
    /// As they were last committed.
    pub(super) fn load<C: Connection>(connection: &C) -> Result<Self> {
        let mut counts = Self::default();
        let names: Vec<&str> = TaskState::ALL.iter().map(|state| state.name()).collect();
        let (marks, names) = texts(&names);
        let stored: Vec<(String, i64)> =
            prepare(connection, &format!("SELECT name, value FROM counter WHERE name IN ({marks})"))?
                .all(&names, |row| Ok((row.get(0)?, row.get(1)?)))?;
        for (name, count) in stored {
            if let Some(slot) = TaskState::ALL.iter().position(|state| state.name() == name)
                && let Some(counted) = counts.0.get_mut(slot)
            {
                *counted = count.try_into().unwrap_or(0);
            }
        }
        Ok(counts)
    }

    /// Stores those that are not as they were `stored` last.
    pub(super) fn save<C: Connection>(&self, stored: &Self, connection: &C) -> Result<()> {
        let mut upsert = prepare(connection, SET_COUNTER)?;
        for ((value, stored), state) in self.0.iter().zip(&stored.0).zip(TaskState::ALL) {
            if value != stored {
                upsert.send(values![state.name(), value])?;
            }
        }
        Ok(())
    }

    /// A task has gone from one state to another; none stands for not being there.
    pub(super) fn moved(&mut self, from: Option<TaskState>, to: Option<TaskState>) {
        if let Some(slot) = from.and_then(|from| self.slot(from)) {
            *slot = slot.saturating_sub(1);
        }
        if let Some(slot) = to.and_then(|to| self.slot(to)) {
            *slot += 1;
        }
    }

    /// The number of tasks in this state.
    pub(crate) fn of(&self, state: TaskState) -> u64 {
        self.0.iter().zip(TaskState::ALL).find(|(_, other)| **other == state).map_or(0, |(count, _)| *count)
    }

    /// All of them.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn slot(&mut self, state: TaskState) -> Option<&mut u64> {
        self.0.iter_mut().zip(TaskState::ALL).find(|(_, other)| **other == state).map(|(slot, _)| slot)
    }
}

impl<C: Connection> Writer<C> {
    /// Counts one more end for this reason.
    pub fn count_reason(&mut self, reason: &str) -> Result<()> {
        self.statement(
            "INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
        )?
        .send(values![format!("{REASON}{reason}")])
    }
}

/// Number of ends by reason.
pub(crate) fn reasons<C: Connection>(connection: &C) -> Result<BTreeMap<String, u64>> {
    let mut select = prepare(
        connection,
        "SELECT substr(name, ?2), value FROM counter WHERE substr(name, 1, ?2 - 1) = ?1",
    )?;
    let first = REASON.len() + 1;
    let counts = select.all(values![REASON, first], |row| {
        Ok((row.get(0)?, u64::try_from(row.get::<i64>(1)?).unwrap_or(0)))
    })?;
    Ok(counts.into_iter().collect())
}
