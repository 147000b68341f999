//! Which tasks wait for which.

use rusqlite::params;

use super::{row::TaskNo, write::Store};

impl Store {
    /// Notes that `task`, which has just been put into the queue, waits for these, none of which has completed yet.
    pub(crate) fn wait_for(&mut self, task: TaskNo, after: &[TaskNo]) -> rusqlite::Result<()> {
        let mut insert = self.statement("INSERT INTO dependency (task, after) VALUES (?, ?)")?;
        for other in after {
            insert.execute(params![task, other])?;
        }
        drop(insert);
        self.statement("UPDATE task SET waiting = ?2 WHERE no = ?1")?.execute(params![task, after.len()])?;
        Ok(())
    }

    /// This task and those that must complete before it can start, some of them where there are very many.
    pub(crate) fn needed(&self, task: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement(
            "WITH RECURSIVE needed (no) AS (
                 SELECT ?1 UNION SELECT after FROM dependency JOIN needed ON task = needed.no LIMIT 1000)
             SELECT no FROM needed",
        )?
        .query_map([task], |row| row.get(0))?
        .collect()
    }

    /// The tasks that wait for this one, in the order of their numbers; from here on they do not any more.
    pub(crate) fn take_waiting(&mut self, after: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        let waiting: Vec<TaskNo> = self
            .statement("SELECT task FROM dependency WHERE after = ? ORDER BY task")?
            .query_map([after], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if !waiting.is_empty() {
            self.statement("DELETE FROM dependency WHERE after = ?")?.execute([after])?;
        }
        Ok(waiting)
    }

    /// One of the tasks that `task` waits for has completed.
    pub(crate) fn waits_for_one_less(&mut self, task: TaskNo) -> rusqlite::Result<()> {
        self.statement("UPDATE task SET waiting = waiting - 1 WHERE no = ?")?.execute([task])?;
        Ok(())
    }
}
