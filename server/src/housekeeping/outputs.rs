use std::{io, path::Path};

use aiwg_protocol::{config::RetentionConfig, types::Timestamp};
use tokio_util::sync::CancellationToken;

use super::cutoff;
use crate::store::{Reader, TaskNo};

const MIB: u64 = 1024 * 1024;

/// What a finished task's agent has left in its directory. There may be many thousands: no paths.
struct Output {
    task: TaskNo,
    ended: Timestamp,
    bytes: u64,
}

/// Removes what is too old, or too much, or belongs to a task that has been forgotten; the oldest first. What cannot be removed is left for the
/// next time, and so is everything once `stopped`.
pub(super) fn prune(
    actions: &Path,
    reader: &Reader,
    retention: &RetentionConfig,
    stopped: &CancellationToken,
) -> io::Result<()> {
    let mut outputs = finished(actions, reader, stopped)?;
    outputs.sort_by_key(|output| output.ended);
    let since = cutoff(retention.output_days);
    let most = retention.output_mb.map_or(u64::MAX, |mib| u64::from(mib) * MIB);
    let mut total = outputs.iter().fold(0_u64, |sum, output| sum.saturating_add(output.bytes));
    for output in outputs {
        if stopped.is_cancelled() {
            break;
        }
        if total > most || since.is_some_and(|since| output.ended < since) {
            let dir = actions.join(output.task.to_string());
            match std::fs::remove_dir_all(&dir) {
                Ok(()) => total = total.saturating_sub(output.bytes),
                Err(error) => tracing::warn!(dir = %dir.display(), %error, "old output could not be removed"),
            }
        }
    }
    Ok(())
}

/// Of every task that is neither queued nor running.
fn finished(actions: &Path, reader: &Reader, stopped: &CancellationToken) -> io::Result<Vec<Output>> {
    let mut outputs = Vec::new();
    for entry in std::fs::read_dir(actions)? {
        if stopped.is_cancelled() {
            break;
        }
        let entry = entry?;
        let Some(no) = entry.file_name().to_str().and_then(|name| name.parse::<TaskNo>().ok()) else {
            continue;
        };
        let ended = match reader.task(no).map_err(io::Error::other)? {
            Some(task) if !task.state.is_final() => continue,
            Some(task) => task.completed_at.unwrap_or_default(),
            // The task itself has been forgotten.
            None => Timestamp::default(),
        };
        // What is no directory that can be read is no agent's output.
        if let Ok(bytes) = size(&entry.path()) {
            outputs.push(Output { task: no, ended, bytes });
        }
    }
    Ok(outputs)
}

fn size(dir: &Path) -> io::Result<u64> {
    // Sparse files can have any size.
    std::fs::read_dir(dir)?.try_fold(0_u64, |sum, entry| Ok(sum.saturating_add(entry?.metadata()?.len())))
}
