use std::{io::Write, process::ExitCode};

use aiwg_client::{
    DaemonClient,
    types::{TaskCancelParams, TaskState},
};
use serde::Serialize;

use super::show;
use crate::{
    error::CliError,
    output::{Output, note, visible},
    reconnecting_client::ReconnectingClient,
};

/// Output of `--json`, once the task has ended.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    cancelled: bool,
    state: TaskState,
    /// Null for a task that had no processes yet.
    processes_ended: Option<u32>,
    processes_left: Option<u32>,
}

/// Cancels a task and waits until its processes have ended, unless `no_wait` is set.
pub(super) async fn cancel(
    connection: &ReconnectingClient,
    client: &DaemonClient,
    id: String,
    no_wait: bool,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let cancelled = client.task_cancel(TaskCancelParams { task_id: id.clone() }).await?;
    if no_wait {
        let id = visible(&id);
        output
            .result(&cancelled, |out, _| writeln!(out, "{id} is being ended. Next: aiwg task wait {id}"))?;
        return Ok(ExitCode::SUCCESS);
    }
    if cancelled.state == TaskState::Running && !output.json {
        note(&format!("Ending {}: it has 15 seconds.", visible(&id)));
    }
    let task = connection.ended_soon(&id).await?;
    let done = Cancelled {
        cancelled: task.state == TaskState::Cancelled,
        state: task.state,
        processes_ended: task.processes_ended,
        processes_left: task.processes_left,
    };
    output.result(&done, |out, _| {
        let processes =
            show::processes(&task).map_or_else(String::new, |said| format!(" Processes: {said}."));
        writeln!(out, "{} {}.{processes}", visible(&task.id), show::outcome(task.state))
    })?;
    // It may have come to its own end in the same moment.
    Ok(if done.cancelled { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
