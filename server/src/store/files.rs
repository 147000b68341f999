//! Up to when changes of files have been told, so that the next daemon goes on from there.

use aiwg_protocol::types::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{row::Millis, write::Store};

/// Up to when changes of files have been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilesTold {
    /// All that changed before this moment.
    pub at: Timestamp,
    /// Whether the daemon was stopped then, and not to go on at once.
    pub stopped: bool,
}

impl Store {
    /// Up to when they have been told; none if files were not watched.
    pub(crate) fn files_told(&self) -> rusqlite::Result<Option<FilesTold>> {
        self.statement("SELECT at, stopped FROM files_told")?
            .query_row([], |row| Ok(FilesTold { at: row.get::<_, Millis>(0)?.0, stopped: row.get(1)? }))
            .optional()
    }

    /// Notes up to when they have been told; none when files are no longer watched.
    pub(crate) fn set_files_told(&mut self, told: Option<FilesTold>) -> rusqlite::Result<()> {
        match told {
            Some(FilesTold { at, stopped }) => self
                .statement("INSERT OR REPLACE INTO files_told (id, at, stopped) VALUES (0, ?, ?)")?
                .execute(params![Millis(at), stopped])?,
            None => self.statement("DELETE FROM files_told")?.execute([])?,
        };
        Ok(())
    }
}
