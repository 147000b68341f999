//! SQLite's errors, as those of a store.

use std::{fmt::Display, io, path::Path};

use aiwg_store::{ErrorKind, StoreError};
use rusqlite::ErrorCode;

/// The kind of a failure that SQLite reports.
pub(crate) fn kind(error: &rusqlite::Error) -> ErrorKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Busy,
        Some(ErrorCode::DiskFull) => ErrorKind::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => ErrorKind::Damaged,
        Some(ErrorCode::CannotOpen) => ErrorKind::Gone,
        _ => ErrorKind::Other,
    }
}

/// SQLite's error as that of a store.
pub(crate) fn of(error: rusqlite::Error) -> StoreError {
    StoreError::new(kind(&error), error.to_string())
}

/// The error of a database that cannot be used, with its path.
pub(crate) fn at(path: &Path) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |error| StoreError::new(kind(&error), cannot_be_used(path, &error))
}

/// The words for that.
pub(crate) fn cannot_be_used(path: &Path, error: &impl Display) -> String {
    format!("the database {} cannot be used: {error}", path.display())
}

/// The same, of what the system said.
pub fn from_io(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |error| at(path)(cannot_open(error))
}

/// SQLite's word for a file that cannot be opened, with what the system said of it.
pub(crate) fn cannot_open(error: io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}
