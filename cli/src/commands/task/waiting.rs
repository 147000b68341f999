//! The reason for which a task waits: a queued one for a slot or for the end of others, the agent of a running one for others.

use std::collections::{HashMap, HashSet};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{Task, TaskGetParams, TaskState},
};
use aiwg_protocol::ErrorKind;

/// The most tasks that an agent waits for and that are shown.
const MOST_AWAITED: usize = 10;

/// The tasks that a task waits for.
#[derive(Default)]
pub(super) struct Others {
    /// Those that it is to start after, and that have not completed yet.
    pub(super) before: Vec<String>,
    /// Those that its agent waits for.
    pub(super) awaited: Vec<Task>,
}

impl Others {
    /// Asks for them.
    pub(super) async fn of(client: &DaemonClient, task: &Task) -> Result<Self, ClientError> {
        let mut awaited = Vec::new();
        for id in task.waits_for.iter().take(MOST_AWAITED) {
            match client.task_get(TaskGetParams { task_id: id.clone(), ..TaskGetParams::default() }).await {
                Ok(other) => awaited.push(other),
                Err(error) if error.kind() == Some(ErrorKind::TaskNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { before: open_before(client, task).await?, awaited })
    }
}

/// Of the tasks that this one is to start after, those that have not completed yet.
async fn open_before(client: &DaemonClient, task: &Task) -> Result<Vec<String>, ClientError> {
    let mut known = HashMap::new();
    let mut open = Vec::new();
    for id in before(task) {
        if is_open(client, id, &mut known).await? {
            open.push(id.clone());
        }
    }
    Ok(open)
}

/// The ids of those tasks that wait for the end of others.
pub(in crate::commands) async fn waiting(
    client: &DaemonClient,
    tasks: &[Task],
) -> Result<HashSet<String>, ClientError> {
    let mut known = tasks.iter().map(|task| (task.id.clone(), !task.state.is_final())).collect();
    let mut waiting = HashSet::new();
    for task in tasks {
        for id in before(task) {
            if is_open(client, id, &mut known).await? {
                waiting.insert(task.id.clone());
                break;
            }
        }
    }
    Ok(waiting)
}

fn before(task: &Task) -> &[String] {
    if task.state == TaskState::Queued { &task.after } else { &[] }
}

async fn is_open(
    client: &DaemonClient,
    id: &str,
    known: &mut HashMap<String, bool>,
) -> Result<bool, ClientError> {
    if let Some(is_open) = known.get(id) {
        return Ok(*is_open);
    }
    let is_open =
        match client.task_get(TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() }).await {
            Ok(task) => !task.state.is_final(),
            // Only what has ended is pruned.
            Err(error) if error.kind() == Some(ErrorKind::TaskNotFound) => false,
            Err(error) => return Err(error),
        };
    known.insert(id.to_owned(), is_open);
    Ok(is_open)
}
