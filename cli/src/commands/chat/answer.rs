//! An answer, as it comes.

use std::{io::Write, path::Path};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{ChatHistoryParams, NoParams, OutputStream, Task, TaskGetParams, TaskState},
};

use crate::{
    commands::{
        output_printer::OutputPrinter,
        task::{
            follow::{Reading, bytes},
            show::outcome,
        },
    },
    error::CliError,
    output::{count, indented, note, visible},
    reconnecting_client::{ReconnectingClient, WAIT},
};

/// Prints the answer until its task has ended, and gives that. If the daemon goes away it is waited for: its agents go on without it.
pub(super) async fn listen(
    project: Option<&Path>,
    client: DaemonClient,
    id: &str,
    out: impl Write,
) -> Result<Task, CliError> {
    // What it waits for is of little worth: where it is not known, the answer is waited for all the same.
    let _ = note_what_it_waits_for(&client, id).await;
    let connection = ReconnectingClient::new(project, client);
    let mut printer = OutputPrinter::to(out);
    let mut reading = Reading::of(id, OutputStream::Stdout, true);
    while let Some(chunk) = connection.call(WAIT, async |client| reading.next(&client).await).await? {
        printer.write_at(chunk.offset, &bytes(&chunk)?)?;
    }
    let task = connection.ended(id).await?;
    let is_answered = task.state == TaskState::Completed;
    // Without an answer the result is the raw output.
    printer.end(task.result.as_deref().filter(|_| is_answered))?;
    if !is_answered {
        let why = task.error.as_deref().unwrap_or("no reason was given");
        note(&format!("aiwg: {} {}: {}", visible(id), outcome(task.state), indented(why, 4)));
    }
    Ok(task)
}

/// Says what a message waits for, if it does: nothing is heard of it until then.
async fn note_what_it_waits_for(client: &DaemonClient, id: &str) -> Result<(), ClientError> {
    let task = client.task_get(TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() }).await?;
    if task.state != TaskState::Queued {
        return Ok(());
    }
    let behind = match earlier_turn(client, &task).await? {
        Some(turn) => format!("{}, an earlier message of this conversation", visible(&turn)),
        None => count(client.task_stats(NoParams {}).await?.running, "running task", "running tasks"),
    };
    note(&format!("{} is queued behind {behind}.", visible(id)));
    Ok(())
}

/// The turn of the same conversation that has to end first.
async fn earlier_turn(client: &DaemonClient, task: &Task) -> Result<Option<String>, ClientError> {
    let Some(conversation) = task.conversation.clone() else { return Ok(None) };
    let turns = client.chat_history(ChatHistoryParams { conversation, limit: None }).await?;
    let earlier = turns.into_iter().take_while(|turn| turn.task_id != task.id);
    let open = earlier.filter(|turn| matches!(turn.state, TaskState::Queued | TaskState::Running));
    Ok(open.last().map(|turn| turn.task_id))
}
