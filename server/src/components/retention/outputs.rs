use std::{
    collections::HashMap,
    fs::{DirEntry, Metadata},
    io,
    path::Path,
};

use aiwg_model::TaskNo;
use aiwg_protocol::{config::RetentionConfig, types::Timestamp};
use aiwg_store::Reader;
use tokio_util::sync::CancellationToken;

use super::cutoff;

const MIB: u64 = 1024 * 1024;

/// The output directory of an ended task's agent. There may be many thousands: no paths.
struct Output {
    task: TaskNo,
    ended: Timestamp,
    bytes: u64,
}

/// Removes the outputs that are too old, or too large together, or belong to a task that has been forgotten; in the order of [`in_order`]. An output
/// that cannot be removed is left for the next time, and so is everything once `stopped`. Gives the tasks whose output was removed.
pub(super) fn prune(
    actions: &Path,
    reader: &dyn Reader,
    retention: &RetentionConfig,
    now: Timestamp,
    stopped: &CancellationToken,
) -> io::Result<Vec<TaskNo>> {
    let mut outputs = finished(actions, reader, stopped)?;
    let since = cutoff(now, retention.output_days);
    let most = retention.output_mb.map_or(u64::MAX, |mib| u64::from(mib) * MIB);
    in_order(&mut outputs, most);
    let mut total = outputs.iter().fold(0_u64, |sum, output| sum.saturating_add(output.bytes));
    let (mut in_use, mut removed) = (None, Vec::new());
    for output in outputs {
        if stopped.is_cancelled() {
            break;
        }
        let is_old = |ended| since.is_some_and(|since| ended < since);
        if total > most || is_old(output.ended) {
            // Asked only where something goes.
            let records: &HashMap<_, _> = match &in_use {
                Some(records) => records,
                None => in_use.insert(records_in_use(reader)?),
            };
            match records.get(&output.task) {
                // Retries compare with what was before the first attempt: without that record they could never succeed.
                Some(None) => continue,
                Some(Some(ended)) if total <= most && !is_old(*ended) => continue,
                _ => {}
            }
            let dir = actions.join(output.task.to_string());
            match aiwg_fs::remove_all(&dir) {
                Ok(()) => {
                    total = total.saturating_sub(output.bytes);
                    removed.push(output.task);
                }
                Err(error) => tracing::warn!(dir = %dir.display(), %error, "old output could not be removed"),
            }
        }
    }
    Ok(removed)
}

/// The tasks whose record of protected files others compare with, and since when none does any more.
fn records_in_use(reader: &dyn Reader) -> io::Result<HashMap<TaskNo, Option<Timestamp>>> {
    Ok(reader.records_in_use().map_err(io::Error::other)?.into_iter().collect())
}

/// Orders outputs as they are deleted where they are too large together. One that is too large by itself goes first: even if all others went, it
/// could not stay. Then all but the latest of those that take more than half, of which no two can stay. Then the oldest.
fn in_order(outputs: &mut [Output], most: u64) {
    let half = most / 2;
    let latest = outputs
        .iter()
        .filter(|output| output.bytes > half && output.bytes <= most)
        .map(|output| output.ended)
        .max();
    outputs.sort_by_key(|output| {
        let rank = match output.bytes {
            bytes if bytes > most => 0,
            bytes if bytes > half && Some(output.ended) != latest => 1,
            _ => 2,
        };
        (rank, output.ended)
    });
}

/// The outputs of all tasks that are neither queued nor running.
fn finished(actions: &Path, reader: &dyn Reader, stopped: &CancellationToken) -> io::Result<Vec<Output>> {
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
        // A file, or a directory that cannot be read, is no agent's output.
        if let Ok(bytes) = size(&entry.path()) {
            outputs.push(Output { task: no, ended, bytes });
        }
    }
    Ok(outputs)
}

/// The size of all files in a task's directory and in those of its runs. Links are not followed.
fn size(dir: &Path) -> io::Result<u64> {
    let in_run = |entry: &DirEntry, found: &Metadata| match found.is_dir() {
        // One that cannot be read has no size that is known.
        true => size_of(&entry.path(), |_, _| 0).unwrap_or(0),
        false => 0,
    };
    size_of(dir, in_run)
}

/// The size of all files in a directory, with `within` for what is in each.
fn size_of(dir: &Path, within: impl Fn(&DirEntry, &Metadata) -> u64) -> io::Result<u64> {
    std::fs::read_dir(dir)?.try_fold(0_u64, |sum, entry| {
        let entry = entry?;
        let found = entry.metadata()?;
        // Sparse files can have any size.
        Ok(sum.saturating_add(found.len()).saturating_add(within(&entry, &found)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The outputs that are left of these, which are given by their sizes in bytes, the oldest first.
    fn left(sizes: &[u64], most: u64) -> Vec<u64> {
        let mut outputs: Vec<Output> = sizes
            .iter()
            .zip(1_u32..)
            .map(|(bytes, n)| Output {
                task: TaskNo(n.into()),
                ended: Timestamp::from_millis(n.into()),
                bytes: *bytes,
            })
            .collect();
        in_order(&mut outputs, most);
        let mut total: u64 = sizes.iter().sum();
        outputs.retain(|output| {
            let goes = total > most;
            total -= if goes { output.bytes } else { 0 };
            !goes
        });
        let mut left: Vec<u64> = outputs.iter().map(|output| output.task.0).collect();
        left.sort_unstable();
        left
    }

    #[test]
    fn a_large_output_goes_before_the_small_ones_that_it_would_drive_out() {
        assert_eq!(left(&[1, 1, 1, 500], 100), [1, 2, 3]);
        assert_eq!(left(&[1, 500, 1, 1], 100), [1, 3, 4]);
        // Two of which only one can stay: the latest.
        assert_eq!(left(&[5, 90, 90, 5], 100), [1, 3, 4]);
        // Otherwise the oldest go.
        assert_eq!(left(&[40, 40, 40], 100), [2, 3]);
        assert_eq!(left(&[30, 30, 60], 100), [2, 3]);
    }
}
