//! The number of tasks in each state: kept by the writer, since counting a million rows takes too long.

use aiwg_protocol::types::TaskState;
use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::write::SqliteStore;

/// The beginning of the names of the counters of reasons.
const REASON: &str = "reason:";

const STATES: usize = TaskState::ALL.len();

/// The counters, one for each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts([u64; STATES]);

impl Counts {
    /// As they were last committed.
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut counts = Self::default();
        let mut select = connection.prepare_cached("SELECT value FROM counter WHERE name = ?")?;
        for (slot, state) in counts.0.iter_mut().zip(TaskState::ALL) {
            let count: Option<i64> = select.query_row([state.name()], |row| row.get(0)).optional()?;
            *slot = count.and_then(|count| count.try_into().ok()).unwrap_or(0);
        }
        Ok(counts)
    }

    pub(super) fn save(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut upsert =
            connection.prepare_cached("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)")?;
        for (value, state) in self.0.iter().zip(TaskState::ALL) {
            upsert.execute(params![state.name(), value])?;
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

impl SqliteStore {
    /// Counts one more end for this reason.
    pub(crate) fn count_reason(&mut self, reason: &str) -> rusqlite::Result<()> {
        self.statement(
            "INSERT INTO counter (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
        )?
        .execute([format!("{REASON}{reason}")])
        .map(drop)
    }
}

/// Number of ends by reason.
pub(crate) fn reasons(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    let mut select = connection
        .prepare_cached("SELECT substr(name, ?2), value FROM counter WHERE substr(name, 1, ?2 - 1) = ?1")?;
    let first = REASON.len() + 1;
    let rows = select.query_map(params![REASON, first], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    rows.map(|row| row.map(|(reason, count)| (reason, u64::try_from(count).unwrap_or(0)))).collect()
}
