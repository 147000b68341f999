//! Forgetting what is old. Numbers are never given again, whatever is pruned.

use aiwg_model::{Keep, MessageNo, TaskNo};
use aiwg_protocol::types::{TaskState, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    row::{AsJson, Millis, Named, Number, number},
    write::SqliteStore,
};

/// The counters that hold the highest numbers ever given.
const LAST_EVENT: &str = "last_event";
const LAST_TASK: &str = "last_task";
const LAST_APPROVAL: &str = "last_approval";
const LAST_MESSAGE: &str = "last_message";

/// The counter that holds up to when things have aged.
const AGED: &str = "aged";

/// Number of pages that stay free in the file: the next rows need them.
const KEPT_FREE: u32 = 1000;

/// Maximum number of pages that one transaction gives back to the disk.
const GIVEN_BACK: u32 = 500;

impl SqliteStore {
    /// Forgets finished tasks and their runs, those that ended first, `limit` at the most. Returns those.
    pub(crate) fn prune_tasks(&mut self, keep: Keep, limit: u64) -> rusqlite::Result<Vec<TaskNo>> {
        let excess = keep.most.map_or(0, |most| self.finished().saturating_sub(most));
        let mut found = self.finished_first(
            "completed_at < ?1 ORDER BY completed_at LIMIT ?2",
            keep.since.unwrap_or_default(),
            limit,
        )?;
        if excess > found.len() as u64 {
            found = self.finished_first(
                "completed_at >= ?1 ORDER BY completed_at LIMIT ?2",
                Timestamp::default(),
                excess.min(limit),
            )?;
        }
        if !found.is_empty() {
            self.keep_numbers()?;
        }
        let numbers: Vec<TaskNo> = found.iter().map(|(no, _)| *no).collect();
        let origins =
            self.origins_of("task WHERE no IN (SELECT value FROM json_each(?))", [AsJson(&numbers)])?;
        for (no, state) in &found {
            self.statement("DELETE FROM task WHERE no = ?")?.execute([Number(*no)])?;
            self.forget_runs(*no)?;
            self.forget_approvals(*no)?;
            self.count(Some(*state), None);
        }
        self.forget_origins(&origins)?;
        Ok(numbers)
    }

    /// Forgets events, the oldest ones, `limit` at the most. Returns their number.
    pub(crate) fn prune_events(&mut self, keep: Keep, limit: u64) -> rusqlite::Result<usize> {
        let (last, _) = self.last_numbers()?;
        // Those that a task has still to be made of, or started with, stay, and all after them: the log has no holes.
        let needed: Option<u64> = self
            .statement(
                "SELECT min(seq) FROM (
                     SELECT min(event) AS seq FROM task INDEXED BY task_needs_event
                     WHERE event IS NOT NULL AND state IN ('queued', 'running')
                     UNION ALL SELECT min(seq) FROM pending_event)",
            )?
            .query_row([], |row| row.get(0))?;
        let first: u64 = self
            .statement("SELECT max(ifnull(min(seq), 0), 0) FROM event")?
            .query_row([], |row| row.get(0))?;
        let below = needed.unwrap_or(u64::MAX).min(first.saturating_add(limit)).min(last + 1);
        let too_many =
            keep.most.map_or(0, |most| (last + 1).saturating_sub(most)).max(keep.from.unwrap_or(0));
        // Some may have happened before others with lower numbers: those go with what is before them.
        let kept: Option<u64> = self
            .statement("SELECT min(seq) FROM event WHERE seq < ?1 AND seq >= ?2 AND at >= ?3")?
            .query_row((below, too_many, Millis(keep.since.unwrap_or_default())), |row| row.get(0))?;
        let below = kept.unwrap_or(below);
        self.keep_numbers()?;
        let old = "event WHERE seq < ?1 AND (seq < ?2 OR at < ?3)";
        let values = || (below, too_many, Millis(keep.since.unwrap_or_default()));
        let origins = self.origins_of(old, values())?;
        let deleted = self.statement(&format!("DELETE FROM {old}"))?.execute(values())?;
        if deleted > 0 {
            self.forget_origins(&origins)?;
            let first: Option<u64> =
                self.statement("SELECT min(seq) FROM event")?.query_row([], |row| row.get(0))?;
            self.forget_decisions(first.unwrap_or(last + 1))?;
        }
        Ok(deleted)
    }

    /// Gives some of the room that is free in the file back to the disk, so little that nobody waits long. True if there is more.
    pub(crate) fn give_back(&mut self) -> rusqlite::Result<bool> {
        let free = |store: &Self| -> rusqlite::Result<u32> {
            store.statement("PRAGMA freelist_count")?.query_row([], |row| row.get(0))
        };
        let before = free(self)?;
        if before <= KEPT_FREE {
            return Ok(false);
        }
        let pages = (before - KEPT_FREE).min(GIVEN_BACK);
        let mut vacuum = self.connection().prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut rows = vacuum.query([])?;
        // A page for each step.
        while rows.next()?.is_some() {}
        drop(rows);
        drop(vacuum);
        // One that an earlier version has made cannot.
        Ok(free(self)? < before)
    }

    /// The time up to which rows have aged, as far as it was set: see [`SqliteStore::set_aged`].
    pub(crate) fn aged(&self) -> rusqlite::Result<Option<Timestamp>> {
        let mut select = self.statement("SELECT value FROM counter WHERE name = ?")?;
        Ok(select.query_row([AGED], |row| row.get::<_, Millis>(0)).optional()?.map(|at| at.0))
    }

    /// Notes up to when things have aged.
    pub(crate) fn set_aged(&mut self, at: Timestamp) -> rusqlite::Result<()> {
        self.statement("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)")?
            .execute(params![AGED, Millis(at)])?;
        Ok(())
    }

    /// The highest event number and task number that were ever given.
    pub(crate) fn last_numbers(&self) -> rusqlite::Result<(u64, u64)> {
        Ok((last_event(self.connection())?, last(self.connection(), "max(no) FROM task", LAST_TASK)?))
    }

    /// The highest number of an approval that was ever given.
    pub(super) fn last_approval(&self) -> rusqlite::Result<u64> {
        last(self.connection(), "max(no) FROM approval", LAST_APPROVAL)
    }

    /// The next number of a message to a platform. It counts as given.
    pub(super) fn next_message(&mut self) -> rusqlite::Result<MessageNo> {
        let next = last(self.connection(), "max(no) FROM outbox", LAST_MESSAGE)? + 1;
        self.statement("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)")?
            .execute(params![LAST_MESSAGE, next])?;
        Ok(MessageNo(next))
    }

    /// Numbers begin after these, if they would otherwise begin before.
    pub(crate) fn begin_after(&mut self, event: u64, task: u64) -> rusqlite::Result<()> {
        let (last_event, last_task) = self.last_numbers()?;
        let mut upsert = self.statement("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)")?;
        upsert.execute(params![LAST_EVENT, last_event.max(event)])?;
        upsert.execute(params![LAST_TASK, last_task.max(task)])?;
        upsert.execute(params![LAST_APPROVAL, self.last_approval()?])?;
        Ok(())
    }

    /// Remembers the numbers given so far, before their rows are gone.
    fn keep_numbers(&mut self) -> rusqlite::Result<()> {
        self.begin_after(0, 0)
    }

    /// Finished tasks that nobody waits for.
    fn finished_first(
        &self,
        condition: &str,
        at: Timestamp,
        limit: u64,
    ) -> rusqlite::Result<Vec<(TaskNo, TaskState)>> {
        let sql = format!(
            "SELECT no, state FROM task
             WHERE completed_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM hold WHERE kind = 'after' AND key = CAST(no AS TEXT)) AND {condition}"
        );
        self.statement(&sql)?
            .query_map(params![Millis(at), limit], |row| {
                // In a state that does not exist it is none that anybody waits for.
                Ok((
                    number(row)?,
                    row.get::<_, Named<TaskState>>(1).map_or(TaskState::Failed, |state| state.0),
                ))
            })?
            .collect()
    }
}

/// The number of the last event that was ever stored.
pub(super) fn last_event(connection: &Connection) -> rusqlite::Result<u64> {
    last(connection, "max(seq) FROM event", LAST_EVENT)
}

fn last(connection: &Connection, max: &str, counter: &str) -> rusqlite::Result<u64> {
    let counted = "ifnull((SELECT value FROM counter WHERE name = ?), 0)";
    connection
        .prepare_cached(&format!("SELECT max({counted}, ifnull((SELECT {max}), 0))"))?
        .query_row([counter], |row| row.get(0))
}
