//! The states of rules: switches, pending matches, firings.

use std::collections::HashMap;

use aiwg_model::{BusyPeriod, Firing, Pending, RuleFacts, Switch};
use aiwg_protocol::types::{Event, Timestamp};
use aiwg_store::Reports;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    events::{EVENT_COLUMNS, read_event},
    lenient::{one, readable},
    read::SqliteReader,
    row::{Millis, Number},
    write::SqliteStore,
};

/// Maximum number of events in a prompt: the latest.
const EVENTS_KEPT: u64 = 1000;

/// Maximum size of their payloads together, in bytes: a rule that waits must not fill the memory.
const PAYLOADS_KEPT: usize = 4 * 1024 * 1024;

/// Number of firings that are kept.
const FIRINGS_KEPT: u32 = 10_000;

/// The name under which the switch of all automation is stored. No rule has an empty id.
const ALL: &str = "";

impl SqliteStore {
    /// All switches that were ever set; the one of all automation has an empty name.
    pub(crate) fn switches(&self) -> rusqlite::Result<HashMap<String, Switch>> {
        switches(self.connection(), &self.reports)
    }

    /// Sets the switch of a rule, or of all automation.
    pub(crate) fn set_switch(&mut self, rule: Option<&str>, switch: Switch) -> rusqlite::Result<()> {
        self.statement("INSERT OR REPLACE INTO rule_switch (rule, enabled, tripped_at) VALUES (?, ?, ?)")?
            .execute(params![rule.unwrap_or(ALL), switch.enabled, switch.tripped_at.map(Millis)])?;
        Ok(())
    }

    /// The number of queued and running tasks of each rule.
    pub(crate) fn busy_rules(&self) -> rusqlite::Result<HashMap<String, usize>> {
        busy_rules(self.connection(), &self.reports)
    }

    /// The times since then at which tasks of rules ran.
    pub(crate) fn busy_periods(&self, since: Timestamp) -> rusqlite::Result<Vec<(String, BusyPeriod)>> {
        let mut select = self.statement(
            "SELECT rule, no, iif(json_valid(cause), ifnull(json_extract(cause, '$.depth'), 0), 0), started_at, NULL FROM task
             WHERE state = 'running' AND rule IS NOT NULL
             UNION ALL
             SELECT task.rule, no, iif(json_valid(cause), ifnull(json_extract(cause, '$.depth'), 0), 0), task.started_at, task.completed_at
             FROM firing JOIN task ON task.no = firing.task
             WHERE firing.at > ? AND task.started_at IS NOT NULL AND task.completed_at IS NOT NULL",
        )?;
        let rows = select.query_map([Millis(since)], |row| {
            let until = row.get::<_, Option<Millis>>(4)?.map(|at| at.0);
            let from = row.get::<_, Millis>(3)?.0;
            Ok((
                row.get(0)?,
                BusyPeriod { task: row.get::<_, Number>(1)?.0, depth: row.get(2)?, from, until },
            ))
        })?;
        readable(rows, &self.reports)
    }

    /// Adds a match to those that wait, or begins with it.
    pub(crate) fn add_pending(
        &mut self,
        rule: &str,
        event: &Event,
        at: Timestamp,
    ) -> rusqlite::Result<Pending> {
        self.statement(
            "INSERT INTO pending (rule, first_at, matches) VALUES (?, ?, 1)
             ON CONFLICT (rule) DO UPDATE SET matches = matches + 1",
        )?
        .execute(params![rule, Millis(at)])?;
        let depth = event.caused_by.as_ref().map_or(0, |cause| cause.depth);
        self.statement("INSERT OR IGNORE INTO pending_event (rule, seq, depth) VALUES (?, ?, ?)")?
            .execute(params![rule, event.seq, depth])?;
        let pending = self.pending(rule)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if pending.matches > EVENTS_KEPT {
            // The oldest, but for the deepest, which says how deep they all are.
            self.statement(
                "DELETE FROM pending_event WHERE rule = ?1 AND seq = (
                     SELECT seq FROM pending_event WHERE rule = ?1 AND seq <> (
                         SELECT seq FROM pending_event WHERE rule = ?1 ORDER BY depth DESC, seq DESC LIMIT 1)
                     ORDER BY seq LIMIT 1)",
            )?
            .execute([rule])?;
        }
        Ok(pending)
    }

    /// Sets the time at which a rule's pending matches are due; without a time they wait for the rule to be no longer
    /// busy.
    pub(crate) fn set_pending_due(&mut self, rule: &str, due_at: Option<Timestamp>) -> rusqlite::Result<()> {
        self.statement("UPDATE pending SET due_at = ?2 WHERE rule = ?1")?
            .execute(params![rule, due_at.map(Millis)])?;
        Ok(())
    }

    /// A rule's matches that wait.
    pub(crate) fn pending(&self, rule: &str) -> rusqlite::Result<Option<Pending>> {
        self.statement("SELECT rule, due_at, first_at, matches FROM pending WHERE rule = ?")?
            .query_row([rule], read_pending)
            .optional()
    }

    /// All matches that wait, by rule.
    pub(crate) fn all_pending(&self) -> rusqlite::Result<HashMap<String, Pending>> {
        all_pending(self.connection(), &self.reports)
    }

    /// The rules whose matches are due.
    pub(crate) fn pending_due(&self, now: Timestamp) -> rusqlite::Result<Vec<String>> {
        let mut select =
            self.statement("SELECT rule FROM pending WHERE due_at <= ? ORDER BY due_at, rule")?;
        readable(select.query_map([Millis(now)], |row| row.get(0))?, &self.reports)
    }

    /// The earliest time at which pending matches are due, of those after `after`.
    pub(crate) fn next_due(&self, after: Option<Timestamp>) -> rusqlite::Result<Option<Timestamp>> {
        let after = after.map_or(i64::MIN, Timestamp::as_millis);
        self.statement("SELECT min(due_at) FROM pending WHERE due_at IS NOT NULL AND due_at > ?")?
            .query_row([after], |row| Ok(row.get::<_, Option<Millis>>(0)?.map(|at| at.0)))
    }

    /// The events behind a rule's waiting matches, the oldest first: all, unless there is too much of them. The latest and the
    /// deepest are always there.
    pub(crate) fn pending_events(&self, rule: &str) -> rusqlite::Result<Vec<Event>> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM event WHERE seq IN (SELECT seq FROM pending_event WHERE rule = ?) ORDER BY seq DESC"
        );
        let deepest: Option<u64> = self
            .statement("SELECT seq FROM pending_event WHERE rule = ? ORDER BY depth DESC, seq DESC LIMIT 1")?
            .query_row([rule], |row| row.get(0))
            .optional()?;
        let (mut events, mut bytes) = (Vec::new(), 0usize);
        for event in self.statement(&sql)?.query_map([rule], read_event)? {
            let Some(event) = one(event, &self.reports)? else { continue };
            if events.is_empty() || bytes + event.payload.as_str().len() <= PAYLOADS_KEPT {
                bytes += event.payload.as_str().len();
                events.push(event);
            } else if Some(event.seq) == deepest {
                events.push(event);
            }
        }
        events.reverse();
        Ok(events)
    }

    /// The time of the latest pending match of a rule.
    pub(crate) fn last_pending_at(&self, rule: &str) -> rusqlite::Result<Option<Timestamp>> {
        let at = self
            .statement(
                "SELECT at FROM event WHERE seq = (SELECT max(seq) FROM pending_event WHERE rule = ?)",
            )?
            .query_row([rule], |row| Ok(row.get::<_, Millis>(0)?.0))
            .optional();
        one(at, &self.reports).map(Option::flatten)
    }

    /// Forgets a rule's waiting matches.
    pub(crate) fn remove_pending(&mut self, rule: &str) -> rusqlite::Result<()> {
        self.statement("DELETE FROM pending WHERE rule = ?")?.execute([rule])?;
        self.statement("DELETE FROM pending_event WHERE rule = ?")?.execute([rule])?;
        Ok(())
    }

    /// Remembers a firing.
    pub(crate) fn insert_firing(&mut self, firing: &Firing) -> rusqlite::Result<()> {
        let Firing { rule, at, event, matches, task, counts } = firing;
        self.statement(
            "INSERT INTO firing (rule, at, event, matches, task, counts) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![rule, Millis(*at), event, matches, Number(*task), counts])?;
        self.statement("DELETE FROM firing WHERE id <= (SELECT max(id) FROM firing) - ?")?
            .execute([FIRINGS_KEPT])?;
        Ok(())
    }

    /// The number of counted firings of a rule between then and now.
    pub(crate) fn counted_firings(
        &self,
        rule: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> rusqlite::Result<u32> {
        // None that is yet to come: the clock may have been set back since.
        self.statement("SELECT count(*) FROM firing WHERE rule = ? AND at > ? AND at <= ? AND counts")?
            .query_row(params![rule, Millis(since), Millis(now)], |row| row.get(0))
    }

    /// Excludes the firings so far from the count.
    pub(crate) fn forgive_firings(&mut self, rule: &str) -> rusqlite::Result<()> {
        self.statement("UPDATE firing SET counts = 0 WHERE rule = ? AND counts")?.execute([rule])?;
        Ok(())
    }
}

impl SqliteReader {
    /// The facts about the rules.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn rule_facts(&self) -> rusqlite::Result<RuleFacts> {
        self.with(|connection| {
            Ok(RuleFacts {
                switches: switches(connection, &self.reports)?,
                busy: busy_rules(connection, &self.reports)?,
                pending: all_pending(connection, &self.reports)?,
            })
        })
    }
}

fn switches(connection: &Connection, reports: &Reports) -> rusqlite::Result<HashMap<String, Switch>> {
    let mut select = connection.prepare_cached("SELECT rule, enabled, tripped_at FROM rule_switch")?;
    let rows = select.query_map([], |row| {
        let tripped_at = row.get::<_, Option<Millis>>(2)?.map(|at| at.0);
        Ok((row.get(0)?, Switch { enabled: row.get(1)?, tripped_at }))
    })?;
    Ok(readable(rows, reports)?.into_iter().collect())
}

fn busy_rules(connection: &Connection, reports: &Reports) -> rusqlite::Result<HashMap<String, usize>> {
    let mut select = connection.prepare_cached(
        "SELECT rule, count(*) FROM task INDEXED BY task_of_busy_rule
         WHERE rule IS NOT NULL AND state IN ('queued', 'running') GROUP BY rule",
    )?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(readable(rows, reports)?.into_iter().collect())
}

fn all_pending(connection: &Connection, reports: &Reports) -> rusqlite::Result<HashMap<String, Pending>> {
    let mut select = connection.prepare_cached("SELECT rule, due_at, first_at, matches FROM pending")?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, read_pending(row)?)))?;
    Ok(readable(rows, reports)?.into_iter().collect())
}

fn read_pending(row: &rusqlite::Row<'_>) -> rusqlite::Result<Pending> {
    Ok(Pending {
        rule: row.get(0)?,
        due_at: row.get::<_, Option<Millis>>(1)?.map(|at| at.0),
        first_at: row.get::<_, Millis>(2)?.0,
        matches: row.get(3)?,
    })
}
