//! `tasks.json`: a readable copy of the queue and the latest finished tasks, behind by at most a second.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_fs::write_atomic;
use aiwg_model::{PROMPT_HEAD, TaskRow};
use aiwg_protocol::types::{Task, TaskState, Timestamp};
use aiwg_store::Reader;
use futures::future::BoxFuture;
use serde::Serialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::sleep,
};

use crate::{bus::Committed, component::Component, context::Context, health::IssueKind, running::Running};

/// `tasks.json` could not be written.
const TASKS_FILE_ISSUE: IssueKind = IssueKind::named("tasks_file");

/// The time for which changes gather before the file is written again.
const GATHER: Duration = Duration::from_millis(500);

/// The pause after writing, as a multiple of the time that the writing took: a long list is copied less often.
const REST: u32 = 20;

/// The longest such pause: a store that was away for a while says nothing of how long the list is.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The pause after an attempt that has failed.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// The number of queued tasks in the copy: those that start first. A longer queue would cost more to copy than to work off.
const QUEUED: u32 = 1000;

/// The number of finished tasks in the copy.
const FINISHED: u32 = 100;

/// The member by which this daemon knows its own file, which is a copy, from the Node daemon's, which was its queue.
pub(crate) const WRITTEN_BY: &str = "writtenBy";

/// The file's content.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    written_by: &'static str,
    written_at: Timestamp,
    /// Running first, then queued in the order in which they will start, then the latest finished.
    tasks: Vec<Copied>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Copied {
    #[serde(flatten)]
    task: Task,
    /// True if the prompt is only the beginning of it: it may be as long as a message, and there may be a thousand.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prompt_is_cut: bool,
}

/// Writes `tasks.json`.
pub(crate) struct TasksFile {
    /// A reader of its own, since the copy may take long.
    pub(crate) reader: Arc<dyn Reader>,
}

impl Component for TasksFile {
    fn name(&self) -> &'static str {
        "tasks.json"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        let events = context.bus.listen();
        Box::pin(async move { write_tasks_file(&context, &self.reader, events).await })
    }
}

/// Keeps the file current until the daemon has stopped, and writes it a last time then.
async fn write_tasks_file(context: &Context, reader: &Arc<dyn Reader>, mut events: Receiver<Committed>) {
    let path = context.project.tasks_file();
    loop {
        let began = Instant::now();
        let (source, target, pids) = (Arc::clone(reader), path.clone(), context.running.clone());
        let written = tokio::task::spawn_blocking(move || write(&target, &*source, &pids)).await;
        let written = written.map_err(std::io::Error::other).flatten();
        let rest = rest(written.is_ok(), began.elapsed());
        match written {
            Ok(()) => context.health.clear(TASKS_FILE_ISSUE),
            Err(error) => {
                context
                    .health
                    .report(TASKS_FILE_ISSUE, format!("{} cannot be written: {error}", path.display()));
            }
        }
        if context.stopped.is_cancelled() {
            return;
        }
        let due = async {
            // What could not be written is written without anything new.
            if let Some(rest) = rest {
                changed(&mut events).await;
                sleep(rest).await;
            } else {
                sleep(TRY_AGAIN).await;
            }
        };
        tokio::select! {
            () = due => {}
            () = context.stopped.cancelled() => {}
        }
    }
}

/// The pause after a change before the file is written again, where writing it took so long; none where that has failed.
fn rest(is_written: bool, took: Duration) -> Option<Duration> {
    is_written.then(|| (took * REST).clamp(GATHER, LONGEST_REST))
}

/// Waits for the next event about a task.
async fn changed(events: &mut Receiver<Committed>) {
    loop {
        match events.recv().await {
            Ok(event) if !event.topic.starts_with("task:") => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn write(path: &Path, reader: &dyn Reader, running: &Running) -> std::io::Result<()> {
    let rows = reader.overview(QUEUED, FINISHED).map_err(std::io::Error::other)?;
    let mut text = serde_json::to_vec_pretty(&Content {
        written_by: concat!("aiwg ", env!("CARGO_PKG_VERSION")),
        written_at: Timestamp::now(),
        tasks: rows.into_iter().map(|row| copied(row, running)).collect(),
    })?;
    text.push(b'\n');
    write_atomic(path, &text)
}

fn copied(row: TaskRow, running: &Running) -> Copied {
    let pid = running.pid(row.no).filter(|_| row.state == TaskState::Running);
    let mut task = row.into_task(pid, None);
    let end = task.prompt.char_indices().nth(PROMPT_HEAD).map(|(end, _)| end);
    if let Some(end) = end {
        task.prompt.truncate(end);
    }
    Copied { task, prompt_is_cut: end.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_was_away_keeps_the_file_from_nothing_later() {
        let second = Duration::from_secs(1);
        assert_eq!(rest(true, Duration::ZERO), Some(GATHER));
        assert_eq!(rest(true, second), Some(second * REST));
        assert_eq!(rest(true, second * 25), Some(LONGEST_REST), "the store was slow");
        assert_eq!(rest(false, second * 25), None, "it is tried again soon, whatever changes");
    }
}
