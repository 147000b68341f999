//! Quarantine of a damaged database: it is renamed, and never emptied in silence.

use std::{
    io,
    path::{Path, PathBuf},
};

use aiwg_protocol::types::Timestamp;
use aiwg_store::{ErrorKind, StoreError};

use super::{error::at, stamp::beside, store::SqliteStore};

/// Beside the database, where damage was met while it was in use: the next start looks at all of it.
const SUSPECT: &str = "suspect";

/// Up to this size, in bytes, all of it is looked at after an end that was no stop. That takes about a tenth of a second.
const CHECKED_AFTER_A_CRASH: u64 = 64 * 1024 * 1024;

/// A database in quarantine.
#[derive(Debug)]
pub struct Quarantined {
    /// Its path now.
    pub to: PathBuf,
    /// The damage.
    pub why: String,
}

impl SqliteStore {
    /// Opens the database, or makes it; quarantines a damaged one first.
    ///
    /// # Errors
    /// It cannot be opened for another reason, or cannot be quarantined.
    pub fn open_or_quarantine(
        path: &Path,
        after_a_crash: bool,
    ) -> Result<(Self, Option<Quarantined>), StoreError> {
        let suspect = path.with_added_extension(SUSPECT);
        let is_small = path.metadata().is_ok_and(|file| file.len() <= CHECKED_AFTER_A_CRASH);
        let thoroughly = suspect.exists() || (after_a_crash && is_small);
        let opened = match Self::open_and_check(path, thoroughly) {
            Err(error) if error.kind() == ErrorKind::Damaged => {
                let (store, quarantined) = Self::replace(path, &error.to_string())?;
                (store, Some(quarantined))
            }
            other => (other?, None),
        };
        // It is as it should be, or new.
        let _ = std::fs::remove_file(suspect);
        Ok(opened)
    }

    /// Quarantines the database, for this reason, and makes a new one.
    ///
    /// # Errors
    /// It cannot be quarantined, or no new one be made.
    pub fn replace(path: &Path, why: &str) -> Result<(Self, Quarantined), StoreError> {
        let to = quarantine(path).map_err(|error| at(path)(unwritable(&error)))?;
        Ok((Self::open(path)?, Quarantined { to, why: why.to_owned() }))
    }

    /// Makes the next start read all of the database.
    pub(crate) fn note_damage(&self) {
        if let Err(error) = aiwg_fs::write_private(&self.path().with_added_extension(SUSPECT), b"") {
            tracing::warn!(%error, "that the database is damaged could not be noted");
        }
    }
}

/// Renames the database and what belongs to it.
fn quarantine(path: &Path) -> io::Result<PathBuf> {
    // No colons, which some systems do not take in a name.
    let when = Timestamp::now().to_string().replace(':', "-");
    let quarantined = path.with_added_extension(format!("damaged-{when}"));
    for part in ["", "-wal", "-shm", "-journal"] {
        match std::fs::rename(beside(path, part), beside(&quarantined, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(quarantined)
}

fn unwritable(error: &io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(format!("it is damaged, and cannot be renamed: {error}")))
}
