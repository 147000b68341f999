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
    reconnecting_client::{ReconnectingClient, SOON},
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

/// Takes a task over, waits for its session, whatever becomes of the daemon meanwhile, and opens that in this terminal.
pub(super) async fn take(
    connection: &ReconnectingClient,
    id: String,
    now: bool,
    no_open: bool,
    output: &Output,
) -> Result<ExitCode, CliError> {
    taken(connection, &id, now).await?;
    let get = async |client: DaemonClient| {
        client.task_get(TaskGetParams { task_id: id.clone(), ..TaskGetParams::default() }).await
    };
    let mut task = connection.call(SOON, get).await?;
    if task.state == TaskState::Running && task.takeover.is_some() {
        note(&format!(
            "{} is yours when its agent has ended; `aiwg task give {}` leaves it alone.",
            visible(&id),
            visible(&id)
        ));
    }
    while !is_settled(&task) {
        tokio::time::sleep(LOOK_EVERY).await;
        task = connection.call(SOON, get).await?;
    }
    let client = &connection.client().await;
    let Some(takeover) = &task.takeover else { return Err(gone(&task)) };
    if takeover.command.is_empty() {
        client.task_give(TaskGiveParams { task_id: id.clone(), done: None }).await?;
        return Err(no_session(&id, takeover));
    }
    if no_open || output.json {
        output.result(takeover, |out, takeover| shown(out, &id, takeover))?;
        return Ok(ExitCode::SUCCESS);
    }
    let dir = match &takeover.dir {
        Some(dir) => dir.clone(),
        None => client.daemon_status(NoParams {}).await?.project,
    };
    note(&format!("{} is yours. When you have done with it: aiwg task give {}", visible(&id), visible(&id)));
    let mut words = takeover.command.iter();
    let mut command = Command::new(words.next().map_or("", String::as_str));
    command.args(words).current_dir(dir);
    // In place of this process: keys and signals are the session's alone.
    let error = command.exec();
    let program = takeover.command.first().map_or("", String::as_str);
    Err(CliError::Usage(format!(
        "{program:?} could not be started: {error}. {} stays yours: aiwg task give {}",
        visible(&id),
        visible(&id)
    )))
}

/// Takes the task over. One that is taken already is so by this very call, where its first answer was lost.
async fn taken(connection: &ReconnectingClient, id: &str, now: bool) -> Result<(), CliError> {
    let params = TaskTakeParams { task_id: id.to_owned(), now: Some(now) };
    let mut was_asked = false;
    let take = async |client: DaemonClient| {
        let was_asked = std::mem::replace(&mut was_asked, true);
        match client.task_take(params.clone()).await {
            Err(error) if was_asked && error.kind() == Some(ErrorKind::TaskIsTaken) => Ok(()),
            answer => answer.map(drop),
        }
    };
    match connection.call(SOON, take).await {
        Err(CliError::Client(ClientError::Api(error))) if error.kind() == Some(ErrorKind::TaskIsTaken) => {
            let get = async |client: DaemonClient| {
                client.task_get(TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() }).await
            };
            Err(with_session(error, &connection.call(SOON, get).await?))
        }
        taken => taken,
    }
}

/// The error of a task that is taken already, with the way into its session: who has taken it may have closed that.
fn with_session(mut error: ApiError, task: &Task) -> CliError {
    if let Some(command) = task.takeover.as_ref().and_then(words) {
        let dir = task.takeover.as_ref().and_then(|takeover| takeover.dir.as_deref());
        let dir = dir.map_or_else(|| "the project's directory".to_owned(), |dir| visible(dir).to_string());
        let when = if task.state == TaskState::Running { "once its agent has ended, " } else { "" };
        error.message = format!("{}; {when}its session is opened, in {dir}, by: {command}", error.message);
    }
    CliError::Client(ClientError::Api(error))
}

/// The command by which a person goes on in a session, to be shown and to be typed; none where there is none.
pub(super) fn words(takeover: &Takeover) -> Option<String> {
    let words: Vec<String> = takeover.command.iter().map(|word| visible(word).to_string()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// True if its session is nobody else's by now, or if there is nothing to take over any more.
fn is_settled(task: &Task) -> bool {
    let is_held = task.state == TaskState::Queued && task.waiting == Some(Waiting::Taken);
    is_held || task.state.is_final() || task.takeover.is_none()
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
    writeln!(out, "{}", words(takeover).unwrap_or_default())?;
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
            TaskState::Running if done => "is completed when its agent has been ended",
            TaskState::Running => "goes on, since its agent had not ended yet",
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
            let takeover = Takeover { since: Timestamp::default(), session, dir: None, command: Vec::new() };
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
