use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{NoParams, ScheduleRunParams, ScheduledJob},
};
use aiwg_protocol::CONFIG_PATH;
use aiwg_schedule::{Schedule, time, time_zone};
use aiwg_server::boot::load_config;
use clap::{Args, Subcommand, ValueHint};
use jiff::Timestamp;

use super::ask;
use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Text, Whole},
        Output, Page, Table, ago, local_in, note, visible,
    },
    project::to_start,
};

/// Commands for schedules.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// List the schedules, with the times for which they fired last and fire next
    #[command(after_help = examples::SCHEDULE_LIST)]
    List,
    /// Print when a schedule fires next; takes no daemon
    #[command(after_help = examples::SCHEDULE_NEXT)]
    Next(NextArgs),
    /// Fire a schedule now
    #[command(after_help = examples::SCHEDULE_RUN)]
    Run {
        /// The job's name, or the id of a rule whose trigger is a schedule
        #[arg(value_hint = ValueHint::Other)]
        job: String,
    },
}

/// Arguments of `next`.
#[derive(Debug, Clone, Args)]
pub(crate) struct NextArgs {
    /// The schedule, as in crontab(5): minute, hour, day of month, month, day of week, as one argument; or @daily and the like
    #[arg(value_name = "EXPR", value_hint = ValueHint::Other)]
    expression: String,
    /// Number of times to print
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    #[arg(value_hint = ValueHint::Other)]
    count: u16,
    /// After which moment, as 2026-03-29T02:30 in that zone, or with an offset; now when left out
    #[arg(long, value_name = "TIME", value_hint = ValueHint::Other)]
    from: Option<String>,
    /// The time zone, as Europe/Berlin; else the project's schedule.timezone, else the machine's
    #[arg(long, value_name = "ZONE", value_hint = ValueHint::Other)]
    timezone: Option<String>,
}

pub(crate) fn run(
    project: Option<&Path>,
    command: ScheduleCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        ScheduleCommand::Next(args) => next(project, &args, output),
        ScheduleCommand::List => ask(project, async |client| list(client, output).await),
        ScheduleCommand::Run { job } => ask(project, async |client| run_now(client, job, output).await),
    }
}

fn next(project: Option<&Path>, args: &NextArgs, output: &Output) -> Result<ExitCode, CliError> {
    let wrong = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let schedule: Schedule = args.expression.parse().map_err(|error| {
        let is_part = args.expression.split_whitespace().count() == 1 && !args.expression.starts_with('@');
        let hint = if is_part { "; put all five fields in quotes, as one argument" } else { "" };
        CliError::Usage(format!("{error}{hint}"))
    })?;
    let zone = match &args.timezone {
        Some(name) => time_zone(Some(name)),
        None => time_zone(zone_of_project(project)?.as_deref()),
    };
    let zone = zone.map_err(|error| wrong(&error))?;
    let from =
        args.from.as_deref().map(|text| time(text, &zone)).transpose().map_err(|error| wrong(&error))?;
    let times = schedule.next_times(from.unwrap_or_else(Timestamp::now), &zone, args.count.into());
    if times.is_empty() {
        return Err(CliError::Failed(format!(
            "`{schedule}` never fires: there is no such day in the next 50 years"
        )));
    }
    output.result(&times, |out, times| times.iter().try_for_each(|time| writeln!(out, "{time}")))?;
    Ok(ExitCode::SUCCESS)
}

/// The time zone that the schedules of the project go by, where it names one.
fn zone_of_project(project: Option<&Path>) -> Result<Option<String>, CliError> {
    let project = to_start(project)?;
    match load_config(&project, &project.join(CONFIG_PATH), false) {
        Ok(loaded) => Ok(loaded.config.schedule.timezone),
        Err(error) => {
            note(&format!("! the machine's time zone counts, as the project's cannot be read: {error}"));
            Ok(None)
        }
    }
}

async fn list(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let jobs = client.schedule_list(NoParams {}).await?;
    output.result(&jobs, |out, jobs| show(out, jobs))?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut Page, jobs: &[ScheduledJob]) -> io::Result<()> {
    if jobs.is_empty() {
        return writeln!(
            out,
            "There are no schedules: .aiwg/daemon.json names them in \"schedule\": {{\"jobs\": [...]}}."
        );
    }
    let mut rows = Table::new([
        Whole("JOB"),
        Text("CRON", usize::MAX),
        Text("ACTION", usize::MAX),
        Whole("LAST"),
        Whole("NEXT"),
    ]);
    for job in jobs {
        // On a clock of the schedule's zone.
        let zone = time_zone(job.timezone.as_deref()).unwrap_or(jiff::tz::TimeZone::UTC);
        rows.add([
            job.name.as_str().into(),
            job.cron.as_str().into(),
            job.action.as_deref().unwrap_or("(a rule)").into(),
            job.last_at.map_or_else(|| "-".to_owned(), ago).into(),
            job.next_at.map_or_else(|| "-".to_owned(), |at| local_in(at, &zone)).into(),
        ]);
    }
    rows.write(out)?;
    if jobs.iter().any(|job| job.next_at.is_none()) {
        writeln!(
            out,
            "\n! those without a next time do not fire: \"schedule\": {{\"enabled\": true}} switches jobs on"
        )?;
    }
    Ok(())
}

async fn run_now(client: &DaemonClient, job: String, output: &Output) -> Result<ExitCode, CliError> {
    let done = client.schedule_run(ScheduleRunParams { job: job.clone() }).await?;
    output.result(&done, |out, done| match done.rules.as_slice() {
        [] => writeln!(out, "{} has fired as event {}.", visible(&job), done.seq),
        rules => writeln!(
            out,
            "{} has fired as event {}: {}. Next: aiwg task list",
            visible(&job),
            done.seq,
            visible(&rules.join(", "))
        ),
    })?;
    Ok(ExitCode::SUCCESS)
}
