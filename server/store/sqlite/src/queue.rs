//! The queue: its order, its classes, its switches.

use aiwg_model::{Head, QueueSwitch, QueuedCount, TaskNo, TaskRow, TaskSpec, Terms};
use aiwg_protocol::types::Timestamp;
use aiwg_store::{Classified, Placed, Reports};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    lenient::readable,
    read::SqliteReader,
    row::{AsJson, Millis, Number, TASK_HEAD_COLUMNS, number, read_task},
    tasks::AGEING_MS,
    write::SqliteStore,
};

/// The first task of the next class. The index is named, since SQLite would rather read all that are queued and sort them.
const NEXT_HEAD: &str = "SELECT no, class, place FROM task INDEXED BY task_queue
     WHERE state = 'queued' AND waiting = 0 AND class > ? ORDER BY class, place, no LIMIT 1";

/// The first task of the common class.
const COMMON_HEAD: &str = "SELECT no, class, place FROM task INDEXED BY task_queue
     WHERE state = 'queued' AND waiting = 0 AND class = '' ORDER BY place, no LIMIT 1";

/// The first tasks of a class.
const FIRST_OF_CLASS: &str = "SELECT no, place FROM task INDEXED BY task_queue
     WHERE state = 'queued' AND waiting = 0 AND class = ? ORDER BY place, no LIMIT ?";

/// The number of tasks of each class that nothing holds. The index has all of it.
const COUNT_READY: &str = "SELECT class, NULL, count(*) FROM task INDEXED BY task_queue
     WHERE state = 'queued' AND waiting = 0 GROUP BY class";

/// The number of held tasks of each class by the kind of a hold.
const COUNT_HELD: &str =
    "SELECT class, (SELECT max(kind) FROM hold WHERE hold.task = task.no) AS kind, count(*)
     FROM task INDEXED BY task_waiting WHERE state = 'queued' AND waiting > 0 GROUP BY class, kind";

/// The rule that a task counts to. What is no JSON says nothing.
const COUNTS_TO: &str = "coalesce(CASE WHEN json_valid(cause) THEN json_extract(cause, '$.rule') END, rule)";

/// True if no budget keeps a task from starting.
const IGNORES: &str =
    "coalesce(CASE WHEN json_valid(terms) THEN json_extract(terms, '$.ignoreBudget') END = 1, 0)";

/// Whether a task's own environment decides by which login its agent works.
const OWN_LOGIN: &str =
    "coalesce(CASE WHEN json_valid(terms) THEN json_extract(terms, '$.hasOwnLogin') END = 1, 0)";

/// The profile in whose session a task goes on, whatever its account has met.
const STAYS_WITH: &str =
    "CASE WHEN json_valid(terms) THEN CAST(json_extract(terms, '$.staysWith') AS TEXT) END";

/// The first of the times of expiry.
const NEXT_EXPIRY: &str = "SELECT min(expires_at) FROM task INDEXED BY task_expires
     WHERE expires_at IS NOT NULL AND state = 'queued' AND expires_at > ?";

impl SqliteStore {
    /// The first task of each class that has one which nothing holds, in the order of the classes.
    pub(crate) fn heads(&self) -> rusqlite::Result<Vec<Head>> {
        heads(self.connection())
    }

    /// One launch more of a running task.
    pub(crate) fn go_on(&mut self, no: TaskNo) -> rusqlite::Result<()> {
        let changed = self
            .statement(
                "UPDATE task SET launch = launch + 1, ending = NULL WHERE no = ? AND state = 'running'",
            )?
            .execute([Number(no)])?;
        is_one(changed)
    }

    /// Keeps the answer of a running task's agent with it.
    pub(crate) fn keep_result(&mut self, no: TaskNo, result: &str) -> rusqlite::Result<()> {
        let changed = self
            .statement("UPDATE task SET result = ?2 WHERE no = ?1 AND state = 'running'")?
            .execute(params![Number(no), result])?;
        is_one(changed)
    }

    /// Changes what is stored of a queued task.
    pub(crate) fn edit(&mut self, no: TaskNo, spec: &TaskSpec) -> rusqlite::Result<()> {
        let changed = self
            .statement(
                "UPDATE task SET prompt = ?2, agent = ?3, lane = ?4, class = ?5, expires_at = ?6,
                     place = place + (priority - ?7) * ?8, priority = ?7, lane_priority = ?9
                 WHERE no = ?1 AND state = 'queued'",
            )?
            .execute(params![
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
    pub(crate) fn set_terms(&mut self, no: TaskNo, terms: &Terms) -> rusqlite::Result<()> {
        let changed = self
            .statement("UPDATE task SET terms = ?2 WHERE no = ?1 AND state IN ('queued', 'running')")?
            .execute(params![Number(no), (!terms.is_usual()).then_some(AsJson(terms))])?;
        is_one(changed)
    }

    /// Puts the queued tasks into classes again, and has their lanes add to their priorities what they add now.
    pub(crate) fn classify(&mut self, place_of: &dyn Fn(&Classified<'_>) -> Placed) -> rusqlite::Result<()> {
        type Kind = (Option<String>, Option<String>, Option<String>, bool, String, i32, bool, Option<String>);
        let kinds: Vec<Kind> = self
            .statement(&format!(
                "SELECT CAST(lane AS TEXT), CAST(agent AS TEXT), CAST({COUNTS_TO} AS TEXT), {IGNORES}, CAST(class AS TEXT), lane_priority, {OWN_LOGIN},
                     {STAYS_WITH}
                 FROM task WHERE state IN ('queued', 'running') GROUP BY 1, 2, 3, 4, 5, 6, 7, 8"
            ))?
            .query_map([], |row| {
                let (lane, agent, rule) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((lane, agent, rule, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        for (lane, agent, rule, ignores_budget, class, lane_priority, has_own_login, stays_with) in kinds {
            let (its_lane, its_agent, its_rule) = (lane.as_deref(), agent.as_deref(), rule.as_deref());
            let now = place_of(&Classified {
                lane: its_lane,
                agent: its_agent,
                rule: its_rule,
                ignores_budget,
                has_own_login,
                stays_with: stays_with.as_deref(),
            });
            if (&now.class, now.lane_priority) != (&class, lane_priority) {
                self.statement(&format!(
                    "UPDATE task SET class = ?7, lane_priority = ?8, priority = priority + ?8 - ?6, place = place - (?8 - ?6) * ?9
                     WHERE state IN ('queued', 'running') AND lane IS ?1 AND agent IS ?2 AND {COUNTS_TO} IS ?3 AND {IGNORES} IS ?4
                         AND class IS ?5 AND lane_priority IS ?6 AND {OWN_LOGIN} IS ?10 AND {STAYS_WITH} IS ?11"
                ))?
                .execute(params![
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
                    stays_with
                ])?;
            }
        }
        Ok(())
    }

    /// Time since which a switch is on.
    pub(crate) fn queue_switch(&self, switch: QueueSwitch) -> rusqlite::Result<Option<Timestamp>> {
        queue_switch(self.connection(), switch)
    }

    /// Switches a switch on since this time, or off.
    pub(crate) fn set_queue_switch(
        &mut self,
        switch: QueueSwitch,
        since: Option<Timestamp>,
    ) -> rusqlite::Result<()> {
        match since {
            Some(at) => self
                .statement("INSERT OR REPLACE INTO queue_switch (name, at) VALUES (?, ?)")?
                .execute(params![switch.name(), Millis(at)])?,
            None => self.statement("DELETE FROM queue_switch WHERE name = ?")?.execute([switch.name()])?,
        };
        Ok(())
    }

    /// Time at which the first queued task expires, of those that expire after this moment.
    pub(crate) fn next_expiry(&self, after: Option<Timestamp>) -> rusqlite::Result<Option<Timestamp>> {
        let after = after.map_or(i64::MIN, Timestamp::as_millis);
        self.statement(NEXT_EXPIRY)?
            .query_row([after], |row| Ok(row.get::<_, Option<Millis>>(0)?.map(|at| at.0)))
    }

    /// The queued tasks that have expired, those first that have so longest: one that has begun was started in time, and one that a person has is wanted.
    pub(crate) fn expired(&self, now: Timestamp, limit: u32) -> rusqlite::Result<Vec<TaskNo>> {
        self.statement(
            "SELECT no FROM task INDEXED BY task_expires
             WHERE expires_at IS NOT NULL AND state = 'queued' AND expires_at <= ?
                 AND NOT EXISTS (SELECT 1 FROM run WHERE run.task = task.no AND run.reason IS NOT 'not_started')
                 AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.task = task.no AND hold.kind = 'taken')
             ORDER BY expires_at LIMIT ?",
        )?
        .query_map(params![Millis(now), limit], number)?
        .collect()
    }
}

impl SqliteReader {
    /// The first tasks of the queue, in the order in which they will start; those that something holds come last. No more than the
    /// beginning of each.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn queued(&self, limit: u32) -> rusqlite::Result<Vec<TaskRow>> {
        self.with(|connection| queued(connection, limit, &self.reports))
    }

    /// Number of queued tasks of each class, and of each kind of hold on them.
    pub(crate) fn queued_by_class(&self) -> rusqlite::Result<Vec<QueuedCount>> {
        self.with(|connection| {
            let mut all = Vec::new();
            for sql in [COUNT_READY, COUNT_HELD] {
                let mut select = connection.prepare_cached(sql)?;
                let rows = select.query_map([], |row| {
                    Ok(QueuedCount { class: row.get(0)?, hold: row.get(1)?, count: row.get(2)? })
                })?;
                all.extend(readable(rows, &self.reports)?);
            }
            Ok(all)
        })
    }
}

/// The first tasks of the queue; those that something holds come last.
pub(super) fn queued(
    connection: &Connection,
    limit: u32,
    reports: &Reports,
) -> rusqlite::Result<Vec<TaskRow>> {
    let mut tasks = ready(connection, limit, reports)?;
    let room = (limit as usize).saturating_sub(tasks.len());
    let mut held = connection.prepare_cached(&format!(
        "SELECT {TASK_HEAD_COLUMNS} FROM task INDEXED BY task_waiting WHERE state = 'queued' AND waiting > 0
         ORDER BY place, no LIMIT ?"
    ))?;
    tasks.extend(readable(held.query_map([room], read_task)?, reports)?);
    Ok(tasks)
}

/// The first tasks that nothing holds: the first of each class, merged.
fn ready(connection: &Connection, limit: u32, reports: &Reports) -> rusqlite::Result<Vec<TaskRow>> {
    let mut first: Vec<(i64, i64)> = Vec::new();
    for head in heads(connection)? {
        let mut select = connection.prepare_cached(FIRST_OF_CLASS)?;
        let of_class = select.query_map(params![head.class, limit], |row| Ok((row.get(1)?, row.get(0)?)))?;
        first.extend(readable(of_class, reports)?);
        first.sort_unstable();
        first.truncate(limit as usize);
    }
    let numbers: Vec<i64> = first.into_iter().map(|(_, no)| no).collect();
    let mut select = connection.prepare_cached(&format!(
        "SELECT {TASK_HEAD_COLUMNS} FROM task WHERE no IN (SELECT value FROM json_each(?)) ORDER BY place, no"
    ))?;
    readable(select.query_map([AsJson(numbers)], read_task)?, reports)
}

fn heads(connection: &Connection) -> rusqlite::Result<Vec<Head>> {
    let head =
        |row: &rusqlite::Row<'_>| Ok(Head { no: number(row)?, class: row.get(1)?, place: row.get(2)? });
    let mut heads: Vec<Head> =
        connection.prepare_cached(COMMON_HEAD)?.query_row([], head).optional()?.into_iter().collect();
    let mut select = connection.prepare_cached(NEXT_HEAD)?;
    let mut last = String::new();
    while let Some(next) = select.query_row([&last], head).optional()? {
        last.clone_from(&next.class);
        heads.push(next);
    }
    Ok(heads)
}

fn queue_switch(connection: &Connection, switch: QueueSwitch) -> rusqlite::Result<Option<Timestamp>> {
    connection
        .prepare_cached("SELECT at FROM queue_switch WHERE name = ?")?
        .query_row([switch.name()], |row| Ok(row.get::<_, Millis>(0)?.0))
        .optional()
}

/// The caller knows that the task is in the state that the statement asks for.
fn is_one(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(store: &SqliteStore, sql: &str, params: impl rusqlite::Params) -> Vec<String> {
        let mut plan = store.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        plan.query_map(params, |row| row.get(3)).unwrap().map(|step| step.unwrap()).collect()
    }

    #[test]
    fn the_queue_is_an_index() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let of_class = "SEARCH task USING COVERING INDEX task_queue (class=?)";
        assert_eq!(plan(&store, COMMON_HEAD, []), [of_class]);
        assert_eq!(plan(&store, FIRST_OF_CLASS, ["a", "9"]), [of_class]);
        assert_eq!(plan(&store, NEXT_HEAD, [""]), ["SEARCH task USING COVERING INDEX task_queue (class>?)"]);
        assert_eq!(
            plan(&store, NEXT_EXPIRY, [0]),
            ["SEARCH task USING COVERING INDEX task_expires (expires_at>?)"]
        );
    }
}
