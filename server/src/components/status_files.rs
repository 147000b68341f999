//! `heartbeat` and `state.json`: signs of life for tools that only read files.

use std::{io, path::Path, sync::Arc, time::Duration};

use aiwg_fs::{at, write_atomic};
use aiwg_protocol::types::{Heartbeat, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{api::status, beside::beside, context::Context, health::IssueKind};

/// Writes both now, at every interval, when the status has changed much, and a last time when `stopped`.
pub(crate) async fn write_status_files(context: Arc<Context>, stopped: CancellationToken) {
    let mut changes = context.settings.changes();
    loop {
        let interval =
            Duration::from_secs(context.settings.get().config.daemon.heartbeat_interval_seconds.into());
        if let Err(error) = write(&context).await {
            context.health.report(
                IssueKind::StatusFiles,
                format!("heartbeat and state.json cannot be written: {error}"),
            );
        } else {
            context.health.clear(IssueKind::StatusFiles);
        }
        if stopped.is_cancelled() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            Ok(()) = changes.changed() => {}
            () = context.status_changed.notified() => {}
            () = stopped.cancelled() => {}
        }
    }
}

async fn write(context: &Arc<Context>) -> io::Result<()> {
    let status = status(context).await.map_err(io::Error::other)?;
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
