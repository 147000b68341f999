//! Records of what led to what: who sent an event, what rules made of it, which task came of which.

use std::cell::Cell;

use aiwg_model::{EndReason, Follow, MatchDecision, RuleRevision, TaskNo, Trace, TracedEvent, TracedTask};
use aiwg_protocol::types::{Cause, EventSource, Json, Origin, TaskState, Timestamp};
use aiwg_store::{Reports, Result, StoreError};

use super::{
    approvals::{COLUMNS_IN_SHORT, read_approval},
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::{AsJson, Millis, Named, Number, number},
    runs::{RUN_COLUMNS, RUN_COLUMNS_COUNT, read_run},
    value::{Value, values},
    write::Writer,
};

/// Number of rule revisions that are kept: the latest.
const REVISIONS_KEPT: u64 = 1000;

/// Maximum number of rows of one kind that one look gives.
const MOST: u32 = 10_001;

impl<C: Connection> Writer<C> {
    /// Stores who is at the other end of a connection. Returns the number by which events and tasks name it.
    pub fn insert_origin(&mut self, who: &Origin) -> Result<u64> {
        self.statement("INSERT INTO origin (who) VALUES (?) RETURNING id")?
            .only(values![AsJson(who)], |row| row.get(0))
    }

    /// The number of a rule's revision: the latest one, if the rule is as it was then, or a new one.
    pub fn revision(&mut self, rule: &str, definition: &Json, at: Timestamp) -> Result<u64> {
        let latest: Option<(u64, u64, bool)> = self
            .statement(
                "SELECT id, n, definition = ? FROM rule_revision WHERE rule = ? ORDER BY id DESC LIMIT 1",
            )?
            .first(values![definition.as_str(), rule], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let n = match latest {
            Some((id, _, true)) => return Ok(id),
            Some((_, n, false)) => n + 1,
            None => 1,
        };
        let id: u64 = self
            .statement(
                "INSERT INTO rule_revision (rule, n, at, definition) VALUES (?, ?, ?, ?) RETURNING id",
            )?
            .only(values![rule, n, Millis(at), definition.as_str()], |row| row.get(0))?;
        self.statement("DELETE FROM rule_revision WHERE id <= ?")?
            .execute(values![id.saturating_sub(REVISIONS_KEPT)])?;
        Ok(id)
    }

    /// Notes the decision on a match that made no task of its own.
    pub fn insert_decision(&mut self, made: &MatchDecision) -> Result<()> {
        self.statement(
            "INSERT INTO decision (event, rule, decision, at, reason, task) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (event, rule) DO UPDATE
             SET decision = excluded.decision, at = excluded.at, reason = excluded.reason, task = excluded.task",
        )?
        .execute(values![made.event, made.rule, made.decision, Millis(made.at), made.reason, made.task.map(Number)])?;
        Ok(())
    }

    /// Notes that all matches of a rule that wait are refused.
    pub fn refuse_pending(&mut self, rule: &str, decision: &str, reason: &str, at: Timestamp) -> Result<()> {
        self.statement(
            "INSERT INTO decision (event, rule, decision, at, reason)
             SELECT seq, rule, CAST(?2 AS TEXT), CAST(?4 AS BIGINT), CAST(?3 AS TEXT) FROM pending_event WHERE rule = ?1
             ON CONFLICT (event, rule) DO UPDATE
             SET decision = excluded.decision, at = excluded.at, reason = excluded.reason, task = NULL",
        )?
        .execute(values![rule, decision, reason, Millis(at)])?;
        Ok(())
    }

    /// The senders that these events or tasks name, which are about to be deleted.
    pub(super) fn origins_of(&self, what: &str, values: &[Value<'_>]) -> Result<Vec<u64>> {
        let sql = format!("SELECT DISTINCT origin FROM {what} AND origin IS NOT NULL");
        self.statement(&sql)?.readable(values, |row| row.get(0), &self.reports)
    }

    /// Forgets those of these senders that nothing names any more.
    pub(super) fn forget_origins(&mut self, origins: &[u64]) -> Result<()> {
        let mut forget = self.statement(
            "DELETE FROM origin WHERE id = ?1
                 AND NOT EXISTS (SELECT 1 FROM event WHERE origin = ?1) AND NOT EXISTS (SELECT 1 FROM task WHERE origin = ?1)",
        )?;
        origins.iter().try_for_each(|id| forget.execute(values![id]).map(drop))
    }

    /// Forgets the decisions on events that are gone.
    pub(super) fn forget_decisions(&mut self, below: u64) -> Result<()> {
        self.statement("DELETE FROM decision WHERE event < ?")?.execute(values![below])?;
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// This task and those that it came of, or that came of it, over retries upwards only: see [`aiwg_store::Reader::chain`].
    pub fn chain(&self, task: TaskNo, follow: Follow, limit: u32) -> Result<Vec<TaskNo>> {
        let sql = match follow {
            Follow::Causes => {
                "WITH RECURSIVE up (no) AS (
                     SELECT CAST(?1 AS BIGINT) UNION
                     SELECT coalesce(retry_of, parent) FROM up JOIN task USING (no)
                     WHERE coalesce(retry_of, parent) IS NOT NULL)
                 SELECT no FROM up LIMIT ?2"
            }
            Follow::Effects => {
                "WITH RECURSIVE down (no) AS (
                     SELECT CAST(?1 AS BIGINT) UNION
                     SELECT task.no FROM down CROSS JOIN task INDEXED BY task_of_parent ON task.parent = down.no)
                 SELECT no FROM down LIMIT ?2"
            }
        };
        self.with(|connection| {
            let mut select = prepare(connection, sql)?;
            select.readable(values![Number(task), limit], |row| number(row), &self.reports)
        })
    }

    /// The records about these tasks and events.
    pub fn trace(&self, tasks: &[TaskNo], events: &[u64], follow: Follow) -> Result<Trace> {
        self.with(|connection| {
            let look = Look { connection, reports: &self.reports, is_cut: Cell::new(false) };
            let mut trace = Trace::default();
            if !tasks.is_empty() {
                look.at_tasks(tasks, follow, &mut trace)?;
            }
            if !events.is_empty() {
                look.at_events(events, follow, &mut trace)?;
            }
            let named = |of: &mut dyn Iterator<Item = Option<u64>>| of.flatten().collect::<Vec<_>>();
            let of_tasks = trace.tasks.iter().map(|task| task.origin);
            let origins = named(&mut of_tasks.chain(trace.events.iter().map(|event| event.origin)));
            let revisions = named(&mut trace.tasks.iter().map(|task| task.revision));
            look.at_names(&origins, &revisions, &mut trace)?;
            trace.is_cut = look.is_cut.get();
            Ok(trace)
        })
    }

    /// The matches of these events that wait, each as a rule and an event.
    pub fn waiting_matches(&self, events: &[u64]) -> Result<Vec<(String, u64)>> {
        self.with(|connection| {
            let sql = "SELECT rule, seq FROM pending_event WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq, rule LIMIT ?";
            let mut select = prepare(connection, sql)?;
            select.readable(values![AsJson(events), MOST], |row| Ok((row.get(0)?, row.get(1)?)), &self.reports)
        })
    }
}

/// A look at rows, those that cannot be read passed over.
struct Look<'a, C: Connection> {
    connection: &'a C,
    reports: &'a Reports,
    /// True if a query has found as many rows as it gives at the most: there may be more.
    is_cut: Cell<bool>,
}

impl<C: Connection> Look<'_, C> {
    fn at_tasks(&self, tasks: &[TaskNo], follow: Follow, trace: &mut Trace) -> Result<()> {
        let tasks = &AsJson(tasks);
        trace.tasks = self.rows(
            "SELECT no, state, substr(prompt, 1, 300), rule, cause, created_at, completed_at, reason, substr(error, 1, 300),
                    (SELECT sum(cost_usd) FROM run WHERE task = no), origin, revision, retry_of, retried_as, in_vain_for,
                    CASE WHEN json_valid(terms) THEN CAST(json_extract(terms, '$.finishedBy') AS TEXT) END
             FROM task WHERE no IN (SELECT value FROM json_each(?1)) ORDER BY no LIMIT ?2",
            values![tasks, MOST],
            |row| read_task(row),
        )?;
        trace.runs = self.rows(
            &format!("SELECT {RUN_COLUMNS}, task FROM run WHERE task IN (SELECT value FROM json_each(?1)) ORDER BY task, n LIMIT ?2"),
            values![tasks, MOST],
            |row| read_run(row.get::<Number>(RUN_COLUMNS_COUNT)?.0, row),
        )?;
        trace.decisions = self.rows(
            &format!("SELECT {DECISION} INDEXED BY decision_of_task WHERE task IN (SELECT value FROM json_each(?1)) ORDER BY event, rule LIMIT ?2"),
            values![tasks, MOST],
            |row| read_decision(row),
        )?;
        trace.approvals = self.rows(
            &format!("SELECT {COLUMNS_IN_SHORT} FROM approval WHERE task IN (SELECT value FROM json_each(?1)) ORDER BY no LIMIT ?2"),
            values![tasks, MOST],
            |row| read_approval(row),
        )?;
        if follow == Follow::Causes {
            trace.emitted = self.rows(
                "SELECT seq FROM event INDEXED BY event_of_task
                 WHERE task IN (SELECT value FROM json_each(?1)) AND topic IN ('task:sent', 'task:refused') ORDER BY seq LIMIT ?2",
                values![tasks, MOST],
                |row| row.get(0),
            )?;
        }
        if follow == Follow::Effects {
            trace.submitted = self.rows(
                "SELECT no FROM task INDEXED BY task_of_parent
                 WHERE parent IN (SELECT value FROM json_each(?1)) AND rule IS NULL ORDER BY no LIMIT ?2",
                values![tasks, MOST],
                |row| number(row),
            )?;
            trace.submitted.extend(self.rows(
                "SELECT no FROM task INDEXED BY task_in_vain
                 WHERE in_vain_for IN (SELECT value FROM json_each(?1)) ORDER BY no LIMIT ?2",
                values![tasks, MOST],
                |row| number(row),
            )?);
            trace.emitted = self.rows(
                "SELECT seq FROM event INDEXED BY event_of_task WHERE task IN (SELECT value FROM json_each(?1)) ORDER BY seq LIMIT ?2",
                values![tasks, MOST],
                |row| row.get(0),
            )?;
        }
        Ok(())
    }

    fn at_events(&self, events: &[u64], follow: Follow, trace: &mut Trace) -> Result<()> {
        let events = &AsJson(events);
        trace.events = self.rows(
            "SELECT seq, topic, source, at, cause, substr(payload, 1,
                        CASE WHEN source = 'file_watcher' OR topic LIKE 'approval:%' OR topic IN ('task:sent', 'task:refused') THEN 9000 ELSE 300 END), origin
             FROM event WHERE seq IN (SELECT value FROM json_each(?1)) ORDER BY seq LIMIT ?2",
            values![events, MOST],
            |row| read_event(row),
        )?;
        trace.decisions.extend(self.rows(
            &format!("SELECT {DECISION} WHERE event IN (SELECT value FROM json_each(?1)) ORDER BY event, rule LIMIT ?2"),
            values![events, MOST],
            |row| read_decision(row),
        )?);
        if follow == Follow::Effects {
            trace.made = self.rows(
                "SELECT no FROM task INDEXED BY task_of_event
                 WHERE event IN (SELECT value FROM json_each(?1)) AND rule IS NOT NULL ORDER BY no LIMIT ?2",
                values![events, MOST],
                |row| number(row),
            )?;
        }
        Ok(())
    }

    /// The senders and the revisions that tasks and events name.
    fn at_names(&self, origins: &[u64], revisions: &[u64], trace: &mut Trace) -> Result<()> {
        if !origins.is_empty() {
            trace.origins = self.rows(
                "SELECT id, who FROM origin WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                values![AsJson(origins)],
                |row| Ok((row.get(0)?, row.get::<AsJson<_>>(1)?.0)),
            )?;
        }
        if !revisions.is_empty() {
            trace.revisions = self.rows(
                "SELECT id, rule, n, at, definition FROM rule_revision WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
                values![AsJson(revisions)],
                |row| {
                    let definition = Json::from_text(row.get::<String>(4)?).unwrap_or_default();
                    let at = row.get::<Millis>(3)?.0;
                    Ok(RuleRevision { id: row.get(0)?, rule: row.get(1)?, n: row.get(2)?, at, definition })
                },
            )?;
        }
        Ok(())
    }

    fn rows<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&C::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let rows = prepare(self.connection, sql)?.readable(values, read, self.reports)?;
        if rows.len() >= MOST as usize {
            self.is_cut.set(true);
        }
        Ok(rows)
    }
}

const DECISION: &str = "rule, event, decision, at, reason, task FROM decision";

fn read_decision(row: &impl Row) -> Result<MatchDecision> {
    Ok(MatchDecision {
        rule: row.get(0)?,
        event: row.get(1)?,
        decision: row.get::<String>(2)?.into(),
        at: row.get::<Millis>(3)?.0,
        reason: row.get(4)?,
        task: row.get::<Option<Number>>(5)?.map(|no| no.0),
    })
}

fn read_task(row: &impl Row) -> Result<TracedTask> {
    let task = |column| Ok::<_, StoreError>(row.get::<Option<Number>>(column)?.map(|no| no.0));
    Ok(TracedTask {
        no: number(row)?,
        state: row.get::<Named<TaskState>>(1)?.0,
        prompt: row.get(2)?,
        rule: row.get(3)?,
        cause: cause(row, 4)?,
        created_at: row.get::<Millis>(5)?.0,
        completed_at: row.get::<Option<Millis>>(6)?.map(|at| at.0),
        reason: row.get::<Option<String>>(7)?.map(EndReason::named),
        error: row.get(8)?,
        finished_by: row.get(15)?,
        cost_usd: row.get(9)?,
        origin: row.get(10)?,
        revision: row.get(11)?,
        retry_of: task(12)?,
        retried_as: task(13)?,
        in_vain_for: task(14)?,
    })
}

fn read_event(row: &impl Row) -> Result<TracedEvent> {
    Ok(TracedEvent {
        seq: row.get(0)?,
        topic: row.get(1)?,
        source: row.get::<Named<EventSource>>(2)?.0,
        at: row.get::<Millis>(3)?.0,
        cause: cause(row, 4)?,
        payload: row.get(5)?,
        origin: row.get(6)?,
    })
}

fn cause(row: &impl Row, column: usize) -> Result<Option<Cause>> {
    Ok(row.get::<Option<AsJson<Cause>>>(column)?.map(|cause| cause.0))
}
