//! Opening the database and bringing its schema up to date.

use std::{fs::File, io, path::Path, time::Duration};

use aiwg_fs::{append_private, close_to_others};
use aiwg_store::{ErrorKind, StoreError};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::{
    error::{at, cannot_open},
    made_here::note_here,
    stamp::{Stamp, beside, log_of},
};

/// Longest wait for a database that others have locked, unless it is set otherwise.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Each entry brings a database from the version of its place to the next one. Entries are never changed once released.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("migrations/dependencies-and-usage.sql"),
    include_str!("migrations/retention.sql"),
    include_str!("migrations/automation.sql"),
    include_str!("migrations/schedules.sql"),
    include_str!("migrations/conversations.sql"),
    include_str!("migrations/causes.sql"),
    include_str!("migrations/files-told.sql"),
    include_str!("migrations/retries.sql"),
    include_str!("migrations/made-here.sql"),
    include_str!("migrations/ageing.sql"),
    include_str!("migrations/cursors.sql"),
    include_str!("migrations/holds.sql"),
    include_str!("migrations/runs.sql"),
    include_str!("migrations/trust.sql"),
    include_str!("migrations/messaging.sql"),
    include_str!("migrations/traces.sql"),
    include_str!("migrations/caps.sql"),
    include_str!("migrations/severity.sql"),
    include_str!("migrations/answers.sql"),
    include_str!("migrations/agent-sums.sql"),
    include_str!("migrations/trees.sql"),
    include_str!("migrations/answer-groups.sql"),
    include_str!("migrations/hosts.sql"),
    include_str!("migrations/output.sql"),
];

pub(super) fn open_writer(path: &Path, thoroughly: bool) -> Result<Connection, StoreError> {
    // SQLite takes an empty file for a new database, too.
    if path.metadata().map_or(0, |found| found.len()) == 0 {
        create(path).map_err(at(path))?;
    }
    let connection = connect(path).map_err(at(path))?;
    // First of all: what a newer one has made is left as it is.
    let found = known_version(&connection, path)?;
    set_up(connection, path, found, thoroughly).map_err(at(path))
}

/// Brings it up to date, and notes that it is this daemon's own: before anything else is written into its log, or a daemon that is killed in
/// between would leave one that it has not noted.
fn claim(connection: Connection, path: &Path, version: usize) -> rusqlite::Result<Connection> {
    let here = Stamp::of(path).map_err(cannot_open)?;
    let is_noted = note_here(&connection, &here)?;
    let connection = migrate(connection, version)?;
    if !is_noted {
        note_here(&connection, &here)?;
    }
    Ok(connection)
}

/// Makes a new database, under another name first: none is ever found that does not have all its tables, and does not say where it was made.
fn create(path: &Path) -> rusqlite::Result<()> {
    let temporary = path.with_added_extension("new");
    // What lies beside a database that is not there belongs to none; and what a killed daemon has left here is not whole.
    let beside = ["-wal", "-shm", "-journal"].map(|end| [beside(&temporary, end), beside(path, end)]);
    for left in beside.iter().flatten().chain([&temporary]) {
        match std::fs::remove_file(left) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_open(error)),
            _ => {}
        }
    }
    let file = append_private(&temporary).map_err(cannot_open)?;
    append_private(&log_of(path)).map_err(cannot_open)?;
    let here = Stamp::of(&temporary).map_err(cannot_open)?.once_renamed(path);
    let connection = Connection::open(&temporary)?;
    // Before the first table, or it means nothing: what is forgotten makes the file smaller.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // Nothing of it counts before it has its name.
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let connection = migrate(connection, 0)?;
    note_here(&connection, &here)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)?;
    let named = || {
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        File::open(path.parent().unwrap_or(path))?.sync_all()
    };
    named().map_err(cannot_open)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    make_private(path)?;
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// The version of the tables: how many of the [`MIGRATIONS`] it has seen.
///
/// # Errors
/// It is a newer one, and nothing in it has been changed; nor will closing it change anything. Or it cannot be read.
pub(super) fn known_version(connection: &Connection, path: &Path) -> Result<usize, StoreError> {
    let read = || connection.pragma_query_value(None, "user_version", |row| row.get(0));
    let (found, known): (usize, _) = (read().map_err(at(path))?, MIGRATIONS.len());
    if found <= known {
        return Ok(found);
    }
    // Closing the last connection would otherwise move what is in its log into the database.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(at(path))?;
    Err(StoreError::new(
        ErrorKind::Newer,
        format!(
            "the database {} was written by a newer aiwg (version {found} of its tables; this one knows {known}): use that, or move the \
             file away to start with an empty one",
            path.display()
        ),
    ))
}

fn set_up(
    connection: Connection,
    path: &Path,
    version: usize,
    thoroughly: bool,
) -> rusqlite::Result<Connection> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // FULL: a commit is on the disk before it is acknowledged, so that it survives a power cut too.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // On macOS fsync leaves it in the drive's cache, which a power cut takes along. Elsewhere this changes nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    // What a checkpoint leaves of a log that has once been large.
    connection.pragma_update(None, "journal_size_limit", super::store::LARGEST_LOG)?;
    connection.pragma_update(None, "cache_size", -2000)?;
    keep_statements(&connection)?;
    if thoroughly {
        check(&connection)?;
    }
    claim(connection, path, version)
}

/// Reads all of it, and fails if anything is not as it must be.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(found)))
}

/// SQLite gives its other files the mode of the database, which it would itself make readable to all.
fn make_private(path: &Path) -> rusqlite::Result<()> {
    // The log is there before SQLite opens it, so that it is known which one it is.
    for path in [path, &log_of(path)] {
        append_private(path).map_err(cannot_open)?;
    }
    // What an older one left open to others is closed.
    close_to_others(&beside(path, "-shm")).map_err(cannot_open)
}

pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "cache_size", -1000)?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Keeps statements that were prepared. SQLite would prepare each one again that has a parameter as its limit, whenever a value is bound to that.
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Brings the tables up to date in one transaction: each is a write to the disk that the start waits for.
fn migrate(mut connection: Connection, version: usize) -> rusqlite::Result<Connection> {
    if version < MIGRATIONS.len() {
        let transaction = connection.transaction()?;
        for migration in MIGRATIONS.iter().skip(version) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
        transaction.commit()?;
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_whose_limit_is_a_parameter_is_prepared_once() {
        let prepared_again = |connection: &Connection| {
            let mut statement =
                connection.prepare("SELECT value FROM json_each('[1, 2, 3]') LIMIT ?").unwrap();
            for limit in 1..4 {
                let rows = statement.query_map([limit], |row| row.get::<_, u32>(0)).unwrap();
                assert_eq!(rows.count(), limit);
            }
            statement.get_status(StatementStatus::RePrepare)
        };
        let connection = Connection::open_in_memory().unwrap();
        keep_statements(&connection).unwrap();
        assert_eq!(prepared_again(&connection), 0);
    }
}
