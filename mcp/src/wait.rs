//! Calls that wait: a client that wants to know is told how it goes meanwhile.

use std::time::Duration;

use aiwg_protocol::types::{Task, TaskGetParams};
use rmcp::{RoleServer, model::ProgressNotificationParam, service::RequestContext};
use tokio::time::{Instant, sleep};

use crate::call::Daemon;

/// Time after which a client is told for the first time: most calls are over by then.
const FIRST: Duration = Duration::from_millis(500);

/// Interval at which it is told again.
const EVERY: Duration = Duration::from_secs(5);

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum For<'a> {
    /// The end of this task.
    Task(&'a str),
    /// What a person says.
    Person,
    /// Something else.
    Daemon,
}

/// The outcome of `work`, with notifications of progress while it goes on.
pub(crate) async fn reporting<T>(
    daemon: &Daemon,
    context: &RequestContext<RoleServer>,
    what: For<'_>,
    work: impl Future<Output = T>,
) -> T {
    let Some(token) = context.meta.get_progress_token() else { return work.await };
    let began = Instant::now();
    let mut work = std::pin::pin!(work);
    let mut pause = FIRST;
    loop {
        let told = async {
            sleep(pause).await;
            let seconds = began.elapsed().as_secs_f64();
            let text = told(daemon, what).await;
            let progress = ProgressNotificationParam::new(token.clone(), seconds).with_message(text);
            // A client that is gone ends the call by itself.
            let _ = context.peer.notify_progress(progress).await;
        };
        tokio::select! {
            outcome = &mut work => return outcome,
            () = told => pause = EVERY,
        }
    }
}

/// How it goes, in a line.
async fn told(daemon: &Daemon, what: For<'_>) -> String {
    let id = match what {
        For::Task(id) => id,
        For::Person => return "waiting for a person".to_owned(),
        For::Daemon => return "waiting".to_owned(),
    };
    let task = match daemon.client().await {
        Ok(client) => {
            client.task_get(TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() }).await.ok()
        }
        Err(_) => None,
    };
    task.map_or_else(|| format!("waiting for {id}: the daemon does not answer"), |task| of_task(&task))
}

fn of_task(task: &Task) -> String {
    let state = serde_json::to_value(task.state).ok();
    let state = state.as_ref().and_then(serde_json::Value::as_str).unwrap_or("there");
    let waits = serde_json::to_value(task.waiting).ok();
    let waits =
        waits.as_ref().and_then(serde_json::Value::as_str).map(|what| format!(", and waits for {what}"));
    format!("{} is {state}{}", task.id, waits.unwrap_or_default())
}
