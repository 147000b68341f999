//! `aiwg report`: the morning's one command.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{Report, ReportGetParams, ReportedTask, Timestamp, TrippedRule},
};
use clap::{Args, ValueHint};

use crate::{
    error::CliError,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Table, moment,
    },
    values::past,
};

/// Number of tasks of each kind that are shown to people: `--json` has all.
const SHOWN: usize = 20;

/// The arguments of `aiwg report`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReportArgs {
    /// From this moment on, as 18:00 or 2026-12-24T18:00:00Z, or so long ago, as 12h; 24 hours ago unless given
    #[arg(long, value_name = "MOMENT", value_parser = past, value_hint = ValueHint::Other)]
    since: Option<Timestamp>,
}

pub(crate) async fn run(
    client: &DaemonClient,
    args: ReportArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    output.result(&client.report_get(ReportGetParams { since: args.since }).await?, show)?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut Page, report: &Report) -> io::Result<()> {
    writeln!(out, "Since {}: {}", moment(report.since), report.summary())?;
    if report.is_cut {
        writeln!(out, "There is more than can be reported at once: ask for less time.")?;
    }
    let reason = |task: &ReportedTask| task.reason.clone().unwrap_or_else(|| "-".to_owned());
    table(out, "FAILED", &report.failed, "REASON", reason)?;
    tripped(out, &report.tripped)?;
    table(out, "CANCELLED", &report.cancelled, "REASON", reason)?;
    table(out, "WAITING", &report.waiting, "FOR", waits_for)?;
    table(out, "RUNNING", &report.running, "SINCE", |task| {
        task.started_at.map_or_else(|| "-".to_owned(), moment)
    })?;
    let done = |task: &ReportedTask| match task.verified {
        Some(true) => "verified".to_owned(),
        _ => reason(task),
    };
    table(out, "COMPLETED", &report.completed, "HOW", done)
}

fn tripped(out: &mut Page, rules: &[TrippedRule]) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let mut rows = Table::new([Whole("TRIPPED"), Text("SINCE", 48), Text("WHY", 100)]);
    for rule in rules {
        rows.add([rule.rule.as_str().into(), moment(rule.at).into(), rule.why.as_str().into()]);
    }
    writeln!(out)?;
    rows.write(out)
}

fn waits_for(task: &ReportedTask) -> String {
    let what = task.waiting.map_or("a slot", |waiting| waiting.name());
    task.waiting_until.map_or_else(|| what.to_owned(), |until| format!("{what}, until {}", moment(until)))
}

fn table(
    out: &mut Page,
    title: &'static str,
    tasks: &[ReportedTask],
    column: &'static str,
    shown: impl Fn(&ReportedTask) -> String,
) -> io::Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let mut rows =
        Table::new([Whole(title), Text("RULE", 24), Text(column, 48), Number("COST $"), Text("WHAT", 100)]);
    for task in tasks.iter().take(SHOWN) {
        // Of what has failed, the error says more than the prompt.
        let what = task.error.as_deref().unwrap_or(&task.prompt);
        rows.add([
            task.id.as_str().into(),
            task.rule.as_deref().unwrap_or("-").into(),
            shown(task).into(),
            task.cost_usd.map_or_else(|| "-".to_owned(), |cost| format!("{cost:.2}")).into(),
            what.into(),
        ]);
    }
    writeln!(out)?;
    rows.write(out)?;
    match tasks.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "and {more} more: --json has all"),
    }
}
