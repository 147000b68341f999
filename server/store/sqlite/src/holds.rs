//! Holds on queued tasks.
//!
//! Each hold is a row, and each task has the number of its holds: the queue is an index over those that have none.

use aiwg_model::{Hold, TaskNo};
use aiwg_protocol::types::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{
    read::SqliteReader,
    row::{Millis, Number, number},
    write::SqliteStore,
};

/// A task and those that must complete before it can start, some of them where there are very many.
const NEEDED: &str = "WITH RECURSIVE needed (no) AS (
         SELECT ?1 UNION SELECT CAST(key AS INTEGER) FROM hold JOIN needed ON task = needed.no AND kind = 'after' LIMIT 1000)
     SELECT no FROM needed";

/// The first of the holds that end by themselves.
const NEXT_RELEASE: &str = "SELECT min(until) FROM hold WHERE until IS NOT NULL AND until > ?";

impl SqliteReader {
    /// This task and those that must complete before it can start, some of them where there are very many.
    pub(crate) fn needed(&self, task: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        self.with(|connection| {
            connection.prepare_cached(NEEDED)?.query_map([Number(task)], number)?.collect()
        })
    }

    /// The holds of a task.
    pub(crate) fn holds(&self, task: TaskNo) -> rusqlite::Result<Vec<Hold>> {
        self.with(|connection| holds(connection, task))
    }
}

impl SqliteStore {
    /// Keeps a queued task from starting. False if it is held by that already; then it is not held twice, and its time stays.
    pub(crate) fn hold(&mut self, task: TaskNo, hold: &Hold) -> rusqlite::Result<bool> {
        let placed = self
            .statement("INSERT OR IGNORE INTO hold (task, kind, key, until) VALUES (?, ?, ?, ?)")?
            .execute(params![Number(task), hold.kind, hold.key, hold.until.map(Millis)])?;
        self.count_holds(task, placed)?;
        Ok(placed > 0)
    }

    /// Releases what is held by this, and gives the tasks that were, in the order of their numbers. Others may hold them still.
    pub(crate) fn release(&mut self, kind: &str, key: &str) -> rusqlite::Result<Vec<TaskNo>> {
        let held: Vec<TaskNo> = self
            .statement("SELECT task FROM hold WHERE kind = ? AND key = ? ORDER BY task")?
            .query_map(params![kind, key], number)?
            .collect::<rusqlite::Result<_>>()?;
        for task in &held {
            self.release_one(*task, kind, key)?;
        }
        Ok(held)
    }

    /// Releases one task of this. False if it was not held by it.
    pub(crate) fn release_one(&mut self, task: TaskNo, kind: &str, key: &str) -> rusqlite::Result<bool> {
        let released = self
            .statement("DELETE FROM hold WHERE task = ? AND kind = ? AND key = ?")?
            .execute(params![Number(task), kind, key])?;
        self.statement("UPDATE task SET waiting = max(waiting - ?2, 0) WHERE no = ?1")?
            .execute(params![Number(task), released])?;
        Ok(released > 0)
    }

    /// Releases all that is held by this kind.
    pub(crate) fn release_all(&mut self, kind: &str) -> rusqlite::Result<()> {
        let keys: Vec<String> = self
            .statement("SELECT DISTINCT key FROM hold WHERE kind = ?")?
            .query_map([kind], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        keys.iter().try_for_each(|key| self.release(kind, key).map(drop))
    }

    /// Releases what is held until now at the latest, and gives each task with what it was released of.
    pub(crate) fn release_due(&mut self, now: Timestamp) -> rusqlite::Result<Vec<(TaskNo, Hold)>> {
        let due: Vec<(TaskNo, Hold)> = self
            .statement(
                "SELECT task, kind, key, until FROM hold INDEXED BY hold_until
                 WHERE until IS NOT NULL AND until <= ? ORDER BY until, task",
            )?
            .query_map([Millis(now)], |row| Ok((number(row)?, hold_from(row, 1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (task, hold) in &due {
            self.release_one(*task, &hold.kind, &hold.key)?;
        }
        Ok(due)
    }

    /// The time at which the next hold ends by itself, of those that end after this moment; of all if none is given.
    pub(crate) fn next_release(&self, after: Option<Timestamp>) -> rusqlite::Result<Option<Timestamp>> {
        let after = after.map_or(i64::MIN, Timestamp::as_millis);
        self.statement(NEXT_RELEASE)?
            .query_row([after], |row| Ok(row.get::<_, Option<Millis>>(0)?.map(|at| at.0)))
    }

    /// The holds of a task.
    pub(crate) fn holds(&self, task: TaskNo) -> rusqlite::Result<Vec<Hold>> {
        holds(self.connection(), task)
    }

    /// This task and those that must complete before it can start, some of them where there are very many.
    pub(crate) fn needed(&self, task: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement(NEEDED)?.query_map([Number(task)], number)?.collect()
    }

    /// Deletes the holds of a task that has ended.
    pub(super) fn forget_holds(&mut self, task: TaskNo) -> rusqlite::Result<()> {
        self.statement("DELETE FROM hold WHERE task = ?")?.execute([Number(task)])?;
        Ok(())
    }

    fn count_holds(&mut self, task: TaskNo, more: usize) -> rusqlite::Result<()> {
        self.statement("UPDATE task SET waiting = waiting + ?2 WHERE no = ?1")?
            .execute(params![Number(task), more])?;
        Ok(())
    }
}

fn holds(connection: &Connection, task: TaskNo) -> rusqlite::Result<Vec<Hold>> {
    let mut select =
        connection.prepare_cached("SELECT kind, key, until FROM hold WHERE task = ? ORDER BY kind, key")?;
    select.query_map([Number(task)], |row| hold_from(row, 0))?.collect()
}

fn hold_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Hold> {
    Ok(Hold {
        kind: row.get::<_, String>(from)?.into(),
        key: row.get(from + 1)?,
        until: row.get::<_, Option<Millis>>(from + 2)?.map(|at| at.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_holds_end_is_known_by_an_index() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let plan: String = store
            .connection()
            .query_row(&format!("EXPLAIN QUERY PLAN {NEXT_RELEASE}"), [0], |row| row.get(3))
            .unwrap();
        assert_eq!(plan, "SEARCH hold USING COVERING INDEX hold_until (until>?)");
    }
}
