//! The tasks that matter now.

use aiwg_model::TaskRow;
use aiwg_store::Result;

use super::{
    driver::{Connection, prepare},
    queue,
    read::SqlReader,
    row::{TASK_HEAD_COLUMNS, read_task},
    value::values,
};

impl<C: Connection> SqlReader<C> {
    /// The tasks that run, the first of the queue in the order in which they will start (those that wait for others last), and those that
    /// have ended last: each with no more than the beginning of its prompt, [`aiwg_model::PROMPT_HEAD`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn overview(&self, queued: u32, finished: u32) -> Result<Vec<TaskRow>> {
        self.with(|connection| {
            let select = |condition: &str, limit: u32| -> Result<Vec<TaskRow>> {
                let sql = format!("SELECT {TASK_HEAD_COLUMNS} FROM task WHERE {condition} LIMIT ?");
                let mut select = prepare(connection, &sql)?;
                select.readable(values![limit], |row| read_task(row), self.reports())
            };
            let mut tasks = select("state = 'running' ORDER BY no DESC", u32::MAX)?;
            tasks.extend(queue::queued(connection, queued, self.reports())?);
            tasks.extend(select("completed_at IS NOT NULL ORDER BY completed_at DESC, no DESC", finished)?);
            Ok(tasks)
        })
    }
}
