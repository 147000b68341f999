//! Money that agents have spent, by day, and what the tasks of rules cost lately.

use aiwg_model::{RunId, Spending, TaskNo};
use aiwg_store::{RULE_COSTS, Reports, Result};

use super::{
    driver::{Connection, Row, prepare},
    read::SqlReader,
    row::Number,
    value::values,
    write::Writer,
};

impl<C: Connection> Writer<C> {
    /// The money that was spent from one day to another, these included, in the order of the days.
    pub fn spending(&self, first: &str, last: &str) -> Result<Vec<Spending>> {
        spending(self.connection(), first, last, &self.reports)
    }

    /// Adds money to that of its day, rule and agent.
    pub fn add_spending(&mut self, spent: &Spending) -> Result<()> {
        self.statement(
            "INSERT INTO spending (day, rule, agent, usd) VALUES (?, ?, ?, ?)
             ON CONFLICT (day, rule, agent) DO UPDATE SET usd = spending.usd + excluded.usd",
        )?
        .execute(values![
            spent.day,
            spent.rule.as_deref().unwrap_or_default(),
            spent.agent.as_deref().unwrap_or_default(),
            spent.usd,
        ])?;
        Ok(())
    }

    /// Forgets the money that was spent before a day, `limit` rows at the most. Returns their number.
    pub fn prune_spending(&mut self, before: &str, limit: u64) -> Result<usize> {
        self.statement(
            "DELETE FROM spending WHERE (day, rule, agent) IN (
                 SELECT day, rule, agent FROM spending WHERE day < ? ORDER BY day LIMIT ?)",
        )?
        .execute(values![before, limit])
    }

    /// The costs of the latest tasks of a rule that have told theirs, in no order.
    pub fn rule_costs(&self, rule: &str) -> Result<Vec<f64>> {
        let mut select =
            self.statement("SELECT usd FROM rule_cost WHERE rule = ? ORDER BY task DESC LIMIT ?")?;
        select.readable(values![rule, RULE_COSTS], |row| row.get(0), &self.reports)
    }

    /// Adds to the cost of a task of a rule.
    pub fn add_rule_cost(&mut self, rule: &str, task: TaskNo, usd: f64) -> Result<()> {
        self.statement(
            "INSERT INTO rule_cost (rule, task, usd) VALUES (?, ?, ?)
             ON CONFLICT (rule, task) DO UPDATE SET usd = rule_cost.usd + excluded.usd",
        )?
        .execute(values![rule, Number(task), usd])?;
        self.statement(
            "DELETE FROM rule_cost WHERE rule = ?1 AND task <= (
                 SELECT task FROM rule_cost WHERE rule = ?1 ORDER BY task DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(values![rule, RULE_COSTS])?;
        Ok(())
    }

    /// Sets the cost that is set aside for a run.
    pub fn reserve(&mut self, run: RunId, usd: f64) -> Result<()> {
        self.statement("UPDATE run SET reserved_usd = ?3 WHERE task = ?1 AND n = ?2")?.execute(values![
            Number(run.task),
            run.n,
            usd
        ])?;
        Ok(())
    }

    /// Sets the cost of a run that was counted against the budgets.
    pub fn charge(&mut self, run: RunId, usd: f64) -> Result<()> {
        self.statement("UPDATE run SET charged_usd = ?3 WHERE task = ?1 AND n = ?2")?.execute(values![
            Number(run.task),
            run.n,
            usd
        ])?;
        Ok(())
    }
}

impl<C: Connection> SqlReader<C> {
    /// The money that was spent from one day to another, these included, in the order of the days.
    pub fn spending(&self, first: &str, last: &str) -> Result<Vec<Spending>> {
        self.with(|connection| spending(connection, first, last, &self.reports))
    }
}

fn spending<C: Connection>(
    connection: &C,
    first: &str,
    last: &str,
    reports: &Reports,
) -> Result<Vec<Spending>> {
    let mut select = prepare(
        connection,
        "SELECT day, rule, agent, usd FROM spending WHERE day BETWEEN ? AND ? ORDER BY day, rule, agent",
    )?;
    let named = |name: String| (!name.is_empty()).then_some(name);
    select.readable(
        values![first, last],
        |row| {
            Ok(Spending {
                day: row.get(0)?,
                rule: named(row.get(1)?),
                agent: named(row.get(2)?),
                usd: row.get(3)?,
            })
        },
        reports,
    )
}
