//! The store over its writing connection: transactions, the log beside the database, and the room for what must be stored.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aiwg_model::InForce;
use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, Reports, Result, Store, StoreError, Transaction, View};
use aiwg_store_sql::{Backend, Open, Writer};
use rusqlite::config::DbConfig;

use super::{
    driver::Sqlite,
    error::{at, cannot_be_used, of},
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

/// Number of pages that stay free in the file: the next rows need them.
const KEPT_FREE: u32 = 1000;

/// Maximum number of pages that one transaction gives back to the disk.
const GIVEN_BACK: u32 = 500;

/// The one writer, by the trait [`aiwg_store::Store`].
pub struct SqliteStore {
    pub(super) writer: Writer<Sqlite>,
    path: PathBuf,
    /// Faults that were found when it was opened, and have been mended.
    mended: Vec<String>,
    /// Longest wait for a database that others have locked.
    patience: Duration,
    /// When the last transaction, or view, began.
    began_at: Timestamp,
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
        let writer = Writer::of(Sqlite(connection))
            .map_err(|error| StoreError::new(error.kind(), cannot_be_used(path, &error)))?;
        Ok(Self {
            writer,
            path: path.to_owned(),
            mended,
            patience: PATIENCE,
            began_at: Timestamp::default(),
            changes: 0,
            reserve: Reserve::of(log_of(path)),
            for_the_database: None,
        })
    }

    /// From here on it is said there what is wrong with its rows, and what was when it was opened.
    pub fn report_to(&mut self, reports: Reports) {
        if !self.mended.is_empty() {
            let message =
                format!("the database held what cannot be: {}", std::mem::take(&mut self.mended).join("; "));
            tracing::error!("{message}");
            reports.report(message);
        }
        self.writer.report_to(reports);
    }

    /// The path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets the longest wait for a database that others have locked.
    pub(crate) fn set_patience(&mut self, patience: Duration) -> rusqlite::Result<()> {
        self.patience = patience;
        self.connection().busy_timeout(patience)
    }

    pub(super) fn is_in_transaction(&self) -> bool {
        !self.connection().is_autocommit()
    }

    /// Moves all that was committed into the database's one file, if something in it must not be in the log only. Where somebody reads for longer
    /// than he is waited for, each commit tries again, and waits for nobody.
    pub(super) fn move_what_is_for_the_database(&mut self) -> rusqlite::Result<()> {
        let Some(how) = self.for_the_database else { return Ok(()) };
        self.for_the_database = Some(Checkpoint::Passive);
        if into_the_database(self.connection(), how)? {
            self.for_the_database = None;
        }
        Ok(())
    }

    /// Moves all that was committed into the database's one file, so that a copy of it is whole.
    pub(crate) fn checkpoint(&self) -> rusqlite::Result<()> {
        self.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    /// Empties the log beside the database where it has become large, which is only done by itself while nobody reads. Tells whether it is
    /// small now.
    pub(crate) fn keep_log_small(&self) -> rusqlite::Result<bool> {
        if std::fs::metadata(log_of(&self.path)).map_or(0, |log| log.len()) <= LARGEST_LOG {
            return Ok(true);
        }
        self.connection().busy_timeout(READERS_END)?;
        let busy =
            self.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection().busy_timeout(self.patience)?;
        Ok(!busy?)
    }

    /// Moves what is in the log into the database as far as nobody reads it and there is room for it there: the log is written from its
    /// beginning again then, and grows no further.
    pub(crate) fn reuse_log(&self) -> rusqlite::Result<()> {
        self.connection().query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
    }

    /// Keeps the log as long as it is when the database is closed, with the room behind it: the disk is full, and the
    /// next start wants to store something as well.
    pub(crate) fn keep_log(&self) -> rusqlite::Result<()> {
        self.connection().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
    }

    pub(super) fn connection(&self) -> &rusqlite::Connection {
        &self.writer.connection().0
    }

    fn execute(&self, sql: &str) -> Result<()> {
        self.writer.statement(sql)?.execute(&[]).map(drop)
    }
}

impl Backend for SqliteStore {
    type Connection = Sqlite;

    fn writer(&self) -> &Writer<Sqlite> {
        &self.writer
    }

    fn writer_mut(&mut self) -> &mut Writer<Sqlite> {
        &mut self.writer
    }

    fn now(&self) -> Timestamp {
        self.began_at
    }

    fn has_moved(&self) -> bool {
        // There is one writer.
        false
    }

    fn commit(&mut self) -> Result<bool> {
        self.writer.before_commit()?;
        self.execute("COMMIT")?;
        self.writer.committed();
        if let Err(error) = self.move_what_is_for_the_database() {
            tracing::warn!(%error, "the log beside the database could not be moved into it");
        }
        let changes = self.connection().total_changes();
        Ok(std::mem::replace(&mut self.changes, changes) != changes)
    }

    fn undo(&mut self) -> Result<()> {
        // After some errors SQLite has rolled back by itself; a second time would be an error.
        if self.is_in_transaction() {
            self.execute("ROLLBACK")?;
        }
        self.writer.undone()
    }

    fn make_room(&mut self, text: u64) -> Result<()> {
        if self.reserve.keeps(text) { Ok(()) } else { Err(StoreError::full()) }
    }

    fn give_back(&mut self) -> Result<bool> {
        give_back(self.connection()).map_err(of)
    }

    fn set_in_force(&mut self, in_force: &InForce) -> Result<()> {
        if self.writer.set_in_force(in_force)? {
            // Whoever may write beside the database anything at all could take away what is only in the log.
            self.for_the_database = Some(Checkpoint::Full);
        }
        if self.is_in_transaction() { Ok(()) } else { self.move_what_is_for_the_database().map_err(of) }
    }
}

impl Store for SqliteStore {
    fn begin(&mut self) -> Result<Box<dyn Transaction + '_>> {
        self.undo()?;
        self.execute("BEGIN IMMEDIATE")?;
        self.began_at = Timestamp::now();
        Ok(Box::new(Open::begun(self)))
    }

    fn view(&mut self) -> Result<Box<dyn View + '_>> {
        self.undo()?;
        self.execute("BEGIN DEFERRED")?;
        self.began_at = Timestamp::now();
        Ok(Box::new(Open::begun(self)))
    }

    fn place(&self) -> String {
        self.path().display().to_string()
    }

    fn files(&self) -> Vec<PathBuf> {
        // What was committed may be in the log alone.
        let log = Some(log_of(self.path())).filter(|log| log.exists());
        [self.path().to_owned()].into_iter().chain(log).collect()
    }

    fn remedy(&self, error: &StoreError) -> String {
        let path = self.place();
        match error.kind() {
            ErrorKind::Busy => format!(
                "the database {path} is locked by another process, so that nothing can be stored: end that; \
                 `fuser` names it. Then it goes on by itself"
            ),
            ErrorKind::Full => format!(
                "the disk of {path} is full: nothing new is taken in and nothing started, though running tasks can be ended; make room, \
                 then it goes on by itself"
            ),
            ErrorKind::Damaged => "the database is damaged: `aiwg daemon restart` sets it aside and begins a new one; running tasks are lost to it".to_owned(),
            _ => format!(
                "the database cannot be written: {error}; make room or mend its permissions, then it goes on by itself"
            ),
        }
    }

    fn set_patience(&mut self, patience: Duration) -> Result<()> {
        SqliteStore::set_patience(self, patience).map_err(of)
    }

    fn has_room(&mut self) -> bool {
        self.reserve.keeps(0)
    }

    fn look_after(&mut self, has_room: bool) {
        if !has_room && let Err(error) = self.reuse_log() {
            tracing::debug!(%error, "the database's log is not written from its beginning again yet");
        }
        match self.keep_log_small() {
            Ok(true) => {}
            Ok(false) => tracing::debug!("the database's log is large, and someone reads from it"),
            Err(error) => tracing::debug!(%error, "the database's log is large, and could not be emptied"),
        }
    }

    fn note_damage(&self) {
        SqliteStore::note_damage(self);
    }

    fn close(&mut self, has_room: bool) -> Result<()> {
        if has_room { self.checkpoint() } else { self.keep_log() }.map_err(of)
    }
}

/// Gives some of the room that is free in the file back to the disk, so little that nobody waits long. True if there is more.
fn give_back(connection: &rusqlite::Connection) -> rusqlite::Result<bool> {
    let free = || -> rusqlite::Result<u32> {
        connection.prepare_cached("PRAGMA freelist_count")?.query_row([], |row| row.get(0))
    };
    let before = free()?;
    if before <= KEPT_FREE {
        return Ok(false);
    }
    let pages = (before - KEPT_FREE).min(GIVEN_BACK);
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
    let mut rows = vacuum.query([])?;
    // A page for each step.
    while rows.next()?.is_some() {}
    drop(rows);
    drop(vacuum);
    // One that an earlier version has made cannot.
    Ok(free()? < before)
}
