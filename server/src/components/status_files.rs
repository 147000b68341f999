//! `heartbeat` and `state.json`: signs of life for tools that only read files.

use std::{io, path::Path, sync::Arc, time::Duration};

use aiwg_fs::{at, write_atomic};
use aiwg_protocol::types::{Heartbeat, Timestamp};
use futures::future::BoxFuture;

use crate::{
    beside::beside,
    component::{Component, Components},
    context::Context,
    health::IssueKind,
    status::status,
};

/// `heartbeat` or `state.json` could not be written.
const STATUS_FILES_ISSUE: IssueKind = IssueKind::named("status_files");

/// Writes `heartbeat` and `state.json`.
pub(crate) struct StatusFiles {
    /// The components of which the status consists.
    pub(crate) components: Components,
}

impl Component for StatusFiles {
    fn name(&self) -> &'static str {
        "heartbeat and state.json"
    }

    fn run(self: Arc<Self>, context: Arc<Context>) -> BoxFuture<'static, ()> {
        Box::pin(async move { write_status_files(&context, &self.components).await })
    }
}

/// Writes both now, at every interval, when the status has changed much, and a last time when `stopped`.
async fn write_status_files(context: &Arc<Context>, components: &Components) {
    let mut changes = context.settings.changes();
    loop {
        let interval =
            Duration::from_secs(context.settings.get().config.daemon.heartbeat_interval_seconds.into());
        if let Err(error) = write(context, components).await {
            context
                .health
                .report(STATUS_FILES_ISSUE, format!("heartbeat and state.json cannot be written: {error}"));
        } else {
            context.health.clear(STATUS_FILES_ISSUE);
        }
        if context.stopped.is_cancelled() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            Ok(()) = changes.changed() => {}
            () = context.status_changed.notified() => {}
            () = context.stopped.cancelled() => {}
        }
    }
}

async fn write(context: &Arc<Context>, components: &Components) -> io::Result<()> {
    let status = status(context, components).await.map_err(io::Error::other)?;
    let heartbeat =
        Heartbeat { pid: status.pid, timestamp: Timestamp::now(), uptime_seconds: status.uptime_seconds };
    let (heartbeat, state) = (serde_json::to_vec(&heartbeat)?, serde_json::to_vec_pretty(&status)?);
    let (heartbeat_file, state_file) = (context.project.heartbeat(), context.project.state_file());
    beside(move || replace(&heartbeat_file, heartbeat).and_then(|()| replace(&state_file, state))).await
}

fn replace(path: &Path, mut text: Vec<u8>) -> io::Result<()> {
    text.push(b'\n');
    write_atomic(path, &text).map_err(at(path))
}
