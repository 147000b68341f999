//! Money that agents have spent, by day, and what the tasks of rules cost lately.

use aiwg_model::{RunId, Spending, TaskNo};
use aiwg_store::{RULE_COSTS, Reports};
use rusqlite::{Connection, params};

use super::{lenient::readable, read::SqliteReader, row::Number, write::SqliteStore};

impl SqliteStore {
    /// The money that was spent from one day to another, these included, in the order of the days.
    pub(crate) fn spending(&self, first: &str, last: &str) -> rusqlite::Result<Vec<Spending>> {
        spending(self.connection(), first, last, &self.reports)
    }

    /// Adds money to that of its day, rule and agent.
    pub(crate) fn add_spending(&mut self, spent: &Spending) -> rusqlite::Result<()> {
        self.statement(
            "INSERT INTO spending (day, rule, agent, usd) VALUES (?, ?, ?, ?)
             ON CONFLICT (day, rule, agent) DO UPDATE SET usd = usd + excluded.usd",
        )?
        .execute(params![
            spent.day,
            spent.rule.as_deref().unwrap_or_default(),
            spent.agent.as_deref().unwrap_or_default(),
            spent.usd,
        ])?;
        Ok(())
    }

    /// Forgets the money that was spent before a day, `limit` rows at the most. Returns their number.
    pub(crate) fn prune_spending(&mut self, before: &str, limit: u64) -> rusqlite::Result<usize> {
        self.statement(
            "DELETE FROM spending WHERE (day, rule, agent) IN (
                 SELECT day, rule, agent FROM spending WHERE day < ? ORDER BY day LIMIT ?)",
        )?
        .execute(params![before, limit])
    }

    /// The costs of the latest tasks of a rule that have told theirs, in no order.
    pub(crate) fn rule_costs(&self, rule: &str) -> rusqlite::Result<Vec<f64>> {
        let mut select =
            self.statement("SELECT usd FROM rule_cost WHERE rule = ? ORDER BY task DESC LIMIT ?")?;
        readable(select.query_map(params![rule, RULE_COSTS], |row| row.get(0))?, &self.reports)
    }

    /// Adds to the cost of a task of a rule.
    pub(crate) fn add_rule_cost(&mut self, rule: &str, task: TaskNo, usd: f64) -> rusqlite::Result<()> {
        self.statement(
            "INSERT INTO rule_cost (rule, task, usd) VALUES (?, ?, ?)
             ON CONFLICT (rule, task) DO UPDATE SET usd = usd + excluded.usd",
        )?
        .execute(params![rule, Number(task), usd])?;
        self.statement(
            "DELETE FROM rule_cost WHERE rule = ?1 AND task <= (
                 SELECT task FROM rule_cost WHERE rule = ?1 ORDER BY task DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![rule, RULE_COSTS])?;
        Ok(())
    }

    /// Sets the cost that is set aside for a run.
    pub(crate) fn reserve(&mut self, run: RunId, usd: f64) -> rusqlite::Result<()> {
        self.statement("UPDATE run SET reserved_usd = ?3 WHERE task = ?1 AND n = ?2")?.execute(params![
            Number(run.task),
            run.n,
            usd
        ])?;
        Ok(())
    }

    /// Sets the cost of a run that was counted against the budgets.
    pub(crate) fn charge(&mut self, run: RunId, usd: f64) -> rusqlite::Result<()> {
        self.statement("UPDATE run SET charged_usd = ?3 WHERE task = ?1 AND n = ?2")?.execute(params![
            Number(run.task),
            run.n,
            usd
        ])?;
        Ok(())
    }
}

impl SqliteReader {
    /// The money that was spent from one day to another, these included, in the order of the days.
    pub(crate) fn spending(&self, first: &str, last: &str) -> rusqlite::Result<Vec<Spending>> {
        self.with(|connection| spending(connection, first, last, &self.reports))
    }
}

fn spending(
    connection: &Connection,
    first: &str,
    last: &str,
    reports: &Reports,
) -> rusqlite::Result<Vec<Spending>> {
    let mut select = connection.prepare_cached(
        "SELECT day, rule, agent, usd FROM spending WHERE day BETWEEN ? AND ? ORDER BY day, rule, agent",
    )?;
    let named = |name: String| (!name.is_empty()).then_some(name);
    let rows = select.query_map([first, last], |row| {
        Ok(Spending {
            day: row.get(0)?,
            rule: named(row.get(1)?),
            agent: named(row.get(2)?),
            usd: row.get(3)?,
        })
    })?;
    readable(rows, reports)
}
