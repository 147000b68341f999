//! What a database says of itself before anything in it is acted upon: where it was made, and which configuration is in force.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig, params};
use serde::{Deserialize, Serialize};

use super::{
    open::{StoreError, known_version},
    write::Store,
};

/// Where a database was made: what tells its file from a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// The machine, by machine-id(5); none where it has none, as many containers.
    pub(crate) machine: Option<String>,
    /// The device of the file.
    pub(crate) device: u64,
    /// Its number on that.
    pub(crate) inode: u64,
    /// When it was made, in nanoseconds since 1970; none where the file system does not tell.
    pub(crate) birth: Option<i64>,
}

/// The configuration that is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InForce {
    /// The file that was named in place of the usual one.
    pub named: Option<PathBuf>,
    /// What it said; none where there was no file, and the defaults held.
    pub text: Option<String>,
}

/// What a database says of itself.
#[derive(Debug)]
pub(crate) enum Found {
    /// There is none.
    None,
    /// It is damaged, and can say nothing.
    Damaged,
    /// It can be read.
    Said {
        /// Where it was made; none where it does not say so.
        stamp: Option<Stamp>,
        /// The configuration in force; none where it does not say so.
        in_force: Option<InForce>,
    },
}

/// Asks the database at this path, and changes nothing. It may be anybody's work.
///
/// # Errors
/// It cannot be read, and that is no damage; or a newer version has made it.
pub(crate) fn ask(path: &Path) -> Result<Found, StoreError> {
    // SQLite takes an empty one for a new one, as a daemon leaves it that was killed in its first moment.
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Found::None),
        Ok(file) if file.len() == 0 => return Ok(Found::None),
        _ => {}
    }
    let asked = open(path).map_err(StoreError::at(path)).and_then(|connection| {
        known_version(&connection, path)?;
        read(&connection).map_err(StoreError::at(path))
    });
    match asked {
        Err(error) if error.is_damage() => Ok(Found::Damaged),
        other => other,
    }
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
        return Ok(Found::Said { stamp: None, in_force: None });
    }
    let stamp: Option<String> =
        connection.query_row("SELECT stamp FROM made_here WHERE id = 0", [], |row| row.get(0)).optional()?;
    let in_force = connection
        .query_row("SELECT named, text FROM config_in_force WHERE id = 0", [], |row| {
            Ok(InForce { named: row.get::<_, Option<String>>(0)?.map(PathBuf::from), text: row.get(1)? })
        })
        .optional()?;
    Ok(Found::Said { stamp: stamp.and_then(|stamp| serde_json::from_str(&stamp).ok()), in_force })
}

impl Store {
    /// Notes where the database was made.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) fn set_made_here(&mut self, stamp: &Stamp) -> rusqlite::Result<()> {
        let stamp = serde_json::to_string(stamp)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        self.statement("INSERT OR REPLACE INTO made_here (id, stamp) VALUES (0, ?)")?
            .execute([stamp])
            .map(drop)
    }

    /// Notes the configuration that is in force.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(crate) fn set_in_force(&mut self, in_force: &InForce) -> rusqlite::Result<()> {
        // Every path that the daemon takes is text.
        let named = in_force.named.as_ref().and_then(|path| path.to_str());
        self.statement("INSERT OR REPLACE INTO config_in_force (id, named, text) VALUES (0, ?, ?)")?
            .execute(params![named, in_force.text])
            .map(drop)
    }
}
