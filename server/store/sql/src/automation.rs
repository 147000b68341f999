//! The states of rules: switches, pending matches, firings.

use std::{collections::HashMap, ops::ControlFlow};

use aiwg_model::{BusyPeriod, Firing, Pending, RuleFacts, Switch};
use aiwg_protocol::types::{Event, Timestamp};
use aiwg_store::{Reports, Result};

use super::{
    driver::{Connection, Row, no_rows, prepare},
    events::{EVENT_COLUMNS, read_event},
    lenient::one,
    read::SqlReader,
    row::{Millis, Number},
    value::values,
    write::Writer,
};

/// Maximum number of events in a prompt: the latest.
const EVENTS_KEPT: u64 = 1000;

/// Maximum size of their payloads together, in bytes: a rule that waits must not fill the memory.
const PAYLOADS_KEPT: usize = 4 * 1024 * 1024;

/// Number of firings that are kept.
const FIRINGS_KEPT: u32 = 10_000;

/// How deep a task is in a chain of causes. What is no JSON says nothing.
const DEPTH: &str =
    "CASE WHEN json_valid(cause) THEN coalesce(CAST(json_extract(cause, '$.depth') AS BIGINT), 0) ELSE 0 END";

/// The work tree of a task: in one, it changes none of the project's files. What is no JSON says nothing.
const TREE: &str = "CASE WHEN json_valid(terms) THEN CAST(json_extract(terms, '$.tree') AS TEXT) END";

/// The name under which the switch of all automation is stored. No rule has an empty id.
const ALL: &str = "";

/// The first time at which pending matches are due.
pub(super) const NEXT_MATCHES: &str =
    "SELECT min(due_at) FROM pending WHERE due_at IS NOT NULL AND due_at > ?1";

impl<C: Connection> Writer<C> {
    /// All switches that were ever set; the one of all automation has an empty name.
    pub fn switches(&self) -> Result<HashMap<String, Switch>> {
        switches(self.connection(), &self.reports)
    }

    /// Sets the switch of a rule, or of all automation.
    pub fn set_switch(&mut self, rule: Option<&str>, switch: Switch) -> Result<()> {
        self.statement(
            "INSERT INTO rule_switch (rule, enabled, tripped_at) VALUES (?, ?, ?)
             ON CONFLICT (rule) DO UPDATE SET enabled = excluded.enabled, tripped_at = excluded.tripped_at",
        )?
        .execute(values![rule.unwrap_or(ALL), switch.enabled, switch.tripped_at.map(Millis)])?;
        Ok(())
    }

    /// The number of queued and running tasks of each rule.
    pub fn busy_rules(&self) -> Result<HashMap<String, usize>> {
        busy_rules(self.connection(), &self.reports)
    }

    /// The times since then at which tasks of rules ran.
    pub fn busy_periods(&self, since: Timestamp) -> Result<Vec<(String, BusyPeriod)>> {
        let mut select = self.statement(&format!(
            "SELECT rule, no, {DEPTH}, started_at, NULL FROM task
             WHERE state = 'running' AND rule IS NOT NULL AND {TREE} IS NULL
             UNION ALL
             SELECT task.rule, no, {DEPTH}, task.started_at, task.completed_at
             FROM firing JOIN task ON task.no = firing.task
             WHERE firing.at > ? AND task.started_at IS NOT NULL AND task.completed_at IS NOT NULL AND {TREE} IS NULL"
        ))?;
        select.readable(
            values![Millis(since)],
            |row| {
                let until = row.get::<Option<Millis>>(4)?.map(|at| at.0);
                let from = row.get::<Millis>(3)?.0;
                Ok((
                    row.get(0)?,
                    BusyPeriod { task: row.get::<Number>(1)?.0, depth: row.get(2)?, from, until },
                ))
            },
            &self.reports,
        )
    }

    /// Adds a match to those that wait, or begins with it.
    pub fn add_pending(&mut self, rule: &str, event: &Event, at: Timestamp) -> Result<Pending> {
        self.statement(
            "INSERT INTO pending (rule, first_at, matches) VALUES (?, ?, 1)
             ON CONFLICT (rule) DO UPDATE SET matches = pending.matches + 1",
        )?
        .execute(values![rule, Millis(at)])?;
        let depth = event.caused_by.as_ref().map_or(0, |cause| cause.depth);
        self.statement(
            "INSERT INTO pending_event (rule, seq, depth) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute(values![rule, event.seq, depth])?;
        let pending = self.pending(rule)?.ok_or_else(no_rows)?;
        if pending.matches > EVENTS_KEPT {
            // The oldest, but for the deepest, which says how deep they all are.
            self.statement(
                "DELETE FROM pending_event WHERE rule = ?1 AND seq = (
                     SELECT seq FROM pending_event WHERE rule = ?1 AND seq <> (
                         SELECT seq FROM pending_event WHERE rule = ?1 ORDER BY depth DESC, seq DESC LIMIT 1)
                     ORDER BY seq LIMIT 1)",
            )?
            .execute(values![rule])?;
        }
        Ok(pending)
    }

    /// Sets the time at which a rule's pending matches are due; without a time they wait for the rule to be no longer
    /// busy.
    pub fn set_pending_due(&mut self, rule: &str, due_at: Option<Timestamp>) -> Result<()> {
        self.statement("UPDATE pending SET due_at = ?2 WHERE rule = ?1")?
            .execute(values![rule, due_at.map(Millis)])?;
        Ok(())
    }

    /// A rule's matches that wait.
    pub fn pending(&self, rule: &str) -> Result<Option<Pending>> {
        self.statement("SELECT rule, due_at, first_at, matches FROM pending WHERE rule = ?")?
            .first(values![rule], |row| read_pending(row))
    }

    /// All matches that wait, by rule.
    pub fn all_pending(&self) -> Result<HashMap<String, Pending>> {
        all_pending(self.connection(), &self.reports)
    }

    /// The rules whose matches are due.
    pub fn pending_due(&self, now: Timestamp) -> Result<Vec<String>> {
        let mut select =
            self.statement("SELECT rule FROM pending WHERE due_at <= ? ORDER BY due_at, rule")?;
        select.readable(values![Millis(now)], |row| row.get(0), &self.reports)
    }

    /// The events behind a rule's waiting matches, the oldest first: all, unless there is too much of them. The latest and the
    /// deepest are always there.
    pub fn pending_events(&self, rule: &str) -> Result<Vec<Event>> {
        let sql = format!(
            "SELECT {EVENT_COLUMNS} FROM event WHERE seq IN (SELECT seq FROM pending_event WHERE rule = ?) ORDER BY seq DESC"
        );
        let deepest: Option<u64> = self
            .statement("SELECT seq FROM pending_event WHERE rule = ? ORDER BY depth DESC, seq DESC LIMIT 1")?
            .first(values![rule], |row| row.get(0))?;
        let (mut events, mut bytes) = (Vec::new(), 0usize);
        self.statement(&sql)?.each(values![rule], |row| {
            if let Some(event) = one(read_event(row), &self.reports)? {
                let is_within = bytes + event.payload.as_str().len() <= PAYLOADS_KEPT;
                if events.is_empty() || is_within {
                    bytes += event.payload.as_str().len();
                    events.push(event);
                } else if Some(event.seq) == deepest {
                    events.push(event);
                }
            }
            Ok(ControlFlow::Continue(()))
        })?;
        events.reverse();
        Ok(events)
    }

    /// The time of the latest pending match of a rule.
    pub fn last_pending_at(&self, rule: &str) -> Result<Option<Timestamp>> {
        let at = self
            .statement(
                "SELECT at FROM event WHERE seq = (SELECT max(seq) FROM pending_event WHERE rule = ?)",
            )?
            .first(values![rule], |row| Ok(row.get::<Millis>(0)?.0));
        one(at, &self.reports).map(Option::flatten)
    }

    /// Forgets a rule's waiting matches.
    pub fn remove_pending(&mut self, rule: &str) -> Result<()> {
        self.statement("DELETE FROM pending WHERE rule = ?")?.execute(values![rule])?;
        self.statement("DELETE FROM pending_event WHERE rule = ?")?.execute(values![rule])?;
        Ok(())
    }

    /// Remembers a firing.
    pub fn insert_firing(&mut self, firing: &Firing) -> Result<()> {
        let Firing { rule, at, event, matches, task, counts } = firing;
        self.statement(
            "INSERT INTO firing (rule, at, event, matches, task, counts) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(values![rule, Millis(*at), event, matches, Number(*task), counts])?;
        self.statement("DELETE FROM firing WHERE id <= (SELECT max(id) FROM firing) - ?")?
            .execute(values![FIRINGS_KEPT])?;
        Ok(())
    }

    /// The number of counted firings of a rule between then and now.
    pub fn counted_firings(&self, rule: &str, since: Timestamp, now: Timestamp) -> Result<u32> {
        // None that is yet to come: the clock may have been set back since.
        self.statement("SELECT count(*) FROM firing WHERE rule = ? AND at > ? AND at <= ? AND counts = 1")?
            .only(values![rule, Millis(since), Millis(now)], |row| row.get(0))
    }

    /// Excludes the firings so far from the count.
    pub fn forgive_firings(&mut self, rule: &str) -> Result<()> {
        self.statement("UPDATE firing SET counts = 0 WHERE rule = ? AND counts = 1")?
            .execute(values![rule])?;
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// The facts about the rules.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn rule_facts(&self) -> Result<RuleFacts> {
        self.with(|connection| {
            Ok(RuleFacts {
                switches: switches(connection, &self.reports)?,
                busy: busy_rules(connection, &self.reports)?,
                pending: all_pending(connection, &self.reports)?,
            })
        })
    }
}

fn switches<C: Connection>(connection: &C, reports: &Reports) -> Result<HashMap<String, Switch>> {
    let mut select = prepare(connection, "SELECT rule, enabled, tripped_at FROM rule_switch")?;
    Ok(select
        .readable(
            &[],
            |row| {
                let tripped_at = row.get::<Option<Millis>>(2)?.map(|at| at.0);
                Ok((row.get(0)?, Switch { enabled: row.get(1)?, tripped_at }))
            },
            reports,
        )?
        .into_iter()
        .collect())
}

fn busy_rules<C: Connection>(connection: &C, reports: &Reports) -> Result<HashMap<String, usize>> {
    let mut select = prepare(
        connection,
        "SELECT rule, count(*) FROM task INDEXED BY task_of_busy_rule
         WHERE rule IS NOT NULL AND state IN ('queued', 'running') GROUP BY rule",
    )?;
    Ok(select.readable(&[], |row| Ok((row.get(0)?, row.get(1)?)), reports)?.into_iter().collect())
}

fn all_pending<C: Connection>(connection: &C, reports: &Reports) -> Result<HashMap<String, Pending>> {
    let mut select = prepare(connection, "SELECT rule, due_at, first_at, matches FROM pending")?;
    Ok(select.readable(&[], |row| Ok((row.get(0)?, read_pending(row)?)), reports)?.into_iter().collect())
}

fn read_pending(row: &impl Row) -> Result<Pending> {
    Ok(Pending {
        rule: row.get(0)?,
        due_at: row.get::<Option<Millis>>(1)?.map(|at| at.0),
        first_at: row.get::<Millis>(2)?.0,
        matches: row.get(3)?,
    })
}
