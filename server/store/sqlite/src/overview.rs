//! The tasks that matter now.

use aiwg_model::TaskRow;

use super::{
    lenient::readable,
    queue,
    read::SqliteReader,
    row::{TASK_HEAD_COLUMNS, read_task},
};

impl SqliteReader {
    /// The tasks that run, the first of the queue in the order in which they will start (those that wait for others last), and those that
    /// have ended last: each with no more than the beginning of its prompt, [`aiwg_model::PROMPT_HEAD`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn overview(&self, queued: u32, finished: u32) -> rusqlite::Result<Vec<TaskRow>> {
        self.with(|connection| {
            let select = |condition: &str, limit: u32| -> rusqlite::Result<Vec<TaskRow>> {
                let sql = format!("SELECT {TASK_HEAD_COLUMNS} FROM task WHERE {condition} LIMIT ?");
                let mut select = connection.prepare_cached(&sql)?;
                readable(select.query_map([limit], read_task)?, self.reports())
            };
            let mut tasks = select("state = 'running' ORDER BY no DESC", u32::MAX)?;
            tasks.extend(queue::queued(connection, queued, self.reports())?);
            tasks.extend(select("completed_at IS NOT NULL ORDER BY completed_at DESC, no DESC", finished)?);
            Ok(tasks)
        })
    }
}
