use std::process::ExitCode;

use aiwg_client::{
    DaemonClient,
    types::{Task, TaskState, TaskWaitParams},
};

use super::show;
use crate::{error::CliError, output::Output};

/// Waits for all of them, and prints each as it is.
pub(super) async fn wait(
    client: &DaemonClient,
    ids: Vec<String>,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let mut tasks = Vec::with_capacity(ids.len());
    for id in ids {
        tasks.push(client.task_wait(TaskWaitParams { task_id: id, timeout_ms: None }).await?);
    }
    match tasks.as_slice() {
        // For one task, the method's own result.
        [task] => output.result(task, |out, task| show::end(out, task))?,
        _ => output.result(&tasks, |out, tasks| tasks.iter().try_for_each(|task| show::end(out, task)))?,
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
