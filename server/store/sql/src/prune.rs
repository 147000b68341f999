//! Forgetting what is old. Numbers are never given again, whatever is pruned.

use aiwg_model::{Keep, MessageNo, TaskNo};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::Result;

use super::{
    counts::SET_COUNTER,
    driver::{Connection, Row, prepare},
    row::{AsJson, Millis, Named, Number, number},
    value::values,
    write::Writer,
};

/// The counters that hold the highest numbers ever given.
const LAST_EVENT: &str = "last_event";
const LAST_TASK: &str = "last_task";
const LAST_APPROVAL: &str = "last_approval";
const LAST_MESSAGE: &str = "last_message";

/// The counter that holds up to when things have aged.
const AGED: &str = "aged";

/// The statement for a counter, and for the highest number in a table.
macro_rules! given {
    ($max:literal) => {
        concat!(
            "SELECT coalesce((SELECT value FROM counter WHERE name = ?), 0), coalesce((SELECT ",
            $max,
            "), 0)"
        )
    };
}

impl<C: Connection> Writer<C> {
    /// Forgets finished tasks and their runs, those that ended first, `limit` at the most. Returns those.
    pub fn prune_tasks(&mut self, keep: Keep, limit: u64) -> Result<Vec<TaskNo>> {
        let excess = keep.most.map_or(0, |most| self.finished().saturating_sub(most));
        let mut found = self.finished_first(
            "completed_at < ?1 ORDER BY completed_at, no LIMIT ?2",
            keep.since.unwrap_or_default(),
            limit,
        )?;
        if excess > found.len() as u64 {
            found = self.finished_first(
                "completed_at >= ?1 ORDER BY completed_at, no LIMIT ?2",
                Timestamp::default(),
                excess.min(limit),
            )?;
        }
        if !found.is_empty() {
            self.keep_numbers()?;
        }
        let numbers: Vec<TaskNo> = found.iter().map(|(no, _)| *no).collect();
        let origins =
            self.origins_of("task WHERE no IN (SELECT value FROM json_each(?))", values![AsJson(&numbers)])?;
        for (no, state) in &found {
            self.statement("DELETE FROM task WHERE no = ?")?.execute(values![Number(*no)])?;
            self.forget_runs(*no)?;
            self.forget_output(*no)?;
            self.forget_approvals(*no)?;
            self.count(Some(*state), None);
        }
        self.forget_origins(&origins)?;
        Ok(numbers)
    }

    /// Forgets events, the oldest ones, `limit` at the most. Returns their number.
    pub fn prune_events(&mut self, keep: Keep, limit: u64) -> Result<usize> {
        let (last, _) = self.last_numbers()?;
        // Those that a task has still to be made of, or started with, stay, and all after them: the log has no holes.
        let needed: Option<u64> = self
            .statement(
                "SELECT min(seq) FROM (
                     SELECT min(event) AS seq FROM task INDEXED BY task_needs_event
                     WHERE event IS NOT NULL AND state IN ('queued', 'running')
                     UNION ALL SELECT min(seq) FROM pending_event) AS needed",
            )?
            .only(&[], |row| row.get(0))?;
        let first = first_event(self.connection())?;
        let below = needed.unwrap_or(u64::MAX).min(first.saturating_add(limit)).min(last + 1);
        let too_many =
            keep.most.map_or(0, |most| (last + 1).saturating_sub(most)).max(keep.from.unwrap_or(0));
        // Some may have happened before others with lower numbers: those go with what is before them.
        let kept: Option<u64> = self
            .statement("SELECT min(seq) FROM event WHERE seq < ?1 AND seq >= ?2 AND at >= ?3")?
            .only(values![below, too_many, Millis(keep.since.unwrap_or_default())], |row| row.get(0))?;
        let below = kept.unwrap_or(below);
        self.keep_numbers()?;
        let old = "event WHERE seq < ?1 AND (seq < ?2 OR at < ?3)";
        let since = Millis(keep.since.unwrap_or_default());
        let values = values![below, too_many, since];
        let origins = self.origins_of(old, values)?;
        let deleted = self.statement(&format!("DELETE FROM {old}"))?.execute(values)?;
        if deleted > 0 {
            self.forget_origins(&origins)?;
            let first: Option<u64> =
                self.statement("SELECT min(seq) FROM event")?.only(&[], |row| row.get(0))?;
            self.forget_decisions(first.unwrap_or(last + 1))?;
        }
        Ok(deleted)
    }

    /// The time up to which rows have aged, as far as it was set: see [`Writer::set_aged`].
    pub fn aged(&self) -> Result<Option<Timestamp>> {
        let mut select = self.statement("SELECT value FROM counter WHERE name = ?")?;
        Ok(select.first(values![AGED], |row| row.get::<Millis>(0))?.map(|at| at.0))
    }

    /// Notes up to when things have aged.
    pub fn set_aged(&mut self, at: Timestamp) -> Result<()> {
        self.statement(SET_COUNTER)?.execute(values![AGED, Millis(at)])?;
        Ok(())
    }

    /// The highest event number and task number that were ever given.
    pub fn last_numbers(&self) -> Result<(u64, u64)> {
        Ok((last_event(self.connection())?, last(self.connection(), given!("max(no) FROM task"), LAST_TASK)?))
    }

    /// The number of the first event that is kept; 0 if there is none.
    pub fn first_event(&self) -> Result<u64> {
        first_event(self.connection())
    }

    /// The highest number of an approval that was ever given.
    pub(super) fn last_approval(&self) -> Result<u64> {
        last(self.connection(), given!("max(no) FROM approval"), LAST_APPROVAL)
    }

    /// The next number of a message to a platform. It counts as given.
    pub(super) fn next_message(&mut self) -> Result<MessageNo> {
        let next = last(self.connection(), given!("max(no) FROM outbox"), LAST_MESSAGE)? + 1;
        self.statement(SET_COUNTER)?.execute(values![LAST_MESSAGE, next])?;
        Ok(MessageNo(next))
    }

    /// Numbers begin after these, if they would otherwise begin before.
    pub fn begin_after(&mut self, event: u64, task: u64) -> Result<()> {
        let (last_event, last_task) = self.last_numbers()?;
        let mut upsert = self.statement(SET_COUNTER)?;
        upsert.execute(values![LAST_EVENT, last_event.max(event)])?;
        upsert.execute(values![LAST_TASK, last_task.max(task)])?;
        upsert.execute(values![LAST_APPROVAL, self.last_approval()?])?;
        Ok(())
    }

    /// Remembers the numbers given so far, before their rows are gone.
    fn keep_numbers(&mut self) -> Result<()> {
        self.begin_after(0, 0)
    }

    /// Finished tasks that nobody waits for.
    fn finished_first(&self, condition: &str, at: Timestamp, limit: u64) -> Result<Vec<(TaskNo, TaskState)>> {
        let sql = format!(
            "SELECT no, state FROM task
             WHERE completed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hold WHERE kind = 'after' AND key = CAST(no AS TEXT)) AND {condition}"
        );
        self.statement(&sql)?.all(values![Millis(at), limit], |row| {
            // In a state that does not exist it is none that anybody waits for.
            Ok((number(row)?, row.get::<Named<TaskState>>(1).map_or(TaskState::Failed, |state| state.0)))
        })
    }
}

/// The number of the last event that was ever stored.
pub(super) fn last_event<C: Connection>(connection: &C) -> Result<u64> {
    last(connection, given!("max(seq) FROM event"), LAST_EVENT)
}

/// The number of the first event; 0 where there is none.
pub(super) fn first_event<C: Connection>(connection: &C) -> Result<u64> {
    let first: i64 =
        prepare(connection, "SELECT coalesce(min(seq), 0) FROM event")?.only(&[], |row| row.get(0))?;
    Ok(first.try_into().unwrap_or(0))
}

/// The highest number that was ever given, by a statement of [`given!`].
fn last<C: Connection>(connection: &C, given: &str, counter: &str) -> Result<u64> {
    let (counted, stored): (u64, i64) =
        prepare(connection, given)?.only(values![counter], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(counted.max(stored.try_into().unwrap_or(0)))
}
