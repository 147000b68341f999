//! An answer, as it comes.

use std::{io::Write, path::Path};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{OutputStream, Task, TaskState, TaskWaitParams},
};

use crate::{
    commands::{
        speech::Speech,
        task::{
            follow::{Reading, bytes},
            show::outcome,
        },
    },
    error::CliError,
    output::{indented, note},
    project::{is_gone, reconnect},
};

/// Prints the answer until its task has ended, and gives that. If the daemon goes away it is waited for: its agents go on without it.
pub(super) async fn listen(
    project: Option<&Path>,
    mut client: DaemonClient,
    id: &str,
    out: impl Write,
) -> Result<Task, CliError> {
    let mut speech = Speech::to(out);
    let mut reading = Reading::of(id, OutputStream::Stdout, true);
    loop {
        let heard = match reading.next(&client).await {
            Ok(Some(chunk)) => {
                speech.hear(&bytes(&chunk)?)?;
                continue;
            }
            Ok(None) => ended(&client, id).await,
            Err(error) => Err(error),
        };
        match heard {
            Ok(task) => {
                speech.end(task.result.as_deref())?;
                if task.state != TaskState::Completed {
                    let why = task.error.as_deref().unwrap_or("no reason was given");
                    note(&format!("aiwg: {id} {}: {}", outcome(task.state), indented(why, 4)));
                }
                return Ok(task);
            }
            Err(error) if is_gone(&error) => {
                note("aiwg: the daemon is gone, or the way to it; waiting for it");
                client = reconnect(project).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn ended(client: &DaemonClient, id: &str) -> Result<Task, ClientError> {
    client.task_wait(TaskWaitParams { task_id: id.to_owned(), timeout_ms: None }).await
}
