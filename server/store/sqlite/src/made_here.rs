//! The answers of a database before anything in it is acted upon: the place where it was made, and the configuration
//! in force.

use std::path::{Path, PathBuf};

use aiwg_model::{InForce, TaskNo};
use aiwg_store::{ErrorKind, StoreError};
use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig};

use super::{
    error::at,
    open::{MIGRATIONS, known_version},
    stamp::Stamp,
};

/// The answers of a database.
#[derive(Debug)]
pub enum Found {
    /// There is none.
    None,
    /// The database is damaged and cannot answer; the text says how that shows.
    Damaged(String),
    /// The database can be read.
    Said {
        /// The stamp of its place; none where it has none.
        stamp: Option<Stamp>,
        /// The configuration in force; none where it does not say so.
        in_force: Option<InForce>,
        /// The tasks that were running.
        running: Vec<TaskNo>,
        /// The store that this host has had last, where that was not this database.
        store: Option<String>,
    },
}

/// Asks the database at this path, and changes nothing. It may be anybody's work.
///
/// # Errors
/// It cannot be read, and that is no damage; or a newer version has made it.
pub fn ask(path: &Path) -> Result<Found, StoreError> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::None),
        // SQLite takes it for a new one. But a database gets its name when all is in it, so somebody has emptied this one.
        Ok(file) if file.len() == 0 => return Ok(Found::Damaged("it is empty".to_owned())),
        _ => {}
    }
    let asked = open(path).map_err(at(path)).and_then(|connection| {
        known_version(&connection, path)?;
        read(&connection).map_err(at(path))
    });
    match asked {
        Err(error) if error.kind() == ErrorKind::Damaged => Ok(Found::Damaged(error.to_string())),
        other => other,
    }
}

/// True if an older version has made the database at this path: the next start brings its tables up to date.
///
/// # Errors
/// It cannot be read; or a newer version has made it.
pub fn is_older(path: &Path) -> Result<bool, StoreError> {
    let connection = open(path).map_err(at(path))?;
    Ok(known_version(&connection, path)? < MIGRATIONS.len())
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Not read-only: what a killed daemon has left in the log beside it is part of what it says.
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Closing the last connection would otherwise move what is in the log into the database.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

fn read(connection: &Connection) -> rusqlite::Result<Found> {
    // A view could be anything, of any size.
    let tables: u32 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('made_here', 'config_in_force')",
        [],
        |row| row.get(0),
    )?;
    if tables < 2 {
        return Ok(Found::Said { stamp: None, in_force: None, running: Vec::new(), store: None });
    }
    let stamp: Option<String> =
        connection.query_row("SELECT stamp FROM made_here WHERE id = 0", [], |row| row.get(0)).optional()?;
    let in_force = connection
        .query_row("SELECT named, text FROM config_in_force WHERE id = 0", [], |row| {
            Ok(InForce { named: row.get::<_, Option<String>>(0)?.map(PathBuf::from), text: row.get(1)? })
        })
        .optional()?;
    let running = connection
        .prepare("SELECT no FROM task WHERE state = 'running' LIMIT 65536")?
        .query_map([], |row| row.get::<_, i64>(0))?
        .map(|no| no.map(|no| TaskNo(no.unsigned_abs())))
        .collect::<rusqlite::Result<_>>()?;
    let store = match connection.table_exists(None, "cursor")? {
        true => connection
            .query_row("SELECT value FROM cursor WHERE source = 'host' AND key = 'store'", [], |row| {
                row.get(0)
            })
            .optional()?,
        false => None,
    };
    Ok(Found::Said {
        store,
        stamp: stamp.and_then(|stamp| serde_json::from_str(&stamp).ok()),
        in_force,
        running,
    })
}

/// Notes where the database is now, unless it says so already. True if it could: an older version's has no place for that.
pub(super) fn note_here(connection: &Connection, stamp: &Stamp) -> rusqlite::Result<bool> {
    if !connection.table_exists(None, "made_here")? {
        return Ok(false);
    }
    let stamp = serde_json::to_string(stamp)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let said =
        connection.query_row("SELECT stamp FROM made_here WHERE id = 0", [], |row| row.get::<_, String>(0));
    if said.optional()?.as_ref() != Some(&stamp) {
        connection.execute("INSERT OR REPLACE INTO made_here (id, stamp) VALUES (0, ?)", [stamp])?;
        // In the log only, it would be lost with that: and with it that the log is this daemon's own.
        into_the_database(connection, Checkpoint::Full)?;
    }
    Ok(true)
}

/// The way in which committed changes are moved from the log into the database. The log keeps its length, and so does
/// the room that is kept behind its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Checkpoint {
    /// All of it: who reads what was before is waited for, for a while.
    Full,
    /// As much as can be moved at once.
    Passive,
}

/// Moves what was committed into the database itself. True if that is all.
pub(super) fn into_the_database(connection: &Connection, how: Checkpoint) -> rusqlite::Result<bool> {
    let sql = match how {
        Checkpoint::Full => "PRAGMA wal_checkpoint(FULL)",
        Checkpoint::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
    };
    connection.query_row(sql, [], |row| {
        let (is_busy, in_the_log, moved): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(!is_busy && in_the_log == moved)
    })
}
