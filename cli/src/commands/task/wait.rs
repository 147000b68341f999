use std::process::ExitCode;

use aiwg_client::{
    DaemonClient,
    types::{Task, TaskGetParams, TaskState, TaskWaitParams},
};
use aiwg_protocol::MAX_WAITING_CALLS;
use futures::{StreamExt, TryStreamExt, stream};

use super::show;
use crate::{error::CliError, output::Output};

/// Waits for all of them at once, and prints each as it ends.
pub(super) async fn wait(
    client: &DaemonClient,
    ids: Vec<String>,
    output: &Output,
) -> Result<ExitCode, CliError> {
    // A wrong id is told before anything is waited for.
    for id in &ids {
        client.task_get(TaskGetParams { task_id: id.clone() }).await?;
    }
    let wait = async |(place, id)| {
        client.task_wait(TaskWaitParams { task_id: id, timeout_ms: None }).await.map(|task| (place, task))
    };
    let mut ends =
        stream::iter(ids.into_iter().enumerate()).map(wait).buffer_unordered(MAX_WAITING_CALLS / 2);
    let mut tasks = Vec::new();
    while let Some((place, task)) = ends.try_next().await? {
        if !output.json {
            output.result(&task, |out, task| show::end(out, task))?;
        }
        tasks.push((place, task));
    }
    tasks.sort_by_key(|(place, _)| *place);
    let tasks: Vec<Task> = tasks.into_iter().map(|(_, task)| task).collect();
    if output.json {
        match tasks.as_slice() {
            // For one task, the method's own result.
            [task] => output.result(task, |_, _| Ok(()))?,
            _ => output.result(&tasks, |_, _| Ok(()))?,
        }
    }
    Ok(exit_code(&tasks))
}

/// 0 when all have completed, else 1.
pub(super) fn exit_code(tasks: &[Task]) -> ExitCode {
    if tasks.iter().all(|task| task.state == TaskState::Completed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
