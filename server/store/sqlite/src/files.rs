//! Up to when changes of files have been told, so that the next daemon goes on from there.

use aiwg_model::WatchCursor;
use rusqlite::{OptionalExtension, params};

use super::{row::Millis, write::SqliteStore};

impl SqliteStore {
    /// Up to when they have been told; none if files were not watched.
    pub fn files_told(&self) -> rusqlite::Result<Option<WatchCursor>> {
        self.statement("SELECT at, stopped FROM files_told")?
            .query_row([], |row| Ok(WatchCursor { at: row.get::<_, Millis>(0)?.0, stopped: row.get(1)? }))
            .optional()
    }

    /// Notes up to when they have been told; none when files are no longer watched.
    pub fn set_files_told(&mut self, told: Option<WatchCursor>) -> rusqlite::Result<()> {
        match told {
            Some(WatchCursor { at, stopped }) => self
                .statement("INSERT OR REPLACE INTO files_told (id, at, stopped) VALUES (0, ?, ?)")?
                .execute(params![Millis(at), stopped])?,
            None => self.statement("DELETE FROM files_told")?.execute([])?,
        };
        Ok(())
    }
}
