//! All daemons of this user: a list of them, and what is done to each.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient, Options,
    types::{BudgetStatus, DaemonStatus, Health, NoParams},
};
use aiwg_protocol::SOCKET_PATH;
use aiwg_server::{
    boot::last_holder,
    lifecycle::{Phase, projects_with_daemon},
};
use futures::future::join_all;
use serde::Serialize;

use super::{
    attended,
    restart::{self, Restart},
    stop,
};
use crate::{
    daemon::show_changes,
    error::CliError,
    output::{
        Column::{Number, Text, Whole},
        Output, Page, Shown, Table, indented, note, visible,
    },
    project::request_timeout_or,
};

/// Time within which each daemon must answer, unless the person gives it longer: one that hangs is not to hide the others.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// A daemon in the list. What only it can tell is null where it does not answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedDaemon {
    /// The project's directory.
    project: String,
    state: State,
    /// The daemon's process.
    pid: Option<u32>,
    socket: String,
    version: Option<String>,
    health: Option<Health>,
    /// Number of tasks that it runs, those of other hosts left out.
    running: Option<u32>,
    /// Number of queued tasks.
    queued: Option<u64>,
    /// Spent on this day so far, in US dollars.
    spent_today_usd: Option<f64>,
}

/// The state of a daemon that holds its project's lock.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    /// It answers.
    Running,
    /// It answers, and starts no tasks.
    Paused,
    /// It ends its agents and itself.
    Stopping,
    /// It restarts.
    Restarting,
    /// It does not answer, be it that it has just begun.
    Unresponsive,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopping => "stopping",
            Self::Restarting => "restarting",
            Self::Unresponsive => "unresponsive",
        }
    }
}

/// Lists the daemons.
pub(super) fn list(output: &Output) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let daemons = runtime.block_on(join_all(projects_with_daemon().into_iter().map(look)));
    output.result(&daemons, |out, daemons| show(out, daemons))?;
    Ok(ExitCode::SUCCESS)
}

async fn look(project: PathBuf) -> ListedDaemon {
    let answer = ask(&project).await.ok();
    let holder = last_holder(&project);
    let state = match (&answer, holder.as_ref().map(|holder| holder.phase)) {
        (_, Some(Phase::Stops)) => State::Stopping,
        (None, Some(Phase::Restarts)) => State::Restarting,
        (None, _) => State::Unresponsive,
        (Some((status, _)), _) if status.subsystems.supervisor.paused_since.is_some() => State::Paused,
        (Some(_), _) => State::Running,
    };
    let (status, budget) = answer.map_or((None, None), |(status, budget)| (Some(status), budget));
    let supervisor = status.as_ref().map(|status| &status.subsystems.supervisor);
    ListedDaemon {
        state,
        pid: status.as_ref().map(|status| status.pid).or(holder.map(|holder| holder.process.pid)),
        socket: project.join(SOCKET_PATH).display().to_string(),
        version: status.as_ref().map(|status| status.version.clone()),
        health: status.as_ref().map(|status| status.health),
        running: supervisor.map(|supervisor| {
            supervisor.running.saturating_sub(supervisor.running_elsewhere.unwrap_or_default())
        }),
        queued: supervisor.map(|supervisor| supervisor.queued),
        spent_today_usd: budget.map(|budget| budget.spent_usd),
        project: project.display().to_string(),
    }
}

/// What the daemon says of itself, and of the money that it has spent: an earlier one knows nothing of that.
async fn ask(project: &Path) -> Result<(DaemonStatus, Option<BudgetStatus>), ClientError> {
    let options = Options {
        socket: Some(project.join(SOCKET_PATH)),
        timeout: Some(request_timeout_or(ANSWERS_WITHIN)),
        retry: false,
        ..Options::default()
    };
    let client = DaemonClient::connect_with(options).await?;
    let status = client.daemon_status(NoParams {}).await?;
    Ok((status, client.budget_status(NoParams {}).await.ok()))
}

fn show(out: &mut Page, daemons: &[ListedDaemon]) -> io::Result<()> {
    if daemons.is_empty() {
        return writeln!(
            out,
            "No daemon of yours runs. `aiwg daemon start` starts one for the project here."
        );
    }
    let columns = [
        Text("PROJECT", 60),
        Whole("STATE"),
        Whole("HEALTH"),
        Number("RUNNING"),
        Number("QUEUED"),
        Number("TODAY"),
        Number("PID"),
    ];
    let mut table = Table::new(columns);
    for daemon in daemons {
        let health = match &daemon.health {
            Some(Health::Healthy) => Shown::marked("healthy", true),
            Some(other) => Shown::marked(other.name(), false),
            None => "-".into(),
        };
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let today = daemon.spent_today_usd.map_or_else(|| "-".to_owned(), |usd| format!("${usd:.2}"));
        table.add([
            daemon.project.as_str().into(),
            daemon.state.name().into(),
            health,
            number(daemon.running.map(u64::from)).into(),
            number(daemon.queued).into(),
            today.into(),
            number(daemon.pid.map(u64::from)).into(),
        ]);
    }
    table.write(out)
}

/// What was done to one of the daemons, or why it could not be.
#[derive(Serialize)]
struct Done<T> {
    /// The project's directory.
    project: String,
    /// The result that the command has for one project; null where it failed.
    result: Option<T>,
    /// The reason for which it failed; null where it did not.
    error: Option<String>,
}

/// Stops them all, one after the other.
pub(super) fn stop(named: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    check(named)?;
    let done = to_each(|project| stop::stop(Some(project), false));
    say(&done, output, |out, stopped| writeln!(out, "{}", stopped.said()))?;
    let results = || done.iter().filter_map(|done| Some((&done.project, done.result.as_ref()?)));
    let mut is_all = done.iter().all(|done| done.error.is_none());
    for (project, left) in results().filter_map(|(project, stopped)| Some((project, stopped.left()?))) {
        note(&format!("aiwg: {}: {left}", visible(project)));
        is_all = false;
    }
    results().for_each(|(_, stopped)| stopped.end_session());
    Ok(if is_all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Restarts them all, one after the other: after an upgrade they are of the new version. None is started: an agent could have put any directory on the
/// list, and nobody has seen what a daemon there would run.
pub(super) fn restart(named: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    check(named)?;
    let done = to_each(|project| match restart::restart_running(Some(project))? {
        Restart::Done(ready) => Ok(ready),
        Restart::Refused(why) => {
            let why: Vec<String> = why.errors.iter().map(ToString::to_string).collect();
            Err(CliError::Failed(format!(
                "its restart is refused, and it goes on as it is: {}",
                why.join("; ")
            )))
        }
    });
    // What is put in force is shown, as for one.
    say(&done, output, |out, ready| {
        writeln!(out, "The daemon runs as process {}.", ready.pid)?;
        show_changes(out, &ready.changes)?;
        ready.warnings.iter().try_for_each(|warning| writeln!(out, "! {}", indented(warning, 4)))
    })?;
    let is_all = done.iter().all(|done| done.error.is_none());
    Ok(if is_all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Refuses what is not meant so, and what an agent may not ask for: of the daemons of other projects it is no agent.
fn check(named: Option<&Path>) -> Result<(), CliError> {
    if named.is_some() {
        return Err(CliError::Usage(
            "--all is for the daemons of all projects: leave out --project, or --all".to_owned(),
        ));
    }
    if attended::is_agent() {
        return Err(CliError::Failed(
            "an agent may not stop or restart the daemons of other projects; a person may".to_owned(),
        ));
    }
    Ok(())
}

fn to_each<T>(act: impl Fn(&Path) -> Result<T, CliError>) -> Vec<Done<T>> {
    let one = |project: PathBuf| {
        let (result, error) = match act(&project) {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Done { project: project.display().to_string(), result, error }
    };
    projects_with_daemon().into_iter().map(one).collect()
}

fn say<T: Serialize>(
    done: &Vec<Done<T>>,
    output: &Output,
    said: impl Fn(&mut Page, &T) -> io::Result<()>,
) -> Result<(), CliError> {
    output.result(done, |out, done| {
        if done.is_empty() {
            writeln!(out, "No daemon of yours runs.")?;
        }
        for one in done {
            write!(out, "{}: ", visible(&one.project))?;
            match &one.result {
                Some(result) => said(out, result)?,
                None => writeln!(out, "{}", indented(one.error.as_deref().unwrap_or_default(), 4))?,
            }
        }
        Ok(())
    })
}
