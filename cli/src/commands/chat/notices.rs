//! Prints a notice when a task ends while a conversation goes on.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use aiwg_client::{
    ClientError, DaemonClient, Pushed, Subscribe,
    types::{Event, Task, TaskEvent, TaskGetParams, TaskState},
};
use futures::StreamExt;
use rustyline::ExternalPrinter;

use super::editor::Cancellable;
use crate::{
    commands::task::show::outcome,
    output::{shorten, visible},
    project::{connect, is_gone},
};

/// Number of characters that are shown of a prompt, or an error.
const SHOWN: usize = 60;

/// Tasks whose end needs no notice: their answers are being listened to.
pub(super) type Heard = Arc<Mutex<HashSet<String>>>;

/// Prints a notice when a task ends that nobody listens to.
pub(super) struct Notices {
    pub(super) client: DaemonClient,
    pub(super) project: Option<PathBuf>,
    pub(super) conversation: String,
    pub(super) heard: Heard,
    pub(super) cancellable: Cancellable,
    /// Held while an answer is printed, so that no notice comes in the middle of it.
    pub(super) quiet: Arc<tokio::sync::Mutex<()>>,
}

impl Notices {
    /// Prints the notices above the line that is being typed, until the conversation ends.
    pub(super) async fn print(mut self, mut printer: impl ExternalPrinter) {
        let topics = vec!["task:*".to_owned()];
        let events = self.client.subscribe(Subscribe { topics, reconnect: true, ..Subscribe::default() });
        let Ok(mut events) = events.await else { return };
        while let Some(Ok(pushed)) = events.next().await {
            let Pushed::Event(event) = pushed else { continue };
            let Ok(task) = serde_json::from_str::<TaskEvent>(event.payload.as_str()) else { continue };
            if self.is_news(&task) {
                let whole = self.task(&task.task_id).await.ok();
                let _quiet = self.quiet.lock().await;
                // The terminal is gone: the next line that is read says so.
                let _ = printer.print(self.notice(&event, &task, whole.as_ref()));
            }
        }
    }

    /// True if that is the end of a task that nobody listens to.
    fn is_news(&self, task: &TaskEvent) -> bool {
        let mut open = self.cancellable.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|id| *id != task.task_id);
        if matches!(task.state, TaskState::Queued | TaskState::Running) {
            open.push(task.task_id.clone());
            return false;
        }
        !self.heard.lock().unwrap_or_else(PoisonError::into_inner).remove(&task.task_id)
    }

    async fn task(&mut self, id: &str) -> Result<Task, ClientError> {
        let params = TaskGetParams { task_id: id.to_owned(), ..TaskGetParams::default() };
        match self.client.task_get(params.clone()).await {
            Err(error) if is_gone(&error) => {
                self.client = connect(self.project.as_deref()).await?;
                self.client.task_get(params).await
            }
            other => other,
        }
    }

    fn notice(&self, event: &Event, ended: &TaskEvent, task: Option<&Task>) -> String {
        let why =
            ended.error.as_ref().map_or_else(String::new, |error| format!(": {}", shorten(error, SHOWN)));
        let what = task.map_or_else(String::new, |task| {
            let is_ours = task.conversation.as_ref() == Some(&self.conversation);
            let place = if is_ours { "said in this conversation: " } else { "" };
            format!("; {place}\"{}\"", shorten(&task.prompt, SHOWN))
        });
        format!("[{} {}{why}{what}; event {}]\n", visible(&ended.task_id), outcome(ended.state), event.seq)
    }
}
