//! Restarts the daemon, with the same agents.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    DaemonClient,
    types::{DaemonReloaded, DaemonStatus, Issue, NoParams, Timestamp},
};
use aiwg_server::boot::{Options, Ready, is_running, last_holder};

use super::{LAST_MOMENTS, options, project_of, show_refusal, startable, started, status_if_readable};
use crate::{daemon::detach, error::CliError, output::Output, project::connect};

/// Interval at which is looked whether the daemon is there again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The result of a restart.
pub(super) enum Restart {
    /// The daemon has restarted, or was started.
    Done(Ready),
    /// Its configuration is refused, or there is no program for the next one, and it goes on as it was.
    Refused(DaemonReloaded),
}

/// Restarts the daemon, if one runs, with the configuration file it had, while running tasks go on; else starts it.
pub(super) fn run(project: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    match restart(project)? {
        Restart::Done(ready) => started(&ready, output),
        Restart::Refused(why) => {
            output.result(&why, show_refusal)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Restarts the daemon, or starts it where none runs.
pub(super) fn restart(project: Option<&Path>) -> Result<Restart, CliError> {
    match restart_running(project) {
        Err(CliError::Client(error)) if error.is_no_daemon() => {
            let project = startable(project)?;
            // With the configuration file of a daemon that was killed; what was stopped is started as ever.
            let again = last_holder(&project).is_some();
            Ok(Restart::Done(detach(&Options { again, ..options(project) })?))
        }
        other => other,
    }
}

/// Restarts the daemon that runs.
///
/// # Errors
/// None does, or it does not restart.
pub(super) fn restart_running(project: Option<&Path>) -> Result<Restart, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(connected(project))
}

/// In place, as the same process, wherever it runs: a service manager, a container or a terminal may wait for its end, and one that is asked by an
/// agent, or from another session, must not become a descendant of that.
async fn connected(project: Option<&Path>) -> Result<Restart, CliError> {
    let client = connect(project).await?;
    let before = status_if_readable(&client).await?;
    in_place(project, &client, before.as_ref()).await
}

async fn in_place(
    project: Option<&Path>,
    client: &DaemonClient,
    before: Option<&DaemonStatus>,
) -> Result<Restart, CliError> {
    // On this machine its lock says how far it is, which it keeps all the while. Before it is asked: its socket is gone soon.
    let here = project_of(project, client, before);
    // One whose database does not answer says of no moment that it began then; the next one begins after this.
    let asked_at = Timestamp::now();
    let is_next = |status: &DaemonStatus| {
        before.map_or(status.started_at > asked_at, |before| status.started_at != before.started_at)
    };
    let done = client.daemon_restart(NoParams {}).await?;
    if !done.restarting {
        return Ok(Restart::Refused(DaemonReloaded { errors: done.errors, ..DaemonReloaded::default() }));
    }
    let began = Instant::now();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let has_ended = here.as_deref().is_some_and(|project| !is_running(project));
        if let Some(status) = status(project).await.filter(is_next) {
            let changes = put_in_force(done.changes, &status.issues);
            let warnings = status.issues.into_iter().map(|issue| issue.message).collect();
            return Ok(Restart::Done(Ready {
                pid: status.pid,
                socket: status.socket,
                warnings,
                changes,
                shares_with: Vec::new(),
            }));
        }
        if has_ended || began.elapsed() > LAST_MOMENTS {
            let how = if has_ended { "has ended, and did not restart" } else { "does not answer again" };
            let of = before.map(|before| format!(" of {}", before.project)).unwrap_or_default();
            return Err(CliError::Failed(format!(
                "process {} {how}; .aiwg/daemon/daemon.log{of} may say why",
                done.pid
            )));
        }
    }
}

/// The changes that the restart was to put in force, if it has: it keeps to the configuration before where the file was edited once more in the
/// moment between, and that is among the issues.
fn put_in_force(changes: Vec<String>, issues: &[Issue]) -> Vec<String> {
    let is_kept = issues.iter().any(|issue| issue.kind == "config_changed");
    if is_kept { Vec::new() } else { changes }
}

async fn status(project: Option<&Path>) -> Option<DaemonStatus> {
    connect(project).await.ok()?.daemon_status(NoParams {}).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_restart_has_not_put_in_force_is_not_shown_as_if_it_had() {
        let changes = vec!["budget.day_usd: removed".to_owned()];
        let issue =
            |kind: &str| Issue { kind: kind.to_owned(), message: String::new(), since: Timestamp::now() };
        assert_eq!(put_in_force(changes.clone(), &[issue("storage")]), changes);
        assert_eq!(put_in_force(changes, &[issue("storage"), issue("config_changed")]), Vec::<String>::new());
    }
}
