//! Rows that cannot be read: one of them is no reason to read none.

use aiwg_store::Reports;

/// True if this one row cannot be read, and not the database.
pub(crate) fn is_unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)
    )
}

/// The rows that can be read. That others cannot is reported.
pub(super) fn readable<T>(
    rows: impl Iterator<Item = rusqlite::Result<T>>,
    reports: &Reports,
) -> rusqlite::Result<Vec<T>> {
    let mut read = Vec::new();
    for row in rows {
        if let Some(row) = one(row, reports)? {
            read.push(row);
        }
    }
    Ok(read)
}

/// A row, if it can be read.
pub(super) fn one<T>(row: rusqlite::Result<T>, reports: &Reports) -> rusqlite::Result<Option<T>> {
    match row {
        Err(error) if is_unreadable(&error) => {
            tracing::debug!(%error, "a row of the database cannot be read, and is passed over");
            let message = format!(
                "rows of the database cannot be read and are passed over ({error}): it was edited, or is damaged; \
                 `sqlite3 .aiwg/daemon/daemon.db` shows them"
            );
            reports.report(message);
            Ok(None)
        }
        row => row.map(Some),
    }
}
