use std::{io, path::Path};

use aiwg_protocol::{config::RetentionConfig, types::Timestamp};

use super::cutoff;
use crate::store::{Reader, TaskNo};

const MIB: u64 = 1024 * 1024;

/// What a finished task's agent has left in its directory. There may be many thousands: no paths.
struct Output {
    task: TaskNo,
    ended: Timestamp,
    bytes: u64,
}

/// Removes what is too old, or too much, or belongs to a task that has been forgotten; the oldest first.
pub(super) fn prune(actions: &Path, reader: &Reader, retention: &RetentionConfig) -> io::Result<()> {
    let mut outputs = finished(actions, reader)?;
    outputs.sort_by_key(|output| output.ended);
    let since = cutoff(retention.output_days);
    let most = retention.output_mb.map_or(u64::MAX, |mib| u64::from(mib) * MIB);
    let mut total: u64 = outputs.iter().map(|output| output.bytes).sum();
    for output in outputs {
        if total > most || since.is_some_and(|since| output.ended < since) {
            total -= output.bytes;
            std::fs::remove_dir_all(actions.join(output.task.to_string()))?;
        }
    }
    Ok(())
}

/// Of every task that is neither queued nor running.
fn finished(actions: &Path, reader: &Reader) -> io::Result<Vec<Output>> {
    let mut outputs = Vec::new();
    for entry in std::fs::read_dir(actions)? {
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
        outputs.push(Output { task: no, ended, bytes: size(&entry.path())? });
    }
    Ok(outputs)
}

fn size(dir: &Path) -> io::Result<u64> {
    std::fs::read_dir(dir)?.map(|entry| Ok(entry?.metadata()?.len())).sum()
}
