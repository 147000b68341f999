//! `aiwg budget`: what agents have cost, and what is left.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{BudgetBound, BudgetStatus, NoParams},
};

use crate::{
    error::CliError,
    output::{
        Column::{Number, Whole},
        Output, Page, Shown, Table, local,
    },
};

/// Number of days that are shown to people: `--json` has all.
const DAYS_SHOWN: usize = 7;

pub(crate) async fn run(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    output.result(&client.budget_status(NoParams {}).await?, show)?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut Page, status: &BudgetStatus) -> io::Result<()> {
    writeln!(
        out,
        "Today until {}: {} spent, {} set aside, about {} by its end.",
        local(status.day_ends_at),
        usd(status.spent_usd),
        usd(status.reserved_usd),
        usd(status.forecast_usd)
    )?;
    if let Some(cap) = status.task_usd {
        writeln!(out, "Each task: {} at the most.", usd(cap))?;
    }
    if status.bounds.is_empty() {
        writeln!(out, "No bound is set: \"budget\": {{\"day_usd\": 25}} in .aiwg/daemon.json sets one.")?;
    } else {
        writeln!(out)?;
        bounds(&status.bounds).write(out)?;
    }
    spent_by(out, status)?;
    if !status.by_day.is_empty() {
        let mut days = Table::new([Whole("DAY"), Number("SPENT $")]);
        for of in status.by_day.iter().take(DAYS_SHOWN) {
            days.add([of.day.as_str().into(), amount(of.spent_usd).into()]);
        }
        writeln!(out)?;
        days.write(out)?;
    }
    Ok(())
}

/// Writes what each rule and each agent has spent, if anything was.
fn spent_by(out: &mut Page, status: &BudgetStatus) -> io::Result<()> {
    let named = |kind: &str, name: &Option<String>, none: &str| {
        name.as_ref().map_or_else(|| none.to_owned(), |name| format!("{kind} {name}"))
    };
    let rules = status
        .by_rule
        .iter()
        .map(|of| (named("rule", &of.rule, "no rule"), of.day_usd, of.month_usd, of.reserved_usd));
    let agents = status
        .by_agent
        .iter()
        .map(|of| (named("agent", &of.agent, "default agent"), of.day_usd, of.month_usd, of.reserved_usd));
    let mut rows = rules.chain(agents).peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let mut spent =
        Table::new([Whole("SPENT BY"), Number("TODAY $"), Number("MONTH $"), Number("SET ASIDE $")]);
    for (name, day, month, reserved) in rows {
        spent.add([name.into(), amount(day).into(), amount(month).into(), amount(reserved).into()]);
    }
    writeln!(out)?;
    spent.write(out)
}

/// The bounds as a table.
pub(super) fn bounds(bounds: &[BudgetBound]) -> Table<6> {
    let mut rows = Table::new([
        Whole("BUDGET"),
        Number("LIMIT $"),
        Number("SPENT $"),
        Number("SET ASIDE $"),
        Number("LEFT $"),
        Whole("UNTIL"),
    ]);
    for bound in bounds {
        let span = bound.span.name();
        let name = bound.rule.as_ref().map_or_else(|| span.to_owned(), |rule| format!("{span}, rule {rule}"));
        rows.add([
            name.into(),
            amount(bound.limit_usd).into(),
            amount(bound.spent_usd).into(),
            amount(bound.reserved_usd).into(),
            Shown::marked(&amount(bound.left_usd), bound.left_usd > 0.0),
            local(bound.ends_at).into(),
        ]);
    }
    rows
}

fn usd(amount: f64) -> String {
    format!("${amount:.2}")
}

fn amount(usd: f64) -> String {
    format!("{usd:.4}")
}
