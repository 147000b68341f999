//! The writing connection: transactions and counters.

use std::path::{Path, PathBuf};

use aiwg_protocol::types::{TaskState, TaskStats};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::open::{StoreError, open_writer};

/// The one writer. Between [`Store::begin`] and [`Store::commit`] everything counts together or not at all.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    counts: TaskStats,
    counts_changed: bool,
}

impl Store {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// It cannot be opened, or is damaged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_writer(path).map_err(StoreError::at(path))?;
        let mut store =
            Self { connection, path: path.to_owned(), counts: TaskStats::default(), counts_changed: false };
        store.load_counts().map_err(StoreError::at(path))?;
        Ok(store)
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn begin(&mut self) -> rusqlite::Result<()> {
        self.statement("BEGIN IMMEDIATE")?.execute([]).map(drop)
    }

    /// Returns when all since [`Store::begin`] is on the disk.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<()> {
        if std::mem::take(&mut self.counts_changed) {
            self.save_counts()?;
        }
        self.statement("COMMIT")?.execute([]).map(drop)
    }

    /// Forgets all since [`Store::begin`].
    pub(crate) fn rollback(&mut self) -> rusqlite::Result<()> {
        // After some errors SQLite has rolled back by itself; a second time would be an error.
        if !self.connection.is_autocommit() {
            self.statement("ROLLBACK")?.execute([])?;
        }
        self.counts_changed = false;
        self.load_counts()
    }

    /// The highest event number and task number that were ever given.
    pub(crate) fn last_numbers(&self) -> rusqlite::Result<(u64, u64)> {
        let last = |sql: &str| self.statement(sql)?.query_row([], |row| row.get(0));
        Ok((last("SELECT ifnull(max(seq), 0) FROM event")?, last("SELECT ifnull(max(no), 0) FROM task")?))
    }

    pub(super) fn statement(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql)
    }

    pub(super) fn count(&mut self, from: Option<TaskState>, to: Option<TaskState>) {
        if let Some(from) = from {
            *slot(&mut self.counts, from) -= 1;
            self.counts.total -= 1;
        }
        if let Some(to) = to {
            *slot(&mut self.counts, to) += 1;
            self.counts.total += 1;
        }
        self.counts_changed = true;
    }

    fn load_counts(&mut self) -> rusqlite::Result<()> {
        self.counts = load_counts(&self.connection)?;
        Ok(())
    }

    fn save_counts(&mut self) -> rusqlite::Result<()> {
        let mut counts = self.counts;
        let mut upsert = self.statement("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)")?;
        for state in TaskState::ALL {
            upsert.execute(params![state.name(), *slot(&mut counts, *state)])?;
        }
        Ok(())
    }
}

/// The counters as they were last committed.
pub(super) fn load_counts(connection: &Connection) -> rusqlite::Result<TaskStats> {
    let mut counts = TaskStats::default();
    let mut select = connection.prepare_cached("SELECT value FROM counter WHERE name = ?")?;
    for state in TaskState::ALL {
        let value = select.query_row([state.name()], |row| row.get(0)).optional()?.unwrap_or(0);
        *slot(&mut counts, *state) = value;
        counts.total += value;
    }
    Ok(counts)
}

fn slot(counts: &mut TaskStats, state: TaskState) -> &mut u64 {
    match state {
        TaskState::Queued => &mut counts.queued,
        TaskState::Running => &mut counts.running,
        TaskState::Completed => &mut counts.completed,
        TaskState::Failed => &mut counts.failed,
        TaskState::Cancelled => &mut counts.cancelled,
        TaskState::Timeout => &mut counts.timeout,
    }
}
