//! The positions of sources.

use std::collections::HashMap;

use aiwg_model::{Cursor, OnlyIf};
use aiwg_protocol::types::Timestamp;
use aiwg_store::Reports;
use rusqlite::{Connection, OptionalExtension, params};

use super::{lenient::readable, read::SqliteReader, row::Millis, write::SqliteStore};

impl SqliteStore {
    /// The positions of a source's cursors, by their keys.
    pub(crate) fn cursors(&self, source: &str) -> rusqlite::Result<HashMap<String, String>> {
        cursors(self.connection(), source, &self.reports)
    }

    /// True if a cursor is where it must be to be moved.
    pub(crate) fn may_move(&self, cursor: &Cursor) -> rusqlite::Result<bool> {
        let Cursor { source, key, only_if, .. } = cursor;
        Ok(*only_if == OnlyIf::Always || OnlyIf::still(self.cursor(source, key)?.as_ref()) == *only_if)
    }

    /// Moves a cursor, wherever it is.
    pub(crate) fn move_cursor(&mut self, cursor: &Cursor) -> rusqlite::Result<()> {
        let Cursor { source, key, value, only_if: _, until } = cursor;
        match value {
            Some(value) => self
                .statement("INSERT OR REPLACE INTO cursor (source, key, value, until) VALUES (?, ?, ?, ?)")?
                .execute(params![source, key, value, until.map(Millis)])?,
            None => self
                .statement("DELETE FROM cursor WHERE source = ? AND key = ?")?
                .execute(params![source, key])?,
        };
        Ok(())
    }

    /// The position of one cursor of a source.
    pub(crate) fn cursor(&self, source: &str, key: &str) -> rusqlite::Result<Option<String>> {
        self.statement("SELECT value FROM cursor WHERE source = ? AND key = ?")?
            .query_row(params![source, key], |row| row.get(0))
            .optional()
    }

    /// Forgets those cursors whose time is over, `limit` at the most. Returns their number.
    pub(crate) fn prune_cursors(&mut self, now: Timestamp, limit: u64) -> rusqlite::Result<usize> {
        self.statement(
            "DELETE FROM cursor WHERE (source, key) IN (
                 SELECT source, key FROM cursor WHERE until IS NOT NULL AND until < ? ORDER BY until LIMIT ?)",
        )?
        .execute(params![Millis(now), limit])
    }
}

impl SqliteReader {
    /// The positions of a source's cursors, by their keys.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn cursors(&self, source: &str) -> rusqlite::Result<HashMap<String, String>> {
        self.with(|connection| cursors(connection, source, &self.reports))
    }
}

fn cursors(
    connection: &Connection,
    source: &str,
    reports: &Reports,
) -> rusqlite::Result<HashMap<String, String>> {
    let mut select = connection.prepare_cached("SELECT key, value FROM cursor WHERE source = ?")?;
    let rows = select.query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(readable(rows, reports)?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_moves_only_from_where_it_must_be_and_is_forgotten_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let at = Timestamp::from_millis;
        let to = |value: &str, only_if| Cursor { only_if, ..Cursor::moved("a", "k", value) };
        let mut moves = |cursor: &Cursor| {
            let may = store.may_move(cursor).unwrap();
            if may {
                store.move_cursor(cursor).unwrap();
            }
            may
        };
        assert!(!moves(&to("1", OnlyIf::At("0".to_owned()))));
        assert!(moves(&to("1", OnlyIf::Unseen)));
        assert!(!moves(&to("2", OnlyIf::Unseen)));
        assert!(moves(&to("2", OnlyIf::At("1".to_owned()))));
        assert!(moves(&to("3", OnlyIf::Always)));
        let seen = |key: &str, until| Cursor { until, ..Cursor::moved("b", key, "") };
        for cursor in [seen("old", Some(at(1))), seen("new", Some(at(9))), seen("for ever", None)] {
            assert!(moves(&cursor));
        }
        assert_eq!(store.prune_cursors(at(5), 10).unwrap(), 1);
        let reader = SqliteReader::open(&dir.path().join("db")).unwrap();
        assert_eq!(reader.cursors("a").unwrap(), HashMap::from([("k".to_owned(), "3".to_owned())]));
        let mut left: Vec<String> = reader.cursors("b").unwrap().into_keys().collect();
        left.sort();
        assert_eq!(left, ["for ever", "new"]);
        store.move_cursor(&Cursor { value: None, ..to("", OnlyIf::Always) }).unwrap();
        assert!(store.cursors("a").unwrap().is_empty());
    }
}
