//! `tasks.json`: a readable copy of the queue and the latest finished tasks, behind by at most a second.

use std::{path::PathBuf, sync::Arc, time::Duration};

use aiwg_protocol::types::{Event, Task, TaskState, Timestamp};
use serde::Serialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use super::write_atomic;
use crate::{
    health::{Health, IssueKind},
    store::{Reader, TaskFilter, TaskRow},
    supervisor::Running,
};

/// How long changes gather before the file is written again.
const GATHER: Duration = Duration::from_millis(500);

/// How many queued tasks the copy holds: those that start first. A longer queue would cost more to copy than to work off.
const QUEUED: u32 = 1000;

/// How many finished tasks the copy holds.
const FINISHED: u32 = 100;

/// The member by which this daemon knows its own file, which is a copy, from the Node daemon's, which was its queue.
pub(crate) const WRITTEN_BY: &str = "writtenBy";

/// The file's content.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TasksFile {
    written_by: &'static str,
    written_at: Timestamp,
    /// Running first, then queued in the order in which they will start, then the latest finished.
    tasks: Vec<Task>,
}

/// Keeps the file current until `stopped`, and writes it a last time then.
pub(crate) async fn write_tasks_file(
    path: PathBuf,
    reader: Arc<Reader>,
    running: Running,
    mut events: Receiver<Arc<Event>>,
    health: Health,
    stopped: CancellationToken,
) {
    loop {
        let (source, target, pids) = (Arc::clone(&reader), path.clone(), running.clone());
        let written = tokio::task::spawn_blocking(move || write(&target, &source, &pids)).await;
        if let Ok(Err(error)) = written {
            health.report(IssueKind::Files, format!("{} cannot be written: {error}", path.display()));
        }
        if stopped.is_cancelled() {
            return;
        }
        let due = async {
            changed(&mut events).await;
            sleep(GATHER).await;
        };
        tokio::select! {
            () = due => {}
            () = stopped.cancelled() => {}
        }
    }
}

/// Waits for the next event about a task.
async fn changed(events: &mut Receiver<Arc<Event>>) {
    loop {
        match events.recv().await {
            Ok(event) if !event.topic.starts_with("task:") => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn write(path: &std::path::Path, reader: &Reader, running: &Running) -> std::io::Result<()> {
    let rows = rows(reader).map_err(std::io::Error::other)?;
    let tasks = rows
        .into_iter()
        .map(|row| {
            let pid = running.pid(row.no);
            row.into_task(pid, None)
        })
        .collect();
    let mut text = serde_json::to_vec_pretty(&TasksFile {
        written_by: concat!("aiwg ", env!("CARGO_PKG_VERSION")),
        written_at: Timestamp::now(),
        tasks,
    })?;
    text.push(b'\n');
    write_atomic(path, &text)
}

fn rows(reader: &Reader) -> rusqlite::Result<Vec<TaskRow>> {
    let in_state =
        |state, limit| reader.tasks(&TaskFilter { state: Some(state), limit, ..TaskFilter::default() });
    let mut rows = in_state(TaskState::Running, QUEUED)?;
    rows.extend(reader.queued(QUEUED)?);
    let mut finished = Vec::new();
    for state in TaskState::ALL.iter().filter(|state| state.is_final()) {
        finished.extend(in_state(*state, FINISHED)?);
    }
    finished.sort_by_key(|row| std::cmp::Reverse((row.completed_at, row.no)));
    finished.truncate(FINISHED as usize);
    rows.extend(finished);
    Ok(rows)
}
