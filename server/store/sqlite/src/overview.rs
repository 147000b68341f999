//! The tasks that matter now.

use aiwg_model::TaskRow;

use super::{
    lenient::readable,
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
        let mut tasks = Vec::new();
        self.with(|connection| {
            let mut add = |condition: &str, limit: u32| -> rusqlite::Result<usize> {
                let sql = format!("SELECT {TASK_HEAD_COLUMNS} FROM task WHERE {condition} LIMIT ?");
                let before = tasks.len();
                let mut select = connection.prepare_cached(&sql)?;
                tasks.extend(readable(select.query_map([limit], read_task)?, self.reports())?);
                Ok(tasks.len() - before)
            };
            add("state = 'running' ORDER BY no DESC", u32::MAX)?;
            // One after the other: each is an index by itself.
            let ready = add("state = 'queued' AND waiting = 0 ORDER BY place, no", queued)?;
            let room = queued.saturating_sub(u32::try_from(ready).unwrap_or(u32::MAX));
            add("state = 'queued' AND waiting > 0 ORDER BY place, no", room)?;
            add("completed_at IS NOT NULL ORDER BY completed_at DESC, no DESC", finished)?;
            Ok(())
        })?;
        Ok(tasks)
    }
}
