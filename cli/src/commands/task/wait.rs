use std::process::ExitCode;

use aiwg_client::types::{Task, TaskGetParams, TaskState};
use aiwg_protocol::MAX_WAITING_CALLS;
use futures::{StreamExt, TryStreamExt, stream};

use super::show;
use crate::{
    error::CliError,
    output::Output,
    reconnecting_client::{ReconnectingClient, SOON},
};

/// Waits for all of them at once, whatever becomes of the daemon meanwhile, and prints each as it ends.
pub(super) async fn wait(
    connection: &ReconnectingClient,
    ids: Vec<String>,
    output: &Output,
) -> Result<ExitCode, CliError> {
    // A wrong id is reported before anything is waited for.
    for id in &ids {
        let params = TaskGetParams { task_id: id.clone(), ..TaskGetParams::default() };
        connection.call(SOON, async |client| client.task_get(params.clone()).await).await?;
    }
    let wait = async |(place, id): (usize, String)| connection.ended(&id).await.map(|task| (place, task));
    let mut ends =
        stream::iter(ids.into_iter().enumerate()).map(wait).buffer_unordered(MAX_WAITING_CALLS / 2);
    let mut tasks = Vec::new();
    while let Some((place, task)) = ends.try_next().await? {
        if !output.json {
            output.result(&task, show::end)?;
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
