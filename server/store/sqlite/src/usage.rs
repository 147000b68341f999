//! The usage of agents, summed up by rule and by day.

use aiwg_model::AgentSum;
use aiwg_protocol::types::{DayUsage, RuleUsage, TaskUsage, Timestamp, UsageStats, UsageSum, whole_usd};
use aiwg_store::{AGENT_SUMS, OTHER};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{lenient::readable, read::SqliteReader, write::SqliteStore};

/// Number of days that the sums by day cover.
const DAYS: u32 = 30;

/// The most that a sum holds: every number up to it is exact in JSON, and in SQLite, which adds what is too large for its integers as reals.
pub(super) const MOST: u64 = (1 << 53) - 1;

/// The names of what is summed up in whole numbers.
const COUNTED: [&str; 6] =
    ["tasks", "turns", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"];

impl SqliteStore {
    /// The cost of a session before a task reported its total. The session's cost is that total from here on, if it
    /// is more; the cost of an unknown session is 0.
    pub(crate) fn session_cost(&mut self, session: &str, total: f64) -> rusqlite::Result<f64> {
        let before: Option<f64> = self
            .statement("SELECT cost_usd FROM session WHERE id = ?")?
            .query_row([session], |row| row.get(0))
            .optional()?;
        let before = before.unwrap_or(0.0);
        self.statement("INSERT OR REPLACE INTO session (id, cost_usd) VALUES (?, ?)")?
            .execute(params![session, before.max(total)])?;
        Ok(before)
    }

    /// Adds what a task used to the sums.
    pub(crate) fn add_usage(
        &mut self,
        (rule, agent): (Option<&str>, Option<&str>),
        usage: &TaskUsage,
        is_first: bool,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let rule = rule.unwrap_or_default();
        self.add_to("usage", ["day", "rule"], [&day(at), rule], usage, is_first)?;
        self.add_agent_sum((rule, agent.unwrap_or_default()), usage, is_first)
    }
}

impl SqliteStore {
    /// Adds to the sum of a rule and an agent, or to that of all others once there are as many sums as there may be.
    fn add_agent_sum(
        &mut self,
        (rule, agent): (&str, &str),
        usage: &TaskUsage,
        is_first: bool,
    ) -> rusqlite::Result<()> {
        let is_full: bool = self
            .statement(
                "SELECT NOT EXISTS (SELECT 1 FROM agent_sum WHERE rule = ? AND agent = ?)
                     AND (SELECT count(*) FROM agent_sum) >= ?",
            )?
            .query_row(params![rule, agent, AGENT_SUMS], |row| row.get(0))?;
        let of = if is_full { [OTHER, OTHER] } else { [rule, agent] };
        self.add_to("agent_sum", ["rule", "agent"], of, usage, is_first)
    }

    /// Adds to the sum in the row of a table that has these values in the columns of its key.
    fn add_to(
        &mut self,
        table: &str,
        [first, second]: [&str; 2],
        [of_first, of_second]: [&str; 2],
        usage: &TaskUsage,
        is_first: bool,
    ) -> rusqlite::Result<()> {
        let counted =
            COUNTED.map(|name| format!("{name} = CAST(min({name} + excluded.{name}, {MOST}) AS INTEGER)"));
        let counted = counted.join(", ");
        self.statement(&format!(
            "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT ({first}, {second}) DO UPDATE SET cost_usd = cost_usd + excluded.cost_usd, {counted}"
        ))?
        .execute(params![
            of_first,
            of_second,
            u32::from(is_first),
            usage.cost_usd.unwrap_or_default(),
            usage.turns.min(MOST),
            usage.input_tokens.min(MOST),
            usage.output_tokens.min(MOST),
            usage.cache_read_tokens.min(MOST),
            usage.cache_creation_tokens.min(MOST),
        ])?;
        Ok(())
    }
}

impl SqliteReader {
    /// The sums by rule and agent.
    pub(crate) fn agent_sums(&self) -> rusqlite::Result<Vec<AgentSum>> {
        let sums = format!("SELECT rule, agent, cost_usd, {} FROM agent_sum", COUNTED.join(", "));
        let named = |name: String| (!name.is_empty()).then_some(name);
        self.with(|connection| {
            let mut select = connection.prepare_cached(&sums)?;
            let rows = select.query_map([], |row| {
                Ok(AgentSum { rule: named(row.get(0)?), agent: named(row.get(1)?), usage: read_sum(row, 2)? })
            })?;
            readable(rows, self.reports())
        })
    }
}

/// All sums.
pub(super) fn usage_stats(connection: &Connection) -> rusqlite::Result<UsageStats> {
    // `total`, and not `sum`, which is an error for what is too large.
    let counted = COUNTED.map(|name| format!("CAST(min(total({name}), {MOST}) AS INTEGER)"));
    let sums = format!("total(cost_usd), {}", counted.join(", "));
    let total = connection
        .prepare_cached(&format!("SELECT {sums} FROM usage"))?
        .query_row([], |row| read_sum(row, 0))?;
    let by_rule = format!("SELECT rule, {sums} FROM usage GROUP BY rule ORDER BY total(cost_usd) DESC, rule");
    let by_day = format!("SELECT day, {sums} FROM usage GROUP BY day ORDER BY day DESC LIMIT {DAYS}");
    Ok(UsageStats {
        total,
        by_rule: rows(connection, &by_rule, |name, usage| RuleUsage {
            rule: (!name.is_empty()).then_some(name),
            usage,
        })?,
        by_day: rows(connection, &by_day, |day, usage| DayUsage { day, usage })?,
    })
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    make: impl Fn(String, UsageSum) -> T,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare_cached(sql)?.query_map([], |row| Ok(make(row.get(0)?, read_sum(row, 1)?)))?.collect()
}

fn read_sum(row: &Row<'_>, from: usize) -> rusqlite::Result<UsageSum> {
    Ok(UsageSum {
        cost_usd: whole_usd(row.get(from)?),
        tasks: row.get(from + 1)?,
        turns: row.get(from + 2)?,
        input_tokens: row.get(from + 3)?,
        output_tokens: row.get(from + 4)?,
        cache_read_tokens: row.get(from + 5)?,
        cache_creation_tokens: row.get(from + 6)?,
    })
}

/// The day in UTC: the first ten characters of RFC 3339.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take("2026-11-23".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_an_end_and_do_not_spoil_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&dir.path().join("db")).unwrap();
        let usage =
            TaskUsage { turns: u64::MAX, input_tokens: MOST, output_tokens: 7, ..TaskUsage::default() };
        for _ in 0..3 {
            store.add_usage((Some("a"), None), &usage, true, Timestamp::default()).unwrap();
        }
        // As an earlier version has left it.
        store
            .statement("INSERT INTO usage VALUES ('2026-01-01', 'b', 1, 0.5, 9.3e18, 1, 1, 1, 1)")
            .unwrap()
            .execute([])
            .unwrap();
        store.add_usage((Some("b"), None), &usage, true, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
        let stats = usage_stats(store.connection()).unwrap();
        assert_eq!((stats.total.tasks, stats.total.turns, stats.total.output_tokens), (5, MOST, 29));
        assert_eq!(stats.total.cost_usd, 0.5);
    }
}
