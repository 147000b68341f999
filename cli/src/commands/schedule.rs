use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{NoParams, ScheduleRunParams, ScheduledJob},
};
use aiwg_schedule::{Schedule, rfc3339, time, time_zone};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::ask;
use crate::{
    error::CliError,
    examples,
    output::{Output, table, write_table},
};

/// What can be done with schedules.
#[derive(Debug, Subcommand)]
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
        job: String,
    },
}

/// What is typed after `next`.
#[derive(Debug, Args)]
pub(crate) struct NextArgs {
    /// When, as in crontab(5): minute, hour, day of month, month, day of week; or @daily and the like
    #[arg(value_name = "EXPR")]
    expression: String,
    /// How many times
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    count: u16,
    /// After which moment, as 2026-03-29T02:30 in that zone, or with an offset; now when left out
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The time zone, as Europe/Berlin; the machine's when left out
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
}

pub(crate) fn run(
    project: Option<&Path>,
    command: ScheduleCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        ScheduleCommand::Next(args) => next(&args, output),
        ScheduleCommand::List => ask(project, async |client| list(client, output).await),
        ScheduleCommand::Run { job } => ask(project, async |client| run_now(client, job, output).await),
    }
}

fn next(args: &NextArgs, output: &Output) -> Result<ExitCode, CliError> {
    let wrong = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let schedule: Schedule = args.expression.parse().map_err(|error| wrong(&error))?;
    let zone = time_zone(args.timezone.as_deref()).map_err(|error| wrong(&error))?;
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

async fn list(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let jobs = client.schedule_list(NoParams {}).await?;
    output.result(&jobs, |out, jobs| show(out, jobs))?;
    Ok(ExitCode::SUCCESS)
}

fn show(out: &mut dyn Write, jobs: &[ScheduledJob]) -> io::Result<()> {
    if jobs.is_empty() {
        return writeln!(
            out,
            "There are no schedules: .aiwg/daemon.json names them in \"schedule\": {{\"jobs\": [...]}}."
        );
    }
    let mut rows = table(["JOB", "CRON", "ACTION", "LAST", "NEXT"]);
    for job in jobs {
        rows.add_row([
            job.name.clone(),
            job.cron.clone(),
            job.action.clone().unwrap_or_else(|| "(a rule)".to_owned()),
            job.last_at.map_or_else(|| "-".to_owned(), |at| local(at.as_millis(), job)),
            job.next_at.map_or_else(|| "-".to_owned(), |at| local(at.as_millis(), job)),
        ]);
    }
    write_table(out, &rows)?;
    if jobs.iter().any(|job| job.next_at.is_none()) {
        writeln!(
            out,
            "\n! those without a next time do not fire: \"schedule\": {{\"enabled\": true}} switches jobs on"
        )?;
    }
    Ok(())
}

/// On a clock of the schedule's zone.
fn local(millis: i64, job: &ScheduledJob) -> String {
    let zone = time_zone(job.timezone.as_deref()).unwrap_or(jiff::tz::TimeZone::UTC);
    Timestamp::from_millisecond(millis).map_or_else(|_| "-".to_owned(), |at| rfc3339(at, &zone))
}

async fn run_now(client: &DaemonClient, job: String, output: &Output) -> Result<ExitCode, CliError> {
    let done = client.schedule_run(ScheduleRunParams { job: job.clone() }).await?;
    output.result(&done, |out, done| match done.rules.as_slice() {
        [] => writeln!(out, "{job} has fired as event {}.", done.seq),
        rules => {
            writeln!(out, "{job} has fired as event {}: {}. Next: aiwg task list", done.seq, rules.join(", "))
        }
    })?;
    Ok(ExitCode::SUCCESS)
}
