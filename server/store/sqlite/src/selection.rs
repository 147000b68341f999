//! Finding the tasks that many are cancelled or retried of, and what a retry leaves behind.

use aiwg_model::TaskNo;
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::Selection;
use rusqlite::{OptionalExtension, ToSql, params};

use super::{
    lenient::readable,
    read::SqliteReader,
    row::{Millis, Number, number},
    write::SqliteStore,
};

impl SqliteReader {
    /// The tasks whose record of protected files others compare with, each with the time at which the last of these has ended; none while one of them
    /// has not.
    pub(crate) fn records_in_use(&self) -> rusqlite::Result<Vec<(TaskNo, Option<Timestamp>)>> {
        self.with(|connection| {
            let sql = "SELECT CASE WHEN json_valid(terms) THEN json_extract(terms, '$.protected.task') END AS first,
                        max(completed_at), max(state IN ('queued', 'running'))
                 FROM task WHERE terms LIKE '%\"protected\"%' GROUP BY first HAVING first IS NOT NULL ORDER BY first";
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map([], |row| {
                let ended = row.get::<_, Option<Millis>>(1)?.map(|at| at.0).filter(|_| row.get(2) == Ok(false));
                Ok((row.get::<_, Number>(0)?.0, ended))
            })?;
            readable(rows, &self.reports)
        })
    }
}

impl SqliteStore {
    /// The tasks that meet the conditions and are in one of these states, the oldest first, `limit` at the most.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        states: &[TaskState],
        not_retried: bool,
        limit: usize,
    ) -> rusqlite::Result<Vec<TaskNo>> {
        let states: Vec<&str> = states
            .iter()
            .filter(|state| selection.state.is_none_or(|only| only == **state))
            .map(|state| state.name())
            .collect();
        let since = selection.since.map(Millis);
        let places = vec!["?"; states.len()].join(", ");
        let mut sql = format!("SELECT no FROM task WHERE state IN ({places})");
        let mut values: Vec<&dyn ToSql> = states.iter().map(|state| state as &dyn ToSql).collect();
        if let Some(agent) = &selection.agent {
            sql.push_str(" AND agent = ?");
            values.push(agent);
        }
        if let Some(rule) = &selection.rule {
            sql.push_str(" AND rule = ?");
            values.push(rule);
        }
        if let Some(since) = &since {
            sql.push_str(" AND ifnull(completed_at, created_at) >= ?");
            values.push(since);
        }
        if not_retried {
            sql.push_str(" AND retried_as IS NULL");
        }
        sql.push_str(" ORDER BY no LIMIT ?");
        values.push(&limit);
        self.statement(&sql)?.query_map(&*values, number)?.collect()
    }

    /// Notes that a task's order is carried out again, by this new one.
    pub(crate) fn note_retry(&mut self, no: TaskNo, again: TaskNo) -> rusqlite::Result<()> {
        self.statement("UPDATE task SET retried_as = ?2, in_vain_for = NULL WHERE no = ?1")?
            .execute(params![Number(no), Number(again)])?;
        // It has the prompt that this revision of the rule gave it.
        self.statement("UPDATE task SET retry_of = ?1, revision = (SELECT revision FROM task WHERE no = ?1) WHERE no = ?2")?
            .execute(params![Number(no), Number(again)])?;
        Ok(())
    }

    /// The task as which the order of this one was carried out again last, if it was.
    pub(crate) fn retried_as(&self, no: TaskNo) -> rusqlite::Result<Option<TaskNo>> {
        let retry =
            self.statement("SELECT retried_as FROM task WHERE no = ?")?.query_row([Number(no)], |row| {
                Ok(row.get::<_, Option<i64>>(0)?.and_then(|no| u64::try_from(no).ok()).map(TaskNo))
            });
        retry.optional().map(Option::flatten)
    }

    /// Notes that a task was cancelled since it was to start after this one.
    pub(crate) fn note_in_vain(&mut self, no: TaskNo, after: TaskNo) -> rusqlite::Result<()> {
        self.statement("UPDATE task SET in_vain_for = ?2 WHERE no = ?1")?
            .execute(params![Number(no), Number(after)])?;
        Ok(())
    }

    /// The tasks that were cancelled since they were to start after this one, and have not come back.
    pub(crate) fn in_vain_for(&self, no: TaskNo) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement("SELECT no FROM task INDEXED BY task_in_vain WHERE in_vain_for = ? ORDER BY no")?
            .query_map([Number(no)], number)?
            .collect()
    }
}
