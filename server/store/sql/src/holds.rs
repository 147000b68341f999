//! Holds on queued tasks.
//!
//! Each hold is a row, and each task has the number of its holds: the queue is an index over those that have none.

use aiwg_model::{Hold, TaskNo};
use aiwg_protocol::types::Timestamp;
use aiwg_store::Result;

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::{Millis, Number, number},
    value::values,
    write::Writer,
};

/// A task and those that must complete before it can start, some of them where there are very many.
const NEEDED: &str = "WITH RECURSIVE needed (no) AS (
         SELECT CAST(?1 AS BIGINT) UNION
         SELECT CAST(key AS BIGINT) FROM hold JOIN needed ON hold.task = needed.no AND hold.kind = 'after')
     SELECT no FROM needed LIMIT 1000";

/// The first of the holds that end by themselves.
pub const NEXT_RELEASE: &str = "SELECT min(until) FROM hold WHERE until IS NOT NULL AND until > ?1";

impl<C: Connection> SqlReader<C> {
    /// This task and those that must complete before it can start, some of them where there are very many.
    pub fn needed(&self, task: TaskNo) -> Result<Vec<TaskNo>> {
        self.with(|connection| prepare(connection, NEEDED)?.all(values![Number(task)], |row| number(row)))
    }

    /// The holds of a task.
    pub fn holds(&self, task: TaskNo) -> Result<Vec<Hold>> {
        self.with(|connection| holds(connection, task))
    }
}

impl<C: Connection> Writer<C> {
    /// Keeps a queued task from starting. False if it is held by that already; then it is not held twice, and its time stays.
    pub fn hold(&mut self, task: TaskNo, hold: &Hold) -> Result<bool> {
        let placed = self
            .statement(
                "INSERT INTO hold (task, kind, key, until) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(values![Number(task), hold.kind, hold.key, hold.until.map(Millis)])?;
        self.count_holds(task, placed)?;
        Ok(placed > 0)
    }

    /// Releases what is held by this, and gives the tasks that were, in the order of their numbers. Others may hold them still.
    pub fn release(&mut self, kind: &str, key: &str) -> Result<Vec<TaskNo>> {
        let held: Vec<TaskNo> = self
            .statement("SELECT task FROM hold WHERE kind = ? AND key = ? ORDER BY task")?
            .all(values![kind, key], |row| number(row))?;
        for task in &held {
            self.release_one(*task, kind, key)?;
        }
        Ok(held)
    }

    /// Releases one task of this. False if it was not held by it.
    pub fn release_one(&mut self, task: TaskNo, kind: &str, key: &str) -> Result<bool> {
        let released = self
            .statement("DELETE FROM hold WHERE task = ? AND kind = ? AND key = ?")?
            .execute(values![Number(task), kind, key])?;
        self.statement(
            "UPDATE task SET waiting = CASE WHEN waiting > ?2 THEN waiting - ?2 ELSE 0 END WHERE no = ?1",
        )?
        .execute(values![Number(task), released])?;
        Ok(released > 0)
    }

    /// Releases all that is held by this kind.
    pub fn release_all(&mut self, kind: &str) -> Result<()> {
        let keys: Vec<String> = self
            .statement("SELECT DISTINCT key FROM hold WHERE kind = ?")?
            .all(values![kind], |row| row.get(0))?;
        keys.iter().try_for_each(|key| self.release(kind, key).map(drop))
    }

    /// Releases what is held until now at the latest, and gives each task with what it was released of.
    pub fn release_due(&mut self, now: Timestamp) -> Result<Vec<(TaskNo, Hold)>> {
        let due: Vec<(TaskNo, Hold)> = self
            .statement(
                "SELECT task, kind, key, until FROM hold INDEXED BY hold_until
                 WHERE until IS NOT NULL AND until <= ? ORDER BY until, task",
            )?
            .all(values![Millis(now)], |row| Ok((number(row)?, hold_from(row, 1)?)))?;
        for (task, hold) in &due {
            self.release_one(*task, &hold.kind, &hold.key)?;
        }
        Ok(due)
    }

    /// The holds of a task.
    pub fn holds(&self, task: TaskNo) -> Result<Vec<Hold>> {
        holds(self.connection(), task)
    }

    /// This task and those that must complete before it can start, some of them where there are very many.
    pub fn needed(&self, task: TaskNo) -> Result<Vec<TaskNo>> {
        self.statement(NEEDED)?.all(values![Number(task)], |row| number(row))
    }

    /// Deletes the holds of a task that has ended.
    pub(super) fn forget_holds(&mut self, task: TaskNo) -> Result<()> {
        self.statement("DELETE FROM hold WHERE task = ?")?.send(values![Number(task)])
    }

    fn count_holds(&mut self, task: TaskNo, more: usize) -> Result<()> {
        self.statement("UPDATE task SET waiting = waiting + ?2 WHERE no = ?1")?
            .execute(values![Number(task), more])?;
        Ok(())
    }
}

fn holds<C: Connection>(connection: &C, task: TaskNo) -> Result<Vec<Hold>> {
    let mut select =
        prepare(connection, "SELECT kind, key, until FROM hold WHERE task = ? ORDER BY kind, key")?;
    select.all(values![Number(task)], |row| hold_from(row, 0))
}

fn hold_from(row: &impl Row, from: usize) -> Result<Hold> {
    Ok(Hold {
        kind: row.get::<String>(from)?.into(),
        key: row.get(from + 1)?,
        until: row.get::<Option<Millis>>(from + 2)?.map(|at| at.0),
    })
}
