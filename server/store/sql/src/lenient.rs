//! Rows that cannot be read: one of them is no reason to read none.

use aiwg_store::{ErrorKind, Reports, Result, StoreError};

/// True if this one row cannot be read, and not the database.
pub(crate) fn is_unreadable(error: &StoreError) -> bool {
    error.kind() == ErrorKind::Row
}

/// A row, if it can be read.
pub(crate) fn one<T>(row: Result<T>, reports: &Reports) -> Result<Option<T>> {
    match row {
        Err(error) if is_unreadable(&error) => {
            tracing::debug!(%error, "a row of the database cannot be read, and is passed over");
            let message = format!(
                "rows of the database cannot be read and are passed over ({error}): it was edited, or is damaged"
            );
            reports.report(message);
            Ok(None)
        }
        row => row.map(Some),
    }
}
