//! Beginning anew, with the same agents.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    DaemonClient,
    types::{DaemonReloaded, DaemonStatus, DaemonStopParams, NoParams},
};
use aiwg_protocol::CONFIG_PATH;
use aiwg_server::boot::{Options, Ready, refused};

use super::{LAST_MOMENTS, not_from_afar, project_here, show_reload, start_with, started, until_stopped};
use crate::{
    error::CliError,
    output::Output,
    project::{connect, to_start},
};

/// How often to look whether the daemon is there again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a restart comes to.
enum Restart {
    /// The daemon has ended, and is to be started so.
    Start(Options),
    /// It has begun anew by itself.
    Done(Ready),
    /// Its configuration is refused, and it goes on as it was.
    Refused(DaemonReloaded),
}

/// Has the daemon, if one runs, begin anew with the configuration it had, while running tasks go on; else starts it.
pub(super) fn run(project: Option<&Path>, output: &Output) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let restart = match runtime.block_on(restart(project)) {
        Err(CliError::Client(error)) if error.is_no_daemon() => {
            not_from_afar(project)?;
            Restart::Start(Options { project: to_start(project)?, config: None, detached: true })
        }
        other => other?,
    };
    drop(runtime);
    match restart {
        Restart::Start(options) => start_with(&options, output),
        Restart::Done(ready) => started(&ready, output),
        Restart::Refused(why) => {
            output.result(&why, show_reload)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn restart(project: Option<&Path>) -> Result<Restart, CliError> {
    let client = connect(project).await?;
    let status = client.daemon_status(NoParams {}).await?;
    // One in the foreground is the process that a service manager, a container or a terminal waits for, and one that is elsewhere
    // can be started there only.
    let Some(directory) = project_here(&client, &status).filter(|_| status.detached) else {
        return in_place(project, &client, &status).await;
    };
    let usual = directory.join(CONFIG_PATH);
    let config = status.config.map(PathBuf::from).filter(|config| *config != usual);
    let options = Options { project: directory, config, detached: true };
    // Before the stop, or there would be no daemon, and nobody who knows which configuration it had.
    let errors = refused(&options)?;
    if !errors.is_empty() {
        return Ok(Restart::Refused(DaemonReloaded { errors, ..DaemonReloaded::default() }));
    }
    let stopping = client.daemon_stop(DaemonStopParams { keep_agents: Some(true) }).await?;
    until_stopped(&client, Some(&options.project), stopping.pid).await?;
    Ok(Restart::Start(options))
}

async fn in_place(
    project: Option<&Path>,
    client: &DaemonClient,
    before: &DaemonStatus,
) -> Result<Restart, CliError> {
    let done = client.daemon_restart(NoParams {}).await?;
    if !done.restarting {
        return Ok(Restart::Refused(DaemonReloaded { errors: done.errors, ..DaemonReloaded::default() }));
    }
    let began = Instant::now();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Some(status) = status(project).await.filter(|status| status.started_at != before.started_at) {
            let warnings = status.issues.into_iter().map(|issue| issue.message).collect();
            return Ok(Restart::Done(Ready { pid: status.pid, socket: status.socket, warnings }));
        }
        if began.elapsed() > LAST_MOMENTS {
            return Err(CliError::Failed(format!(
                "process {} does not answer again; .aiwg/daemon/daemon.log of {} may say why",
                done.pid, before.project
            )));
        }
    }
}

async fn status(project: Option<&Path>) -> Option<DaemonStatus> {
    connect(project).await.ok()?.daemon_status(NoParams {}).await.ok()
}
