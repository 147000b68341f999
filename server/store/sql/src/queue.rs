//! The queue: its order, its classes, its switches.

use aiwg_model::{Head, QueueSwitch, QueuedCount, TaskNo, TaskRow, TaskSpec, Terms};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{Classified, Placed, Reports, Result};

use super::{
    approvals::NEXT_APPROVAL_DUE,
    automation::NEXT_MATCHES,
    driver::{Connection, Row, is_one, prepare},
    holds::NEXT_RELEASE,
    read::SqlReader,
    row::{AsJson, Millis, Number, TASK_HEAD_COLUMNS, number, read_task},
    tasks::AGEING_MS,
    value::values,
    write::Writer,
};

/// The first task of each class: from one class to the next, however many tasks there are in them. The index is named, since SQLite would rather read all that are
/// queued and sort them.
pub const HEADS: &str = "WITH RECURSIVE heads(head) AS (
         SELECT (SELECT no FROM task INDEXED BY task_queue WHERE state = 'queued' AND waiting = 0 ORDER BY class, place, no LIMIT 1)
         UNION ALL
         SELECT (SELECT no FROM task INDEXED BY task_queue
                 WHERE state = 'queued' AND waiting = 0 AND task.class > last.class ORDER BY task.class, place, no LIMIT 1)
         FROM heads JOIN task AS last ON last.no = heads.head)
     SELECT no, class, place FROM heads JOIN task ON no = head ORDER BY class";

/// The first tasks of a class.
pub const FIRST_OF_CLASS: &str = "SELECT no, place FROM task INDEXED BY task_queue
     WHERE state = 'queued' AND waiting = 0 AND class = ? ORDER BY place, no LIMIT ?";

/// The number of tasks of each class that nothing holds. The index has all of it.
const COUNT_READY: &str = "SELECT class, NULL, count(*) FROM task INDEXED BY task_queue
     WHERE state = 'queued' AND waiting = 0 GROUP BY class ORDER BY class";

/// The number of held tasks of each class by the kind of a hold.
const COUNT_HELD: &str =
    "SELECT class, (SELECT max(kind) FROM hold WHERE hold.task = task.no) AS kind, count(*)
     FROM task INDEXED BY task_waiting WHERE state = 'queued' AND waiting > 0 GROUP BY class, kind ORDER BY class, kind";

/// The rule that a task counts to. What is no JSON says nothing.
const COUNTS_TO: &str = "coalesce(CASE WHEN json_valid(cause) THEN json_extract(cause, '$.rule') END, rule)";

/// True if no budget keeps a task from starting.
const IGNORES: &str = "CASE WHEN json_valid(terms) AND CAST(json_extract(terms, '$.ignoreBudget') AS TEXT) = '1' THEN 1 ELSE 0 END";

/// Whether a task's own environment decides by which login its agent works.
const OWN_LOGIN: &str = "CASE WHEN json_valid(terms) AND CAST(json_extract(terms, '$.hasOwnLogin') AS TEXT) = '1' THEN 1 ELSE 0 END";

/// The profile in whose session a task goes on, whatever its account has met.
const STAYS_WITH: &str =
    "CASE WHEN json_valid(terms) THEN CAST(json_extract(terms, '$.staysWith') AS TEXT) END";

const DEMAND: &str = "CASE WHEN json_valid(terms) THEN CAST(json_extract(terms, '$.demand') AS TEXT) END";

/// The first of the times of expiry.
pub const NEXT_EXPIRY: &str = "SELECT min(expires_at) FROM task INDEXED BY task_expires
     WHERE expires_at IS NOT NULL AND state = 'queued' AND expires_at > ?1";

impl<C: Connection> Writer<C> {
    /// The first task of each class that has one which nothing holds, in the order of the classes.
    pub fn heads(&self) -> Result<Vec<Head>> {
        heads(self.connection())
    }

    /// One launch more of a running task.
    pub fn go_on(&mut self, no: TaskNo) -> Result<()> {
        self.statement(
            "UPDATE task SET launch = launch + 1, ending = NULL WHERE no = ? AND state = 'running'",
        )?
        .execute_one(values![Number(no)])
    }

    /// Keeps the answer of a running task's agent with it.
    pub fn keep_result(&mut self, no: TaskNo, result: &str) -> Result<()> {
        self.statement("UPDATE task SET result = ?2 WHERE no = ?1 AND state = 'running'")?
            .execute_one(values![Number(no), result])
    }

    /// Changes what is stored of a queued task.
    pub fn edit(&mut self, no: TaskNo, spec: &TaskSpec) -> Result<()> {
        let changed = self
            .statement(
                "UPDATE task SET prompt = ?2, agent = ?3, lane = ?4, class = ?5, expires_at = ?6,
                     place = place + (priority - ?7) * ?8, priority = ?7, lane_priority = ?9
                 WHERE no = ?1 AND state = 'queued'",
            )?
            .execute(values![
                Number(no),
                spec.prompt,
                spec.agent,
                spec.lane,
                spec.class,
                spec.expires_at.map(Millis),
                spec.priority,
                AGEING_MS,
                spec.lane_priority,
            ])?;
        is_one(changed)
    }

    /// Stores other terms of a task that has not ended.
    pub fn set_terms(&mut self, no: TaskNo, terms: &Terms) -> Result<()> {
        self.statement("UPDATE task SET terms = ?2 WHERE no = ?1 AND state IN ('queued', 'running')")?
            .execute_one(values![Number(no), (!terms.is_usual()).then_some(AsJson(terms))])
    }

    /// Puts the queued tasks into classes again, and has their lanes add to their priorities what they add now.
    pub fn classify(&mut self, place_of: &dyn Fn(&Classified<'_>) -> Placed) -> Result<()> {
        type Kind =
            (Option<String>, Option<String>, Option<String>, bool, String, i32, bool, [Option<String>; 2]);
        let kinds: Vec<Kind> = self
            .statement(&format!(
                "SELECT CAST(lane AS TEXT), CAST(agent AS TEXT), CAST({COUNTS_TO} AS TEXT), {IGNORES}, CAST(class AS TEXT), lane_priority, {OWN_LOGIN},
                     {STAYS_WITH}, {DEMAND}
                 FROM task WHERE state IN ('queued', 'running') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
            ))?
            .all(&[], |row| {
                let (lane, agent, rule) = (row.get(0)?, row.get(1)?, row.get(2)?);
                let further = [row.get(7)?, row.get(8)?];
                Ok((lane, agent, rule, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, further))
            })?;
        for (lane, agent, rule, ignores_budget, class, lane_priority, has_own_login, further) in kinds {
            let (its_lane, its_agent, its_rule) = (lane.as_deref(), agent.as_deref(), rule.as_deref());
            let [stays_with, demand] = further;
            let now = place_of(&Classified {
                lane: its_lane,
                agent: its_agent,
                rule: its_rule,
                ignores_budget,
                has_own_login,
                stays_with: stays_with.as_deref(),
                demand: demand.as_deref(),
            });
            if (&now.class, now.lane_priority) != (&class, lane_priority) {
                self.statement(&format!(
                    "UPDATE task SET class = ?7, lane_priority = ?8, priority = priority + ?8 - ?6, place = place - (?8 - ?6) * ?9
                     WHERE state IN ('queued', 'running') AND lane IS NOT DISTINCT FROM ?1 AND agent IS NOT DISTINCT FROM ?2
                         AND {COUNTS_TO} IS NOT DISTINCT FROM ?3 AND {IGNORES} = ?4 AND class = ?5 AND lane_priority = ?6
                         AND {OWN_LOGIN} = ?10 AND {STAYS_WITH} IS NOT DISTINCT FROM ?11 AND {DEMAND} IS NOT DISTINCT FROM ?12"
                ))?
                .execute(values![
                    lane,
                    agent,
                    rule,
                    ignores_budget,
                    class,
                    lane_priority,
                    now.class,
                    now.lane_priority,
                    AGEING_MS,
                    has_own_login,
                    stays_with,
                    demand
                ])?;
            }
        }
        Ok(())
    }

    /// Time since which a switch is on.
    pub fn queue_switch(&self, switch: QueueSwitch) -> Result<Option<Timestamp>> {
        queue_switch(self.connection(), switch)
    }

    /// Switches a switch on since this time, or off.
    pub fn set_queue_switch(&mut self, switch: QueueSwitch, since: Option<Timestamp>) -> Result<()> {
        match since {
            Some(at) => self
                .statement("INSERT INTO queue_switch (name, at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at = excluded.at")?
                .execute(values![switch.name(), Millis(at)])?,
            None => self.statement("DELETE FROM queue_switch WHERE name = ?")?.execute(values![switch.name()])?,
        };
        Ok(())
    }

    /// Time at which the first of what happens by itself does, of what does after this moment; of all if none is given.
    pub fn next_deadline(&self, after: Option<Timestamp>) -> Result<Option<Timestamp>> {
        let after = after.map_or(i64::MIN, Timestamp::as_millis);
        self.statement(&format!(
            "SELECT min(at) FROM (SELECT ({NEXT_RELEASE}) AS at UNION ALL SELECT ({NEXT_EXPIRY}) UNION ALL SELECT ({NEXT_APPROVAL_DUE})
             UNION ALL SELECT ({NEXT_MATCHES})) AS times"
        ))?
        .only(values![after], |row| Ok(row.get::<Option<Millis>>(0)?.map(|at| at.0)))
    }

    /// The queued tasks whose class has this in its name, in the order of their numbers.
    pub fn queued_with(&self, part: &str) -> Result<Vec<TaskNo>> {
        self.statement("SELECT no FROM task WHERE state = 'queued' AND instr(class, ?) > 0 ORDER BY no")?
            .all(values![part], |row| number(row))
    }

    /// The first of them that nothing holds, in the order in which they start.
    pub fn ready_with(&self, part: &str, limit: u32) -> Result<Vec<TaskNo>> {
        self.statement(
            "SELECT no FROM task WHERE state = 'queued' AND waiting = 0 AND instr(class, ?1) > 0 ORDER BY place, no LIMIT ?2",
        )?
        .all(values![part, limit], |row| number(row))
    }

    /// The queued tasks that have expired, those first that have so longest: one that has begun was started in time, and one that a person has is wanted.
    pub fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<TaskNo>> {
        self.statement(
            "SELECT no FROM task INDEXED BY task_expires
             WHERE expires_at IS NOT NULL AND state = 'queued' AND expires_at <= ?
                 AND NOT EXISTS (SELECT 1 FROM run WHERE run.task = task.no AND run.reason IS DISTINCT FROM 'not_started')
                 AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.task = task.no AND hold.kind = 'taken')
             ORDER BY expires_at, no LIMIT ?",
        )?
        .all(values![Millis(now), limit], |row| number(row))
    }
}

impl<C: Connection> SqlReader<C> {
    /// The first tasks of the queue, in the order in which they will start; those that something holds come last. No more than the
    /// beginning of each.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn queued(&self, limit: u32) -> Result<Vec<TaskRow>> {
        self.with(|connection| queued(connection, limit, &self.reports))
    }

    /// Number of queued tasks of each class, and of each kind of hold on them.
    pub fn queued_by_class(&self) -> Result<Vec<QueuedCount>> {
        self.with(|connection| {
            let mut all = Vec::new();
            for sql in [COUNT_READY, COUNT_HELD] {
                let mut select = prepare(connection, sql)?;
                all.extend(select.readable(
                    &[],
                    |row| Ok(QueuedCount { class: row.get(0)?, hold: row.get(1)?, count: row.get(2)? }),
                    &self.reports,
                )?);
            }
            Ok(all)
        })
    }
}

/// The first tasks of the queue; those that something holds come last.
pub(super) fn queued<C: Connection>(connection: &C, limit: u32, reports: &Reports) -> Result<Vec<TaskRow>> {
    let mut tasks = ready(connection, limit, reports)?;
    let room = (limit as usize).saturating_sub(tasks.len());
    let mut held = prepare(
        connection,
        &format!(
        "SELECT {TASK_HEAD_COLUMNS} FROM task INDEXED BY task_waiting WHERE state = 'queued' AND waiting > 0
         ORDER BY place, no LIMIT ?"
    ),
    )?;
    tasks.extend(held.readable(values![room], |row| read_task(row), reports)?);
    Ok(tasks)
}

/// The first tasks that nothing holds: the first of each class, merged.
fn ready<C: Connection>(connection: &C, limit: u32, reports: &Reports) -> Result<Vec<TaskRow>> {
    let mut first: Vec<(i64, i64)> = Vec::new();
    for head in heads(connection)? {
        let mut select = prepare(connection, FIRST_OF_CLASS)?;
        let of_class =
            select.readable(values![head.class, limit], |row| Ok((row.get(1)?, row.get(0)?)), reports)?;
        first.extend(of_class);
        first.sort_unstable();
        first.truncate(limit as usize);
    }
    let numbers: Vec<i64> = first.into_iter().map(|(_, no)| no).collect();
    let mut select = prepare(
        connection,
        &format!(
            "SELECT {TASK_HEAD_COLUMNS} FROM task WHERE no IN (SELECT value FROM json_each(?)) ORDER BY place, no"
        ),
    )?;
    select.readable(values![AsJson(numbers)], |row| read_task(row), reports)
}

fn heads<C: Connection>(connection: &C) -> Result<Vec<Head>> {
    prepare(connection, HEADS)?.all(&[], |row| read_head(row))
}

fn queue_switch<C: Connection>(connection: &C, switch: QueueSwitch) -> Result<Option<Timestamp>> {
    prepare(connection, "SELECT at FROM queue_switch WHERE name = ?")?
        .first(values![switch.name()], |row| Ok(row.get::<Millis>(0)?.0))
}

fn read_head(row: &impl Row) -> Result<Head> {
    Ok(Head { no: number(row)?, class: row.get(1)?, place: row.get(2)? })
}
