//! The runs of tasks: a row for each, written at its start and at its end.

use aiwg_model::{EndReason, Outcome, RunId, RunRow, RunStart, RunTree, TaskNo};
use aiwg_protocol::types::{Json, TaskUsage, Timestamp};
use aiwg_store::{Reports, Result};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::{AsJson, Millis, Number},
    usage::MOST,
    value::values,
    write::Writer,
};

pub(super) const RUN_COLUMNS: &str = "n, kind, started_at, ended_at, reason, exit_code, signal, dir, session, cost_usd, turns, \
     input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, reserved_usd, detail, charged_usd, profile, cap_usd, tree, host";

/// Number of these columns.
pub(super) const RUN_COLUMNS_COUNT: usize = 22;

impl<C: Connection> Writer<C> {
    /// Notes that a run begins, in place of one that was noted under its number.
    pub fn begin_run(&mut self, run: &RunStart<'_>) -> Result<()> {
        self.statement(
            "INSERT INTO run (task, n, kind, started_at, dir, reserved_usd, profile, cap_usd, host) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (task, n) DO UPDATE SET kind = excluded.kind, started_at = excluded.started_at, dir = excluded.dir,
                 reserved_usd = excluded.reserved_usd, profile = excluded.profile, cap_usd = excluded.cap_usd, host = excluded.host,
                 ended_at = NULL,
                 reason = NULL, exit_code = NULL, signal = NULL, session = NULL, cost_usd = NULL, turns = NULL,
                 input_tokens = NULL, output_tokens = NULL, cache_read_tokens = NULL, cache_creation_tokens = NULL,
                 detail = NULL, charged_usd = NULL, tree = NULL",
        )?
            .send(values![
                Number(run.id.task),
                run.id.n,
                run.kind,
                Millis(run.at),
                run.dir,
                run.reserved_usd,
                run.profile,
                run.cap_usd,
                run.host,
            ])?;
        Ok(())
    }

    /// Notes how a run ended.
    pub fn end_run(&mut self, run: RunId, outcome: &Outcome, at: Timestamp) -> Result<()> {
        let usage = outcome.usage.as_ref();
        let counted = |count: fn(&TaskUsage) -> u64| usage.map(|usage| count(usage).min(MOST));
        self.statement(
            "UPDATE run SET ended_at = ?3, reason = ?4, exit_code = ?5, signal = ?6, session = ?7, cost_usd = ?8, turns = ?9,
                 input_tokens = ?10, output_tokens = ?11, cache_read_tokens = ?12, cache_creation_tokens = ?13, detail = ?14
             WHERE task = ?1 AND n = ?2",
        )?
        .send(values![
            Number(run.task),
            run.n,
            Millis(at),
            outcome.reason.name(),
            outcome.exit_code,
            outcome.signal,
            usage.and_then(|usage| usage.session_id.as_ref()),
            usage.and_then(|usage| usage.cost_usd),
            counted(|usage| usage.turns),
            counted(|usage| usage.input_tokens),
            counted(|usage| usage.output_tokens),
            counted(|usage| usage.cache_read_tokens),
            counted(|usage| usage.cache_creation_tokens),
            outcome.detail.as_ref().map(Json::as_str),
        ])?;
        Ok(())
    }

    /// Notes the work tree of a run.
    pub fn set_tree(&mut self, run: RunId, tree: &RunTree) -> Result<()> {
        self.statement("UPDATE run SET tree = ?3 WHERE task = ?1 AND n = ?2")?.send(values![
            Number(run.task),
            run.n,
            AsJson(tree)
        ])?;
        Ok(())
    }

    /// The runs of a task, in the order of their numbers.
    pub fn runs(&self, task: TaskNo) -> Result<Vec<RunRow>> {
        runs(self.connection(), task, &self.reports)
    }

    /// The runs of all tasks that run, each task's in the order of their numbers.
    pub fn runs_of_running(&self) -> Result<Vec<RunRow>> {
        let mut select = self.statement(&format!(
            "SELECT {RUN_COLUMNS}, task FROM run WHERE task IN (SELECT no FROM task WHERE state = 'running') ORDER BY task, n"
        ))?;
        select.readable(&[], |row| read_run(row.get::<Number>(RUN_COLUMNS_COUNT)?.0, row), &self.reports)
    }

    /// Ends the open runs of a task that has failed since its row cannot be read.
    pub(super) fn end_open_runs(&mut self, task: TaskNo, at: Timestamp) -> Result<()> {
        self.statement("UPDATE run SET ended_at = ?2, reason = ?3 WHERE task = ?1 AND ended_at IS NULL")?
            .execute(values![Number(task), Millis(at), EndReason::LOST.name()])?;
        Ok(())
    }

    /// The runs of a task go with it.
    pub(super) fn forget_runs(&mut self, task: TaskNo) -> Result<()> {
        self.statement("DELETE FROM run WHERE task = ?")?.execute(values![Number(task)])?;
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// The runs of a task, in the order of their numbers.
    pub fn runs(&self, task: TaskNo) -> Result<Vec<RunRow>> {
        self.with(|connection| runs(connection, task, &self.reports))
    }
}

fn runs<C: Connection>(connection: &C, task: TaskNo, reports: &Reports) -> Result<Vec<RunRow>> {
    let mut select =
        prepare(connection, &format!("SELECT {RUN_COLUMNS} FROM run WHERE task = ? ORDER BY n"))?;
    select.readable(values![Number(task)], |row| read_run(task, row), reports)
}

/// A run of this task, of the columns of [`RUN_COLUMNS`].
pub(super) fn read_run(task: TaskNo, row: &impl Row) -> Result<RunRow> {
    Ok(RunRow {
        id: RunId { task, n: row.get(0)? },
        kind: row.get::<String>(1)?.into(),
        started_at: row.get::<Millis>(2)?.0,
        ended_at: row.get::<Option<Millis>>(3)?.map(|at| at.0),
        reason: row.get::<Option<String>>(4)?.map(EndReason::named),
        exit_code: row.get(5)?,
        signal: row.get(6)?,
        dir: row.get(7)?,
        usage: read_usage(row)?,
        profile: row.get(18)?,
        reserved_usd: row.get(15)?,
        cap_usd: row.get(19)?,
        charged_usd: row.get(17)?,
        // What is no JSON is passed over: nothing depends on it alone.
        detail: row.get::<Option<String>>(16)?.and_then(|text| Json::from_text(text).ok()),
        tree: row.get::<Option<String>>(20)?.and_then(|text| serde_json::from_str(&text).ok()),
        host: row.get(21)?,
    })
}

/// None where there is neither a cost nor a number of turns: then nothing was reported.
fn read_usage(row: &impl Row) -> Result<Option<TaskUsage>> {
    let (cost_usd, turns): (Option<f64>, Option<u64>) = (row.get(9)?, row.get(10)?);
    if cost_usd.is_none() && turns.is_none() {
        return Ok(None);
    }
    let counted = |column| row.get::<Option<u64>>(column).map(Option::unwrap_or_default);
    Ok(Some(TaskUsage {
        cost_usd,
        turns: counted(10)?,
        input_tokens: counted(11)?,
        output_tokens: counted(12)?,
        cache_read_tokens: counted(13)?,
        cache_creation_tokens: counted(14)?,
        session_id: row.get(8)?,
        permission_denials: Vec::new(),
    }))
}
