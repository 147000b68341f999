//! The writing connection: transactions and counters.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_protocol::types::TaskState;
use aiwg_store::{Reports, StoreError};
use rusqlite::{CachedStatement, Connection, config::DbConfig};

use super::{
    answers::Answers,
    counts::Counts,
    error::at,
    made_here::{Checkpoint, into_the_database},
    mend::mend,
    open::{PATIENCE, open_writer},
    reserve::Reserve,
    stamp::log_of,
};

/// Size of the log beside the database, in bytes, from which it is emptied even though that waits for readers.
pub(super) const LARGEST_LOG: u64 = 64 * 1024 * 1024;

/// Longest wait for them.
const READERS_END: Duration = Duration::from_millis(100);

/// The one writer, by the trait [`aiwg_store::Store`].
pub struct SqliteStore {
    pub(super) connection: Connection,
    path: PathBuf,
    counts: Counts,
    counts_changed: bool,
    /// What is known of the stored answers.
    pub(super) answers: Answers,
    /// Receives messages about rows that cannot be read.
    pub(super) reports: Reports,
    /// Faults that were found when it was opened, and have been mended.
    mended: Vec<String>,
    /// Longest wait for a database that others have locked.
    patience: Duration,
    /// Since when the last task that was queued waits, in milliseconds since 1970.
    pub(super) waits_since: i64,
    /// Number of changed rows at the last commit.
    changes: u64,
    /// Room for what must be stored though the disk is full.
    pub(super) reserve: Reserve,
    /// The way to move into the database what must not be in the log only; none where that is done.
    pub(super) for_the_database: Option<Checkpoint>,
}

impl SqliteStore {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// It cannot be opened, or is damaged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_and_check(path, false)
    }

    /// The same; `thoroughly` reads all of it to find damage.
    pub(super) fn open_and_check(path: &Path, thoroughly: bool) -> Result<Self, StoreError> {
        let connection = open_writer(path, thoroughly)?;
        let mended = mend(&connection).map_err(at(path))?;
        let answers = Answers::load(&connection).map_err(at(path))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            counts: Counts::default(),
            counts_changed: false,
            answers,
            reports: Reports::default(),
            mended,
            patience: PATIENCE,
            waits_since: 0,
            changes: 0,
            reserve: Reserve::of(log_of(path)),
            for_the_database: None,
        };
        store.load_counts().map_err(at(path))?;
        store.load_waits_since().map_err(at(path))?;
        Ok(store)
    }

    /// From here on it is said there what is wrong with its rows, and what was when it was opened.
    pub fn report_to(&mut self, reports: Reports) {
        if !self.mended.is_empty() {
            let message =
                format!("the database held what cannot be: {}", std::mem::take(&mut self.mended).join("; "));
            tracing::error!("{message}");
            reports.report(message);
        }
        self.reports = reports;
    }

    /// The path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns when all of the open transaction is on the disk. True if that is anything.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<bool> {
        if self.counts_changed {
            self.counts.save(&self.connection)?;
        }
        self.statement("COMMIT")?.execute([])?;
        self.counts_changed = false;
        self.answers.have_gone = false;
        if let Err(error) = self.move_what_is_for_the_database() {
            tracing::warn!(%error, "the log beside the database could not be moved into it");
        }
        let changes = self.connection.total_changes();
        Ok(std::mem::replace(&mut self.changes, changes) != changes)
    }

    /// Sets the longest wait for a database that others have locked.
    pub(crate) fn set_patience(&mut self, patience: Duration) -> rusqlite::Result<()> {
        self.patience = patience;
        self.connection.busy_timeout(patience)
    }

    /// Writes, so that it is known whether that is possible.
    pub(crate) fn write_something(&mut self) -> rusqlite::Result<()> {
        self.begin_after(0, 0)
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Moves all that was committed into the database's one file, if something in it must not be in the log only. Where somebody reads for longer
    /// than he is waited for, each commit tries again, and waits for nobody.
    pub(super) fn move_what_is_for_the_database(&mut self) -> rusqlite::Result<()> {
        let Some(how) = self.for_the_database else { return Ok(()) };
        self.for_the_database = Some(Checkpoint::Passive);
        if into_the_database(&self.connection, how)? {
            self.for_the_database = None;
        }
        Ok(())
    }

    /// Moves all that was committed into the database's one file, so that a copy of it is whole.
    pub(crate) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    /// Empties the log beside the database where it has become large, which is only done by itself while nobody reads. Tells whether it is
    /// small now.
    pub(crate) fn keep_log_small(&self) -> rusqlite::Result<bool> {
        if std::fs::metadata(log_of(&self.path)).map_or(0, |log| log.len()) <= LARGEST_LOG {
            return Ok(true);
        }
        self.connection.busy_timeout(READERS_END)?;
        let busy =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(self.patience)?;
        Ok(!busy?)
    }

    /// Moves what is in the log into the database as far as nobody reads it and there is room for it there: the log is written from its
    /// beginning again then, and grows no further.
    pub(crate) fn reuse_log(&self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
    }

    /// Keeps the log as long as it is when the database is closed, with the room behind it: the disk is full, and the
    /// next start wants to store something as well.
    pub(crate) fn keep_log(&self) -> rusqlite::Result<()> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
    }

    /// Forgets what was not committed; nothing where there is no such thing.
    pub(crate) fn undo(&mut self) -> rusqlite::Result<()> {
        // After some errors SQLite has rolled back by itself; a second time would be an error.
        if self.is_in_transaction() {
            self.statement("ROLLBACK")?.execute([])?;
        }
        if self.counts_changed {
            self.load_counts()?;
            self.counts_changed = false;
        }
        if self.answers.have_gone {
            self.answers = Answers::load(&self.connection)?;
        }
        Ok(())
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn statement(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(sql)
    }

    pub(super) fn count(&mut self, from: Option<TaskState>, to: Option<TaskState>) {
        self.counts.moved(from, to);
        self.counts_changed = true;
    }

    /// The number of tasks that have ended, including those of the open transaction.
    pub(super) fn finished(&self) -> u64 {
        self.counts.total() - self.queued() - self.counts.of(TaskState::Running)
    }

    /// The number of queued tasks, including those of the open transaction.
    pub(crate) fn queued(&self) -> u64 {
        self.counts.of(TaskState::Queued)
    }

    fn load_counts(&mut self) -> rusqlite::Result<()> {
        self.counts = Counts::load(&self.connection)?;
        Ok(())
    }
}
