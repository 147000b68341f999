//! Tasks of another daemon.

use aiwg_model::{ImportedTask, TaskNo};
use aiwg_protocol::types::TaskState;
use aiwg_store::Result;

use super::{
    driver::Connection,
    row::{Millis, Number},
    value::values,
    write::Writer,
};

impl<C: Connection> Writer<C> {
    /// Takes over tasks. Those without a number get one above all others.
    pub fn import(&mut self, tasks: Vec<ImportedTask>) -> Result<()> {
        let (numbered, mut others): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| task.no.is_some());
        let (_, mut last) = self.last_numbers()?;
        for task in numbered {
            let Some(no) = task.no else { continue };
            // One id twice: the second is a task of its own.
            if self.task(no)?.is_none() {
                last = last.max(no.0);
                self.insert_imported(no, &task)?;
            } else {
                others.push(task);
            }
        }
        for task in others {
            last += 1;
            self.insert_imported(TaskNo(last), &task)?;
        }
        Ok(())
    }

    fn insert_imported(&mut self, no: TaskNo, task: &ImportedTask) -> Result<()> {
        self.insert_task(no, &task.spec, task.created_at)?;
        self.statement(
            "UPDATE task SET state = ?2, started_at = ?3, completed_at = ?4, attempts = ?5, exit_code = ?6, error = ?7,
                result = ?8
             WHERE no = ?1",
        )?
        .execute(values![
            Number(no),
            task.state.name(),
            task.started_at.map(Millis),
            task.completed_at.map(Millis),
            task.attempts,
            task.exit_code,
            task.error,
            task.result,
        ])?;
        self.count(Some(TaskState::Queued), Some(task.state));
        Ok(())
    }
}
