//! The state of the budgets, for people.

use std::collections::BTreeMap;

use aiwg_model::{Spending, TaskRow, sum_of, whole_usd};
use aiwg_protocol::{
    config::Config,
    types::{AgentSpending, BudgetBound, BudgetStatus, DaySpending, RuleSpending, Timestamp},
};
use aiwg_store::Reader;

use super::{
    Budgets, Spent,
    bounds::Bound,
    period::{Period, day_before},
    reserved_of, spender,
};

/// Maximum number of running tasks whose shares are read.
const MOST_RUNNING: u32 = 10_000;

/// Number of days that are shown.
const DAYS_SHOWN: i32 = 31;

/// Number of days before this one by which the rest of it is foretold.
const DAYS_BEFORE: i32 = 7;

/// A running task, and what is set aside for it.
struct Running {
    rule: Option<String>,
    agent: Option<String>,
    reserved_usd: f64,
}

impl Running {
    /// The running task of this row.
    fn read(reader: &dyn Reader, budgets: &Budgets, task: TaskRow) -> aiwg_store::Result<Self> {
        let runs = if budgets.are_set() { reader.runs(task.no)? } else { Vec::new() };
        let reserved_usd = if budgets.are_set() { reserved_of(&runs, budgets) } else { 0.0 };
        let rule = task.spec.counts_to().map(str::to_owned);
        let profile = runs.iter().rfind(|run| run.ended_at.is_none()).and_then(|run| run.profile.as_deref());
        Ok(Self { rule, agent: spender(profile, &task).map(str::to_owned), reserved_usd })
    }
}

/// Money that is set aside for running tasks of a rule, or for all.
fn reserved(running: &[Running], rule: Option<&str>) -> f64 {
    let counts = |task: &&Running| rule.is_none() || task.rule.as_deref() == rule;
    sum_of(running.iter().filter(counts).map(|task| task.reserved_usd))
}

/// The state of the budgets of a configuration. It does not go through the engine, which may just be waiting for the disk.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn budget_status(
    config: &Config,
    reader: &dyn Reader,
    now: Timestamp,
) -> aiwg_store::Result<BudgetStatus> {
    let budgets = &Budgets::of(config);
    let period = Period::of(now, budgets.zone());
    let shown_from = day_before(now, budgets.zone(), DAYS_SHOWN - 1);
    let (first, last) = &period.days_of_month;
    let rows = reader.spending(first.min(&shown_from), last)?;
    let of_month: Vec<&Spending> = rows.iter().filter(|row| row.day >= *first).collect();
    let mut spent = Spent::default();
    for row in &of_month {
        spent.add(row.rule.as_deref(), row.usd, row.day == period.day);
    }
    let running = reader.running(MOST_RUNNING)?.into_iter();
    let running: Vec<Running> =
        running.map(|task| Running::read(reader, budgets, task)).collect::<aiwg_store::Result<_>>()?;
    let mut by_day: BTreeMap<&str, f64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.day >= shown_from && row.day <= period.day) {
        *by_day.entry(&row.day).or_default() += row.usd;
    }
    let reserved_usd = reserved(&running, None);
    let week = day_before(now, budgets.zone(), DAYS_BEFORE);
    let forecast = Forecast {
        spent_usd: spent.all.day_usd,
        passed: period.passed(now),
        before: by_day.range(week.as_str()..period.day.as_str()).map(|(_, usd)| *usd).collect(),
    };
    Ok(BudgetStatus {
        spent_usd: whole_usd(spent.all.day_usd),
        reserved_usd: whole_usd(reserved_usd),
        forecast_usd: whole_usd(forecast.spent_usd + reserved_usd + forecast.rest_usd()),
        task_usd: budgets.config.task_usd,
        bounds: budgets.all().iter().map(|bound| shown(bound, &spent, &running, &period)).collect(),
        by_rule: by_rule(budgets, &spent, &running),
        by_agent: by_agent(&of_month, &period.day, &running),
        by_day: by_day
            .into_iter()
            .rev()
            .map(|(day, usd)| DaySpending { day: day.to_owned(), spent_usd: whole_usd(usd) })
            .collect(),
        day_ends_at: period.day_ends,
        day: period.day,
    })
}

fn shown(bound: &Bound<'_>, spent: &Spent, running: &[Running], period: &Period) -> BudgetBound {
    let (spent_usd, reserved_usd) = (spent.towards(bound), reserved(running, bound.rule));
    BudgetBound {
        span: bound.span,
        rule: bound.rule.map(str::to_owned),
        limit_usd: bound.limit_usd,
        spent_usd: whole_usd(spent_usd),
        reserved_usd: whole_usd(reserved_usd),
        left_usd: whole_usd((bound.limit_usd - spent_usd - reserved_usd).max(0.0)),
        ends_at: bound.ends(period),
    }
}

fn by_rule(budgets: &Budgets, spent: &Spent, running: &[Running]) -> Vec<RuleSpending> {
    let mut rules: Vec<Option<&str>> = spent.rules.keys().map(|rule| Some(rule.as_str())).collect();
    rules.extend(budgets.config.rules.keys().map(|rule| Some(rule.as_str())));
    rules.extend(running.iter().map(|task| task.rule.as_deref()));
    rules.push(None);
    rules.sort_unstable();
    rules.dedup();
    let of_rules =
        spent.rules.values().fold((0.0, 0.0), |sum, of| (sum.0 + of.day_usd, sum.1 + of.month_usd));
    let money = |rule: Option<&str>| match rule {
        Some(_) => (spent.sums(rule).day_usd, spent.sums(rule).month_usd),
        // Those of no rule: the rest.
        None => (spent.all.day_usd - of_rules.0, spent.all.month_usd - of_rules.1),
    };
    let mut all: Vec<RuleSpending> = rules
        .into_iter()
        .map(|rule| {
            let (day_usd, month_usd) = money(rule);
            let its = running.iter().filter(|task| task.rule.as_deref() == rule);
            let reserved_usd = sum_of(its.map(|task| task.reserved_usd));
            RuleSpending {
                rule: rule.map(str::to_owned),
                day_usd: whole_usd(day_usd.max(0.0)),
                month_usd: whole_usd(month_usd.max(0.0)),
                reserved_usd: whole_usd(reserved_usd),
            }
        })
        .filter(|of| of.rule.is_some() || of.month_usd > 0.0 || of.reserved_usd > 0.0)
        .collect();
    all.sort_by(|one, other| other.month_usd.total_cmp(&one.month_usd).then(one.rule.cmp(&other.rule)));
    all
}

fn by_agent(of_month: &[&Spending], day: &str, running: &[Running]) -> Vec<AgentSpending> {
    let mut agents: BTreeMap<Option<&str>, AgentSpending> = BTreeMap::new();
    for row in of_month {
        let of = agents.entry(row.agent.as_deref()).or_default();
        of.month_usd += row.usd;
        of.day_usd += if row.day == day { row.usd } else { 0.0 };
    }
    for task in running.iter().filter(|task| task.reserved_usd > 0.0) {
        agents.entry(task.agent.as_deref()).or_default().reserved_usd += task.reserved_usd;
    }
    let mut all: Vec<AgentSpending> = agents
        .into_iter()
        .map(|(agent, of)| AgentSpending {
            agent: agent.map(str::to_owned),
            day_usd: whole_usd(of.day_usd),
            month_usd: whole_usd(of.month_usd),
            reserved_usd: whole_usd(of.reserved_usd),
        })
        .collect();
    all.sort_by(|one, other| other.month_usd.total_cmp(&one.month_usd).then(one.agent.cmp(&other.agent)));
    all
}

/// The expected cost of a whole day.
struct Forecast {
    spent_usd: f64,
    /// The part of the day that is over.
    passed: f64,
    /// The cost of each of the days before on which anything was spent.
    before: Vec<f64>,
}

impl Forecast {
    /// The cost of the rest of the day.
    fn rest_usd(&self) -> f64 {
        let rest = 1.0 - self.passed;
        if self.before.is_empty() {
            // In its first minutes a day says nothing.
            return if self.passed > 0.05 { self.spent_usd / self.passed * rest } else { 0.0 };
        }
        sum_of(self.before.iter().copied()) / f64::from(DAYS_BEFORE) * rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_day_is_as_the_days_before_it() {
        let rest = |spent_usd, passed, before: &[f64]| {
            Forecast { spent_usd, passed, before: before.to_vec() }.rest_usd()
        };
        assert_eq!(rest(3.0, 0.5, &[7.0, 7.0]), 1.0, "14 in seven days are 2 a day, of which half is left");
        assert_eq!(rest(3.0, 0.25, &[]), 9.0);
        assert_eq!(rest(3.0, 0.001, &[]), 0.0);
        assert_eq!(rest(3.0, 1.0, &[7.0]), 0.0);
    }
}
