//! Steering a task: messages to its agent, and taking its session over.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{
        Delivery, NoParams, Takeover, Task, TaskGetParams, TaskGiveParams, TaskSendParams, TaskState,
        TaskTakeParams, Waiting,
    },
};
use aiwg_protocol::{ApiError, ErrorKind};

use crate::{
    error::CliError,
    input::prompt,
    output::{Output, note, visible},
};

/// Pause between two looks at a task whose agent is to end first.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Maximum length of a session's id that is shown, in bytes: that of a UUID is 36.
const MOST_OF_SESSION: usize = 100;

/// Sends a message.
pub(super) async fn send(
    client: &DaemonClient,
    id: String,
    message: String,
    output: &Output,
) -> Result<(), CliError> {
    let params = TaskSendParams { task_id: id.clone(), message: prompt(message)? };
    let sent = client.task_send(params).await?;
    output.result(&sent, |out, sent| {
        let when = match sent.delivery {
            Delivery::Live => "its agent gets it while it works",
            Delivery::NextRun => "its agent gets it when what it does now has ended",
            _ => "its agent gets it when it starts",
        };
        writeln!(out, "Sent to {}: {when}.", visible(&id))
    })?;
    Ok(())
}

/// Takes a task over, waits for its session, and opens that in this terminal.
pub(super) async fn take(
    client: &DaemonClient,
    id: String,
    now: bool,
    no_open: bool,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let taken = client.task_take(TaskTakeParams { task_id: id.clone(), now: Some(now) }).await?;
    if taken.state == TaskState::Running {
        note(&format!(
            "{} is yours when its agent has ended; `aiwg task give {}` leaves it alone.",
            visible(&id),
            visible(&id)
        ));
    }
    let task = until_taken(client, &id).await?;
    let Some(takeover) = &task.takeover else { return Err(gone(&task)) };
    if takeover.command.is_empty() {
        client.task_give(TaskGiveParams { task_id: id.clone(), done: None }).await?;
        return Err(no_session(&id, takeover));
    }
    if no_open || output.json {
        output.result(takeover, |out, takeover| shown(out, &id, takeover))?;
        return Ok(ExitCode::SUCCESS);
    }
    let project = client.daemon_status(NoParams {}).await?.project;
    note(&format!("{} is yours. When you have done with it: aiwg task give {}", visible(&id), visible(&id)));
    let mut words = takeover.command.iter();
    let mut command = Command::new(words.next().map_or("", String::as_str));
    command.args(words).current_dir(project);
    // In place of this process: keys and signals are the session's alone.
    let error = command.exec();
    let program = takeover.command.first().map_or("", String::as_str);
    Err(CliError::Usage(format!(
        "{program:?} could not be started: {error}. {} stays yours: aiwg task give {}",
        visible(&id),
        visible(&id)
    )))
}

/// The task, once its session is nobody else's.
async fn until_taken(client: &DaemonClient, id: &str) -> Result<Task, CliError> {
    loop {
        let task = client.task_get(TaskGetParams { task_id: id.to_owned() }).await?;
        let is_held = task.state == TaskState::Queued && task.waiting == Some(Waiting::Taken);
        if is_held || task.state.is_final() || task.takeover.is_none() {
            return Ok(task);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The task ended meanwhile, or was given back.
fn gone(task: &Task) -> CliError {
    let id = visible(&task.id);
    CliError::Usage(if task.state.is_final() {
        format!(
            "{id} has ended meanwhile ({}), so there is nothing to take over; `aiwg task get {id}` says more",
            task.state
        )
    } else {
        format!("someone else has given {id} back meanwhile; take it again with `aiwg task take {id}`")
    })
}

/// The error of a task whose session turns out to be of no use once its run has ended: the one with which the daemon refuses such a task before.
fn no_session(id: &str, takeover: &Takeover) -> CliError {
    let id = visible(id);
    let message = match &takeover.session {
        Some(session) => format!(
            "the program of {id} has no command with which a person could go on in its session {}: it was given back",
            visible(&beginning(session))
        ),
        None => format!(
            "{id} has no session yet, or its program does not tell it (claude does with --output-format stream-json): it was given back; \
             `aiwg task send {id}` sends it a message, and `aiwg task hold {id}` holds it"
        ),
    };
    CliError::Client(ClientError::Api(ApiError::new(ErrorKind::TaskHasNoSession, message)))
}

/// The beginning of a session's id, which is whatever the agent says that it is.
fn beginning(session: &str) -> String {
    match session.floor_char_boundary(MOST_OF_SESSION) {
        end if end < session.len() => format!("{}…", session.get(..end).unwrap_or_default()),
        _ => session.to_owned(),
    }
}

fn shown(out: &mut impl Write, id: &str, takeover: &Takeover) -> io::Result<()> {
    let words: Vec<String> = takeover.command.iter().map(|word| visible(word).to_string()).collect();
    writeln!(out, "{}", words.join(" "))?;
    writeln!(out, "Give it back with: aiwg task give {}", visible(id))
}

/// Gives a task back.
pub(super) async fn give(
    client: &DaemonClient,
    id: String,
    done: bool,
    output: &Output,
) -> Result<(), CliError> {
    let given = client.task_give(TaskGiveParams { task_id: id.clone(), done: Some(done) }).await?;
    output.result(&given, |out, given| {
        let how = match given.state {
            TaskState::Completed => "is completed",
            TaskState::Running => "goes on, and was never interrupted",
            _ => "goes on",
        };
        writeln!(out, "{} {how}.", visible(&id))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use aiwg_client::types::Timestamp;

    use super::*;

    #[test]
    fn a_session_of_no_use_is_named_as_the_daemon_names_it_and_not_in_full() {
        let of = |session: Option<String>| {
            let takeover = Takeover { since: Timestamp::default(), session, command: Vec::new() };
            no_session("task-0001", &takeover)
        };
        for session in [None, Some("é".repeat(50_000))] {
            let error = of(session);
            assert_eq!(error.kind(), "task_has_no_session");
            assert!(error.to_string().len() < 400, "{error}");
        }
        let short = of(Some("0c3e".to_owned())).to_string();
        assert!(short.contains("session 0c3e: it was given back"), "{short}");
    }
}
