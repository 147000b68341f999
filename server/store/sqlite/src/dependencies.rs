//! Which tasks wait for which.

use aiwg_model::TaskNo;
use rusqlite::params;

use super::{
    read::SqliteReader,
    row::{Number, number},
    write::SqliteStore,
};

/// A task and those that must complete before it can start, some of them where there are very many.
const NEEDED: &str = "WITH RECURSIVE needed (no) AS (
         SELECT ?1 UNION SELECT after FROM dependency JOIN needed ON task = needed.no LIMIT 1000)
     SELECT no FROM needed";

impl SqliteReader {
    /// This task and those that must complete before it can start, some of them where there are very many.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn needed(&self, task: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        self.with(|connection| {
            connection.prepare_cached(NEEDED)?.query_map([Number(task)], number)?.collect()
        })
    }
}

impl SqliteStore {
    /// Notes that `task`, which has just been put into the queue, waits for these, none of which has completed yet.
    pub(crate) fn wait_for(&mut self, task: TaskNo, after: &[TaskNo]) -> rusqlite::Result<()> {
        let mut insert = self.statement("INSERT INTO dependency (task, after) VALUES (?, ?)")?;
        for other in after {
            insert.execute(params![Number(task), Number(*other)])?;
        }
        drop(insert);
        self.statement("UPDATE task SET waiting = ?2 WHERE no = ?1")?
            .execute(params![Number(task), after.len()])?;
        Ok(())
    }

    /// This task and those that must complete before it can start, some of them where there are very many.
    pub(crate) fn needed(&self, task: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement(NEEDED)?.query_map([Number(task)], number)?.collect()
    }

    /// A queued task is not to start before it is told to: as if it waited for one more.
    pub(crate) fn rest(&mut self, task: TaskNo) -> rusqlite::Result<()> {
        self.statement("INSERT OR IGNORE INTO resting (task) VALUES (?)")?.execute([Number(task)])?;
        self.statement("UPDATE task SET waiting = waiting + 1 WHERE no = ?")?.execute([Number(task)])?;
        Ok(())
    }

    /// It has rested for long enough.
    pub(crate) fn rested(&mut self, task: TaskNo) -> rusqlite::Result<()> {
        if self.statement("DELETE FROM resting WHERE task = ?")?.execute([Number(task)])? > 0 {
            self.waits_for_one_less(task)?;
        }
        Ok(())
    }

    /// All of them have: while no daemon ran they did nothing else.
    pub(crate) fn all_rested(&mut self) -> rusqlite::Result<()> {
        let resting: Vec<TaskNo> =
            self.statement("SELECT task FROM resting")?.query_map([], number)?.collect::<Result<_, _>>()?;
        resting.into_iter().try_for_each(|task| self.rested(task))
    }

    /// The tasks that wait for this one, in the order of their numbers; from here on they do not any more.
    pub(crate) fn take_waiting(&mut self, after: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        let waiting: Vec<TaskNo> = self
            .statement("SELECT task FROM dependency WHERE after = ? ORDER BY task")?
            .query_map([Number(after)], number)?
            .collect::<rusqlite::Result<_>>()?;
        if !waiting.is_empty() {
            self.statement("DELETE FROM dependency WHERE after = ?")?.execute([Number(after)])?;
        }
        Ok(waiting)
    }

    /// One of the tasks that `task` waits for has completed.
    pub(crate) fn waits_for_one_less(&mut self, task: TaskNo) -> rusqlite::Result<()> {
        self.statement("UPDATE task SET waiting = waiting - 1 WHERE no = ?")?.execute([Number(task)])?;
        Ok(())
    }
}
