//! Pausing, resuming and draining the queue.

use std::{io::Write, process::ExitCode, time::Duration};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{DaemonDrainParams, NoParams},
};
use tokio::time::sleep;

use super::args::DrainArgs;
use crate::{
    error::CliError,
    output::{Output, count, note},
    project::is_gone,
    reconnecting_client::within,
};

/// Time between two looks at a queue that drains.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) async fn pause(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let paused = client.daemon_pause(NoParams {}).await?;
    output.result(&paused, |out, paused| {
        writeln!(out, "Nothing is started until `aiwg daemon resume`; {}.", running(paused.running))
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn resume(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let resumed = client.daemon_resume(NoParams {}).await?;
    output.result(&resumed, |out, resumed| {
        let what = if resumed.resumed { "Tasks are started again." } else { "The queue was not paused." };
        writeln!(out, "{what}")
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn drain(
    client: &DaemonClient,
    args: DrainArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let drained = client.daemon_drain(DaemonDrainParams { exit: args.exit.then_some(true) }).await?;
    if !args.no_wait {
        if !output.json {
            note(&format!("Nothing is started any more; {}.", running(drained.running)));
        }
        within(args.wait_timeout, "the queue has not drained", until_empty(client, args.exit)).await?;
    }
    output.result(&drained, |out, drained| match (args.no_wait, args.exit) {
        (true, _) => writeln!(out, "Nothing is started any more; {}.", running(drained.running)),
        (false, true) => writeln!(out, "The queue has drained, and the daemon has ended."),
        (false, false) => writeln!(out, "The queue has drained. Next: aiwg daemon resume"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn running(tasks: u32) -> String {
    match tasks {
        0 => "no task runs".to_owned(),
        1 => "1 task runs, and goes on".to_owned(),
        tasks => format!("{} run, and go on", count(tasks.into(), "task", "tasks")),
    }
}

/// Returns once no task runs any more; with `exit`, once the daemon is gone.
async fn until_empty(client: &DaemonClient, exit: bool) -> Result<(), CliError> {
    loop {
        match client.daemon_status(NoParams {}).await {
            Ok(status) if status.subsystems.supervisor.paused_since.is_none() => return Err(resumed()),
            Ok(status) if status.subsystems.supervisor.running == 0 && !exit => return Ok(()),
            Ok(_) => {}
            Err(error) if exit && is_over(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// True if the daemon has ended, or is about to.
fn is_over(error: &ClientError) -> bool {
    is_gone(error) || error.kind() == Some(aiwg_protocol::ErrorKind::ShuttingDown)
}

fn resumed() -> CliError {
    CliError::Failed("someone has resumed the queue meanwhile: tasks are started again".to_owned())
}
