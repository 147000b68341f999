//! Finding the tasks that many are cancelled or retried of, and what a retry leaves behind.

use aiwg_model::TaskNo;
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::{Result, Selection};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::{Millis, Number, number},
    value::{ToValue, values},
    write::Writer,
};

impl<C: Connection> SqlReader<C> {
    /// The tasks whose record of protected files others compare with, each with the time at which the last of these has ended; none while one of them
    /// has not.
    pub fn records_in_use(&self) -> Result<Vec<(TaskNo, Option<Timestamp>)>> {
        self.with(|connection| {
            let sql = "SELECT record, max(completed_at), count(*) FILTER (WHERE state IN ('queued', 'running'))
                 FROM (SELECT CASE WHEN json_valid(terms) THEN CAST(json_extract(terms, '$.protected.task') AS BIGINT) END AS record,
                           completed_at, state
                       FROM task WHERE terms LIKE '%\"protected\"%') AS compared
                 WHERE record IS NOT NULL GROUP BY record ORDER BY record";
            let mut select = prepare(connection, sql)?;
            select.readable(&[], |row| {
                let ended = row.get::<Option<Millis>>(1)?.map(|at| at.0).filter(|_| row.get(2).is_ok_and(|open: i64| open == 0));
                Ok((row.get::<Number>(0)?.0, ended))
            }, &self.reports)
        })
    }
}

impl<C: Connection> Writer<C> {
    /// The tasks that meet the conditions and are in one of these states, the oldest first, `limit` at the most.
    pub fn select(
        &self,
        selection: &Selection,
        states: &[TaskState],
        not_retried: bool,
        limit: usize,
    ) -> Result<Vec<TaskNo>> {
        let states: Vec<&str> = states
            .iter()
            .filter(|state| selection.state.is_none_or(|only| only == **state))
            .map(|state| state.name())
            .collect();
        let since = selection.since.map(Millis);
        if states.is_empty() {
            // Not every database takes an empty list.
            return Ok(Vec::new());
        }
        let places = vec!["?"; states.len()].join(", ");
        let mut sql = format!("SELECT no FROM task WHERE state IN ({places})");
        let mut values = states.iter().map(ToValue::to_value).collect::<Result<Vec<_>>>()?;
        if let Some(agent) = &selection.agent {
            sql.push_str(" AND agent = ?");
            values.push(agent.to_value()?);
        }
        if let Some(rule) = &selection.rule {
            sql.push_str(" AND rule = ?");
            values.push(rule.to_value()?);
        }
        if let Some(since) = &since {
            sql.push_str(" AND coalesce(completed_at, created_at) >= ?");
            values.push(since.to_value()?);
        }
        if not_retried {
            sql.push_str(" AND retried_as IS NULL");
        }
        sql.push_str(" ORDER BY no LIMIT ?");
        values.push(limit.to_value()?);
        self.statement(&sql)?.all(&values, |row| number(row))
    }

    /// Notes that a task's order is carried out again, by this new one.
    pub fn note_retry(&mut self, no: TaskNo, again: TaskNo) -> Result<()> {
        self.statement("UPDATE task SET retried_as = ?2, in_vain_for = NULL WHERE no = ?1")?
            .execute(values![Number(no), Number(again)])?;
        // It has the prompt that this revision of the rule gave it.
        self.statement("UPDATE task SET retry_of = ?1, revision = (SELECT revision FROM task WHERE no = ?1) WHERE no = ?2")?
            .execute(values![Number(no), Number(again)])?;
        Ok(())
    }

    /// The task as which the order of this one was carried out again last, if it was.
    pub fn retried_as(&self, no: TaskNo) -> Result<Option<TaskNo>> {
        let retry =
            self.statement("SELECT retried_as FROM task WHERE no = ?")?.first(values![Number(no)], |row| {
                Ok(row.get::<Option<i64>>(0)?.and_then(|no| u64::try_from(no).ok()).map(TaskNo))
            });
        retry.map(Option::flatten)
    }

    /// Notes that a task was cancelled since it was to start after this one.
    pub fn note_in_vain(&mut self, no: TaskNo, after: TaskNo) -> Result<()> {
        self.statement("UPDATE task SET in_vain_for = ?2 WHERE no = ?1")?
            .execute(values![Number(no), Number(after)])?;
        Ok(())
    }

    /// The tasks that were cancelled since they were to start after this one, and have not come back.
    pub fn in_vain_for(&self, no: TaskNo) -> Result<Vec<TaskNo>> {
        self.statement("SELECT no FROM task INDEXED BY task_in_vain WHERE in_vain_for = ? ORDER BY no")?
            .all(values![Number(no)], |row| number(row))
    }
}
