//! The usage of agents, summed up by rule and by day.

use std::sync::LazyLock;

use aiwg_model::AgentSum;
use aiwg_protocol::types::{DayUsage, RuleUsage, TaskUsage, Timestamp, UsageStats, UsageSum, whole_usd};
use aiwg_store::{AGENT_SUMS, OTHER, Result, StoreError, own_name};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    value::values,
    write::Writer,
};

/// Number of days that the sums by day cover.
const DAYS: u32 = 30;

/// The most that a sum holds: every number up to it is exact in JSON, and in SQLite, which adds what is too large for its integers as reals.
pub const MOST: u64 = (1 << 53) - 1;

/// The names of what is summed up in whole numbers.
const COUNTED: [&str; 6] =
    ["tasks", "turns", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"];

/// The statement that adds to the sums by day and rule.
static ADD_USAGE: LazyLock<String> = LazyLock::new(|| add_to("usage", "day, rule"));

/// The statement that adds to the sums by rule and agent.
static ADD_AGENT_SUM: LazyLock<String> = LazyLock::new(|| add_to("agent_sum", "rule, agent"));

/// The statement that adds to a row of a table with this key.
fn add_to(table: &str, key: &str) -> String {
    let counted = COUNTED.map(|name| {
        let sum = format!("{table}.{name} + excluded.{name}");
        format!("{name} = CASE WHEN {sum} < {MOST} THEN CAST({sum} AS BIGINT) ELSE {MOST} END")
    });
    format!(
        "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT ({key}) DO UPDATE SET cost_usd = {table}.cost_usd + excluded.cost_usd, {}",
        counted.join(", ")
    )
}

impl<C: Connection> Writer<C> {
    /// The cost of a session before a task reported its total. The session's cost is that total from here on, if it
    /// is more; the cost of an unknown session is 0.
    pub fn session_cost(&mut self, session: &str, total: f64) -> Result<f64> {
        let before: Option<f64> = self
            .statement("SELECT cost_usd FROM session WHERE id = ?")?
            .first(values![session], |row| row.get(0))?;
        let before = before.unwrap_or(0.0);
        self.statement("INSERT INTO session (id, cost_usd) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET cost_usd = excluded.cost_usd")?
            .execute(values![session, before.max(total)])?;
        Ok(before)
    }

    /// Adds what a task used to the sums.
    pub fn add_usage(
        &mut self,
        (rule, agent): (Option<&str>, Option<&str>),
        usage: &TaskUsage,
        is_first: bool,
        at: Timestamp,
    ) -> Result<()> {
        let rule = rule.unwrap_or_default();
        self.add(&ADD_USAGE, [&day(at), rule], usage, is_first)?;
        self.add_agent_sum((rule, agent.unwrap_or_default()), usage, is_first)
    }

    /// Adds to the sum of a rule and an agent, or to that of all others once there are as many sums as there may be.
    fn add_agent_sum(
        &mut self,
        (rule, agent): (&str, &str),
        usage: &TaskUsage,
        is_first: bool,
    ) -> Result<()> {
        let (rule, agent) = (own_name(rule), own_name(agent));
        let (rule, agent) = (&*rule, &*agent);
        let is_full: bool = self
            .statement(
                "SELECT NOT EXISTS (SELECT 1 FROM agent_sum WHERE rule = ? AND agent = ?)
                     AND (SELECT count(*) FROM agent_sum) >= ?",
            )?
            .only(values![rule, agent, AGENT_SUMS], |row| row.get(0))?;
        let of = if is_full { [OTHER, OTHER] } else { [rule, agent] };
        self.add(&ADD_AGENT_SUM, of, usage, is_first)
    }

    /// Adds to the sum in the row that has these values in its key, by a statement of [`add_to`].
    fn add(
        &mut self,
        statement: &str,
        [first, second]: [&str; 2],
        usage: &TaskUsage,
        is_first: bool,
    ) -> Result<()> {
        self.statement(statement)?.execute(values![
            first,
            second,
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

impl<C: Connection> SqlReader<C> {
    /// The sums by rule and agent.
    pub fn agent_sums(&self) -> Result<Vec<AgentSum>> {
        let sums = format!(
            "SELECT rule, agent, cost_usd, {} FROM agent_sum ORDER BY rule, agent",
            COUNTED.join(", ")
        );
        let named = |name: String| (!name.is_empty()).then_some(name);
        self.with(|connection| {
            let mut select = prepare(connection, &sums)?;
            select.readable(
                &[],
                |row| {
                    Ok(AgentSum {
                        rule: named(row.get(0)?),
                        agent: named(row.get(1)?),
                        usage: read_sum(row, 2)?,
                    })
                },
                self.reports(),
            )
        })
    }
}

/// All sums.
pub(super) fn usage_stats<C: Connection>(connection: &C) -> Result<UsageStats> {
    // As reals: a sum of whole numbers is an error where it is too large.
    let sum = |name| format!("coalesce(sum(CAST({name} AS DOUBLE PRECISION)), 0.0)");
    let sums = format!("{}, {}", sum("cost_usd"), COUNTED.map(sum).join(", "));
    let total =
        prepare(connection, &format!("SELECT {sums} FROM usage"))?.only(&[], |row| read_sum(row, 0))?;
    let by_rule = format!("SELECT rule, {sums} FROM usage GROUP BY rule ORDER BY 2 DESC, rule");
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

fn rows<C: Connection, T>(connection: &C, sql: &str, make: impl Fn(String, UsageSum) -> T) -> Result<Vec<T>> {
    prepare(connection, sql)?.all(&[], |row| Ok(make(row.get(0)?, read_sum(row, 1)?)))
}

fn read_sum(row: &impl Row, from: usize) -> Result<UsageSum> {
    let counted = |column| Ok::<_, StoreError>(row.get::<f64>(column)?.clamp(0.0, MOST as f64) as u64);
    Ok(UsageSum {
        cost_usd: whole_usd(row.get(from)?),
        tasks: counted(from + 1)?,
        turns: counted(from + 2)?,
        input_tokens: counted(from + 3)?,
        output_tokens: counted(from + 4)?,
        cache_read_tokens: counted(from + 5)?,
        cache_creation_tokens: counted(from + 6)?,
    })
}

/// The day in UTC: the first ten characters of RFC 3339.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take("2026-11-23".len()).collect()
}
