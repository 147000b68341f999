//! The positions of sources.

use std::collections::HashMap;

use aiwg_model::{Cursor, OnlyIf};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{Reports, Result};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::Millis,
    value::{texts, values},
    write::Writer,
};

impl<C: Connection> Writer<C> {
    /// The positions of a source's cursors, by their keys.
    pub fn cursors(&self, source: &str) -> Result<HashMap<String, String>> {
        cursors(self.connection(), source, &self.reports)
    }

    /// The cursors of several sources: the source, the key and the position of each.
    pub fn cursors_of(&self, sources: &[&str]) -> Result<Vec<(String, String, String)>> {
        let (marks, sources) = texts(sources);
        self.statement(&format!("SELECT source, key, value FROM cursor WHERE source IN ({marks})"))?.readable(
            &sources,
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            &self.reports,
        )
    }

    /// True if a cursor is where it must be to be moved.
    pub fn may_move(&self, cursor: &Cursor) -> Result<bool> {
        let Cursor { source, key, only_if, .. } = cursor;
        Ok(*only_if == OnlyIf::Always || OnlyIf::still(self.cursor(source, key)?.as_ref()) == *only_if)
    }

    /// Moves a cursor, wherever it is.
    pub fn move_cursor(&mut self, cursor: &Cursor) -> Result<()> {
        let Cursor { source, key, value, only_if: _, until } = cursor;
        match value {
            Some(value) => self
                .statement(
                    "INSERT INTO cursor (source, key, value, until) VALUES (?, ?, ?, ?)
                     ON CONFLICT (source, key) DO UPDATE SET value = excluded.value, until = excluded.until",
                )?
                .send(values![source, key, value, until.map(Millis)]),
            None => {
                self.statement("DELETE FROM cursor WHERE source = ? AND key = ?")?.send(values![source, key])
            }
        }
    }

    /// The position of one cursor of a source.
    pub fn cursor(&self, source: &str, key: &str) -> Result<Option<String>> {
        self.statement("SELECT value FROM cursor WHERE source = ? AND key = ?")?
            .first(values![source, key], |row| row.get(0))
    }

    /// Forgets those cursors whose time is over, `limit` at the most. Returns their number.
    pub fn prune_cursors(&mut self, now: Timestamp, limit: u64) -> Result<usize> {
        self.statement(
            "DELETE FROM cursor WHERE (source, key) IN (
                 SELECT source, key FROM cursor WHERE until IS NOT NULL AND until < ? ORDER BY until LIMIT ?)",
        )?
        .execute(values![Millis(now), limit])
    }
}

impl<C: Connection> SqlReader<C> {
    /// The positions of a source's cursors, by their keys.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn cursors(&self, source: &str) -> Result<HashMap<String, String>> {
        self.with(|connection| cursors(connection, source, &self.reports))
    }
}

fn cursors<C: Connection>(
    connection: &C,
    source: &str,
    reports: &Reports,
) -> Result<HashMap<String, String>> {
    let mut select = prepare(connection, "SELECT key, value FROM cursor WHERE source = ?")?;
    Ok(select.readable(values![source], |row| Ok((row.get(0)?, row.get(1)?)), reports)?.into_iter().collect())
}
