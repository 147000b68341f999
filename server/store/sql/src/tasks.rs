//! Tasks and their transitions.

use aiwg_model::{EndReason, Outcome, RunRow, StopReason, TaskNo, TaskRow, TaskSpec};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::Result;

use super::{
    driver::{Connection, Row},
    lenient::{is_unreadable, one},
    row::{AsJson, Millis, Number, TASK_BY_NO, TASK_COLUMNS, number, read_task, task_of},
    value::values,
    write::Writer,
};

/// The error of a task that has failed since its row cannot be read.
const UNREADABLE: &str = "its row in the database could not be read: it was edited, or is damaged. What could not be read of it is gone";

/// In this time whoever waits gains one priority, in milliseconds: an hour. What is queued already has it counted in.
pub(super) const AGEING_MS: i64 = 3_600_000;

impl<C: Connection> Writer<C> {
    /// Finds since when the last task in the queue waits.
    pub(super) fn load_waits_since(&mut self) -> Result<()> {
        let last = self
            .statement("SELECT CAST(place + priority * ?1 AS BIGINT) FROM task WHERE state = 'queued' ORDER BY no DESC LIMIT 1")?
            .first(values![AGEING_MS], |row| row.get(0))?;
        self.waits_since = last.unwrap_or_default();
        Ok(())
    }

    /// Puts a task into the queue.
    pub fn insert_task(&mut self, no: TaskNo, task: &TaskSpec, at: Timestamp) -> Result<()> {
        // Where the clock was set back, nobody gets ahead of those who were here before.
        self.waits_since = self.waits_since.max(at.as_millis());
        let place = self.waits_since.saturating_sub(AGEING_MS * i64::from(task.priority));
        self.statement(
            "INSERT INTO task (no, state, prompt, agent, priority, timeout_ms, env, metadata, cause, created_at, after, event, rule,
                               conversation, place, lane, lane_priority, class, terms, expires_at, parent, origin, revision)
             VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .send(values![
            Number(no),
            task.prompt,
            task.agent,
            task.priority,
            task.timeout_ms,
            AsJson(&task.env),
            AsJson(&task.metadata),
            task.cause.as_ref().map(AsJson),
            Millis(at),
            (!task.after.is_empty()).then_some(AsJson(&task.after)),
            task.cause.as_ref().and_then(|cause| cause.event),
            task.rule,
            task.conversation,
            place,
            task.lane,
            task.lane_priority,
            task.class,
            (!task.terms.is_usual()).then_some(AsJson(&task.terms)),
            task.expires_at.map(Millis),
            task.cause.as_ref().and_then(task_of).map(Number),
            task.origin,
            task.revision,
        ])?;
        self.count(None, Some(TaskState::Queued));
        Ok(())
    }

    /// The task of these that starts next.
    pub fn next_of(&self, tasks: &[TaskNo]) -> Result<Option<TaskNo>> {
        self.statement(
            "SELECT no FROM task WHERE no IN (SELECT value FROM json_each(?)) AND state = 'queued' AND waiting = 0
             ORDER BY place, no LIMIT 1",
        )?
        .first(values![AsJson(tasks)], |row| number(row))
    }

    /// A task.
    pub fn task(&self, no: TaskNo) -> Result<Option<TaskRow>> {
        self.statement(TASK_BY_NO)?.first(values![Number(no)], |row| read_task(row))
    }

    /// A task; none if there is none, or if its row cannot be read, which is reported then.
    pub fn task_if_readable(&self, no: TaskNo) -> Result<Option<TaskRow>> {
        one(self.task(no), &self.reports).map(Option::flatten)
    }

    /// The state of a task; none if there is no such task. A task in a state that does not exist has failed.
    pub fn task_state(&self, no: TaskNo) -> Result<Option<TaskState>> {
        let state: Option<String> = self
            .statement("SELECT CAST(state AS TEXT) FROM task WHERE no = ?")?
            .first(values![Number(no)], |row| row.get(0))?;
        Ok(state.map(|state| state.parse().unwrap_or(TaskState::Failed)))
    }

    /// The tasks that are running.
    pub fn running(&self) -> Result<Vec<TaskRow>> {
        let mut select =
            self.statement(&format!("SELECT {TASK_COLUMNS} FROM task WHERE state = 'running' ORDER BY no"))?;
        select.readable(&[], |row| read_task(row), &self.reports)
    }

    /// The numbers of the tasks that are running, be their rows readable or not.
    pub fn running_numbers(&self) -> Result<Vec<TaskNo>> {
        let mut select = self.statement("SELECT no FROM task WHERE state = 'running' ORDER BY no")?;
        select.readable(&[], |row| number(row), &self.reports)
    }

    /// A task that has to go on; none if there is none, or if its row cannot be read. That one has failed then: nobody knows what it was to
    /// do, and what waits for it must not wait for ever.
    pub fn task_or_fail(&mut self, no: TaskNo, at: Timestamp) -> Result<Option<TaskRow>> {
        let read = self.task(no);
        match read {
            Err(error) if is_unreadable(&error) => {
                one::<()>(Err(error), &self.reports)?;
                self.fail_unreadable(no, at)?;
                Ok(None)
            }
            read => read,
        }
    }

    /// Whatever is in the row, it is one of a task that has failed.
    fn fail_unreadable(&mut self, no: TaskNo, at: Timestamp) -> Result<()> {
        let was: String = self
            .statement("SELECT CAST(state AS TEXT) FROM task WHERE no = ?")?
            .only(values![Number(no)], |row| row.get(0))?;
        self.statement(
            "UPDATE task SET state = 'failed', completed_at = ?2, error = ?3, env = '{}', metadata = '{}', cause = NULL, after = NULL,
                 usage = NULL, ending = NULL, reason = 'lost', lane = NULL, class = '', terms = NULL, expires_at = NULL, priority = 0, lane_priority = 0, timeout_ms = NULL, launch = 0, attempts = 0, waiting = 0,
                 prompt = CAST(prompt AS TEXT), agent = CAST(agent AS TEXT), rule = CAST(rule AS TEXT),
                 conversation = CAST(conversation AS TEXT), created_at = CAST(created_at AS BIGINT), started_at = NULL,
                 exit_code = NULL, signal = NULL, result = NULL, processes_ended = NULL, processes_left = NULL
             WHERE no = ?1",
        )?
        .execute(values![Number(no), Millis(at), UNREADABLE])?;
        if self.task(no).is_err_and(|error| is_unreadable(&error)) {
            // Not even its texts are any.
            self.statement(
                "UPDATE task SET prompt = '', agent = NULL, rule = NULL, conversation = NULL, created_at = ?2 WHERE no = ?1",
            )?
            .execute(values![Number(no), Millis(at)])?;
        }
        self.forget_holds(no)?;
        self.end_open_runs(no, at)?;
        // One in a state that does not exist was counted nowhere.
        self.count(was.parse().ok(), Some(TaskState::Failed));
        Ok(())
    }

    /// Queued to running.
    pub fn start(&mut self, no: TaskNo, at: Timestamp) -> Result<TaskRow> {
        let started = self
            .statement(&format!(
                "UPDATE task SET state = 'running', started_at = ?2, launch = launch + 1, attempts = attempts + 1
                 WHERE no = ?1 AND state = 'queued' RETURNING {TASK_COLUMNS}"
            ))?
            .only(values![Number(no), Millis(at)], |row| read_task(row))?;
        self.count(Some(TaskState::Queued), Some(TaskState::Running));
        Ok(started)
    }

    /// Running to queued again. It was an attempt only if `started`: if an agent was started.
    pub fn requeue(&mut self, no: TaskNo, started: bool) -> Result<()> {
        self.statement(
            "UPDATE task SET state = 'queued', started_at = NULL, attempts = attempts - ?2, ending = NULL
             WHERE no = ?1 AND state = 'running'",
        )?
        .execute_one(values![Number(no), u32::from(!started)])?;
        self.count(Some(TaskState::Running), Some(TaskState::Queued));
        Ok(())
    }

    /// Notes why a running task is being ended, so that it ends in the right state even if this daemon does not see it end.
    pub fn mark_ending(&mut self, no: TaskNo, ending: StopReason) -> Result<()> {
        self.statement("UPDATE task SET ending = ?2 WHERE no = ?1")?.send(values![Number(no), ending.name()])
    }

    /// From `from` to the final state of `outcome`.
    pub fn finish(&mut self, no: TaskNo, from: TaskState, outcome: &Outcome, at: Timestamp) -> Result<()> {
        self
            .statement(
                "UPDATE task SET state = ?3, completed_at = ?4, exit_code = ?5, error = ?6, result = ?7, signal = ?8,
                    processes_ended = ?9, processes_left = ?10, usage = ?11, reason = ?12, waiting = 0
                 WHERE no = ?1 AND state = ?2",
            )?
            .execute_one(values![
                Number(no),
                from.name(),
                outcome.state.name(),
                Millis(at),
                outcome.exit_code,
                outcome.error,
                outcome.result,
                outcome.signal,
                outcome.processes.map(|processes| processes.ended),
                outcome.processes.map(|processes| processes.left),
                outcome.usage.as_ref().map(AsJson),
                outcome.reason.name(),
            ])?;
        if from == TaskState::Queued {
            self.forget_holds(no)?;
            self.count_last_run(no)?;
        }
        self.count(Some(from), Some(outcome.state));
        self.count_reason(outcome.reason.name())
    }

    /// A task that ends in the queue was put off at most: its agent was started by then, if it was started at all, and that was an attempt.
    fn count_last_run(&mut self, no: TaskNo) -> Result<()> {
        self.statement(
            "UPDATE task SET attempts = CASE WHEN attempts < 1 THEN 1 ELSE attempts END, started_at = worked.since FROM
                 (SELECT max(started_at) AS since FROM run WHERE task = ?1 AND kind = ?2 AND reason <> ?3) AS worked
             WHERE no = ?1 AND launch > 0 AND worked.since IS NOT NULL",
        )?
        .send(values![Number(no), RunRow::AGENT, EndReason::NOT_STARTED.name()])
    }
}
