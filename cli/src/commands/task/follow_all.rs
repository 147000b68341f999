//! What all agents write, as they come and go.

use std::{
    collections::HashSet,
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use aiwg_client::{
    DaemonClient, Pushed, Subscribe,
    types::{OutputStream, TaskEvent, TaskGetParams, TaskListParams, TaskState},
};
use futures::StreamExt;
use tokio::sync::mpsc::{Sender, channel};

use super::follow::{Reading, bytes};
use crate::{
    error::CliError,
    project::{is_gone, reconnect},
};

/// What comes of a task that is followed.
enum Heard {
    Started(String),
    Output(String, Vec<u8>),
    Ended(String, TaskState),
}

/// Prints what runs, and what is started from here on, under a heading for each task. Goes on over restarts of the daemon.
pub(super) async fn follow_all(project: Option<PathBuf>, client: &DaemonClient) -> Result<(), CliError> {
    let project = Arc::new(project);
    let (sender, mut heard) = channel(64);
    let topics = vec!["task:started".to_owned()];
    let mut events = client.subscribe(Subscribe { topics, since: None, reconnect: true }).await?;
    let running =
        TaskListParams { state: Some(TaskState::Running), limit: Some(1000), ..TaskListParams::default() };
    let mut followed = HashSet::new();
    for task in client.task_list(running).await?.into_iter().rev() {
        followed.insert(task.id.clone());
        tokio::spawn(listen(Arc::clone(&project), client.clone(), task.id, sender.clone()));
    }
    let mut heading = String::new();
    loop {
        let next = tokio::select! {
            Some(next) = heard.recv() => next,
            pushed = events.next() => match pushed {
                Some(Ok(Pushed::Event(event))) => match serde_json::from_str::<TaskEvent>(event.payload.as_str()) {
                    Ok(task) => Heard::Started(task.task_id),
                    Err(_) => continue,
                },
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
                None => return Ok(()),
            },
        };
        let mut out = io::stdout().lock();
        match next {
            Heard::Output(id, bytes) => {
                if heading != id {
                    writeln!(out, "── {id} ──")?;
                    heading = id;
                }
                out.write_all(&bytes)?;
            }
            Heard::Started(id) => {
                if followed.insert(id.clone()) {
                    tokio::spawn(listen(Arc::clone(&project), client.clone(), id, sender.clone()));
                }
            }
            Heard::Ended(id, state) => {
                writeln!(out, "── {id} is {state} ──")?;
                followed.remove(&id);
                heading.clear();
            }
        }
        out.flush()?;
    }
}

/// Hands a task's output on, until it has ended.
async fn listen(project: Arc<Option<PathBuf>>, mut client: DaemonClient, id: String, to: Sender<Heard>) {
    let mut reading = Reading::of(&id, OutputStream::Stdout, true);
    loop {
        match reading.next(&client).await {
            Ok(Some(chunk)) => {
                let Ok(bytes) = bytes(&chunk) else { return };
                if to.send(Heard::Output(id.clone(), bytes)).await.is_err() {
                    return;
                }
            }
            Ok(None) => {
                if let Ok(task) = client.task_get(TaskGetParams { task_id: id.clone() }).await {
                    let _ = to.send(Heard::Ended(id, task.state)).await;
                }
                return;
            }
            Err(error) if is_gone(&error) => client = reconnect(project.as_ref().as_deref()).await,
            // The task is gone from the store: nothing more is to be heard of it.
            Err(_) => return,
        }
    }
}
