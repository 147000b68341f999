//! What agents used, summed up by rule and by day.

use aiwg_protocol::types::{DayUsage, RuleUsage, TaskUsage, Timestamp, UsageStats, UsageSum};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::write::Store;

/// How many days the sums by day go back.
const DAYS: u32 = 30;

const SUMS: &str =
    "ifnull(sum(tasks), 0), ifnull(sum(cost_usd), 0.0), ifnull(sum(turns), 0), ifnull(sum(input_tokens), 0),
     ifnull(sum(output_tokens), 0), ifnull(sum(cache_read_tokens), 0), ifnull(sum(cache_creation_tokens), 0)";

impl Store {
    /// What a session had cost before, of which a task now tells a total. From here on it is that, if that is more: an unknown session is told
    /// with a total of 0.
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
        rule: Option<&str>,
        usage: &TaskUsage,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        self.statement(
            "INSERT INTO usage VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (day, rule) DO UPDATE SET
                tasks = tasks + 1, cost_usd = cost_usd + excluded.cost_usd, turns = turns + excluded.turns,
                input_tokens = input_tokens + excluded.input_tokens,
                output_tokens = output_tokens + excluded.output_tokens,
                cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
                cache_creation_tokens = cache_creation_tokens + excluded.cache_creation_tokens",
        )?
        .execute(params![
            day(at),
            rule.unwrap_or_default(),
            usage.cost_usd,
            usage.turns,
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_creation_tokens,
        ])?;
        Ok(())
    }
}

/// All sums.
pub(super) fn usage_stats(connection: &Connection) -> rusqlite::Result<UsageStats> {
    let total = connection
        .prepare_cached(&format!("SELECT {SUMS} FROM usage"))?
        .query_row([], |row| read_sum(row, 0))?;
    let by_rule = format!("SELECT rule, {SUMS} FROM usage GROUP BY rule ORDER BY sum(cost_usd) DESC, rule");
    let by_day = format!("SELECT day, {SUMS} FROM usage GROUP BY day ORDER BY day DESC LIMIT {DAYS}");
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
        tasks: row.get(from)?,
        cost_usd: row.get(from + 1)?,
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
