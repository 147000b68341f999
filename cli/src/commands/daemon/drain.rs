//! Pausing, resuming and draining the queue.

use std::{convert::Infallible, io::Write, path::Path, process::ExitCode, time::Duration};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{DaemonDrainParams, NoParams, QueuePaused},
};
use tokio::time::sleep;

use super::args::DrainArgs;
use crate::{
    error::CliError,
    output::{Output, count, note},
    project::{is_gone, is_silent},
    reconnecting_client::{ReconnectingClient, SOON, WAIT, wait_ms, within},
};

/// Time between two looks whether a daemon that ends is gone.
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(super) async fn pause(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let paused = client.daemon_pause(NoParams {}).await?;
    output.result(&paused, |out, paused| {
        writeln!(out, "Nothing is started until `aiwg daemon resume`; {}.", running(paused.running))
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn resume(client: &DaemonClient, output: &Output) -> Result<ExitCode, CliError> {
    let resumed = client.daemon_resume(NoParams {}).await?;
    let status = if output.json { None } else { client.daemon_status(NoParams {}).await.ok() };
    let drains = status.is_some_and(|status| status.subsystems.supervisor.host_draining_since.is_some());
    output.result(&resumed, |out, resumed| {
        let what = match (resumed.resumed, drains) {
            (true, false) => "Tasks are started again.",
            (true, true) => "Tasks are started again, on other hosts.",
            (false, _) => "The queue was not paused.",
        };
        writeln!(out, "{what}")?;
        match drains {
            true => writeln!(
                out,
                "This host is given no new tasks: `aiwg host drain NAME --resume` takes that back."
            ),
            false => Ok(()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn drain(
    project: Option<&Path>,
    client: &DaemonClient,
    args: DrainArgs,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let exit = args.exit.then_some(true);
    let asked = DaemonDrainParams { exit, wait_ms: None };
    if args.no_wait {
        let drained = client.daemon_drain(asked).await?;
        output.result(&drained, |out, drained| {
            writeln!(out, "Nothing is started any more; {}.", running(drained.running))
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let connection = ReconnectingClient::new(project, client.clone());
    let tells = async {
        if let Ok(drained) = client.daemon_drain(asked).await
            && !output.json
        {
            note(&format!("Nothing is started any more; {}.", running(drained.running)));
        }
        std::future::pending::<Infallible>().await
    };
    // The call that waits is sent first: it is answered however soon the daemon ends, and another one need not be.
    let drained = async {
        tokio::select! {
            biased;
            drained = until_empty(&connection, exit) => drained,
            never = tells => match never {},
        }
    };
    let drained = within(args.wait_timeout, "the queue has not drained", drained).await?;
    output.result(&drained, |out, _| match args.exit {
        true => writeln!(out, "The queue has drained, and the daemon has ended."),
        false => writeln!(out, "The queue has drained. Next: aiwg daemon resume"),
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

/// The daemon's answer that no task runs any more; with `exit`, once the daemon is gone. It waits over a restart and a crash.
///
/// # Errors
/// Someone has resumed the queue, or the daemon was ended before its tasks.
async fn until_empty(connection: &ReconnectingClient, exit: Option<bool>) -> Result<QueuePaused, CliError> {
    let params = DaemonDrainParams { exit, wait_ms: Some(wait_ms(WAIT)) };
    loop {
        let mut is_first = true;
        let drained = connection
            .call(WAIT, async |client: DaemonClient| {
                // Only what is drained still is drained on: another daemon may have been started since, or someone may have resumed the queue.
                if !std::mem::take(&mut is_first) && !is_paused(&client).await? {
                    return Ok(None);
                }
                client.daemon_drain(params.clone()).await.map(Some)
            })
            .await
            .map_err(before_its_tasks)?;
        let Some(drained) = drained else { return Err(resumed()) };
        let client = connection.client().await;
        if drained.running == 0 {
            if exit.is_some() {
                until_gone(&client).await?;
            }
            return Ok(drained);
        }
        if !connection.call(SOON, async |client| is_paused(&client).await).await.map_err(before_its_tasks)? {
            return Err(resumed());
        }
    }
}

async fn is_paused(client: &DaemonClient) -> Result<bool, ClientError> {
    let status = client.daemon_status(NoParams {}).await?;
    Ok(status.subsystems.supervisor.paused_since.is_some())
}

/// Returns once the daemon, which ends, is gone.
async fn until_gone(client: &DaemonClient) -> Result<(), CliError> {
    loop {
        match client.ping(NoParams {}).await {
            Err(error) if is_gone(&error) => return Ok(()),
            Err(error) if !is_silent(&error) => return Err(error.into()),
            _ => sleep(LOOK_EVERY).await,
        }
    }
}

/// The error of a daemon that was stopped by someone else.
fn before_its_tasks(error: CliError) -> CliError {
    match error {
        CliError::Stopped(_) => CliError::Stopped(
            "it has not said that the queue had drained: tasks that ran were cancelled, or go on with the next \
             `aiwg daemon start`"
                .to_owned(),
        ),
        other => other,
    }
}

fn resumed() -> CliError {
    CliError::Failed(
        "the queue does not drain any more, and tasks are started again: someone has resumed it, or has started the daemon anew"
            .to_owned(),
    )
}
