use crate::components::event_log::last_of;
use std::{io, path::Path};

use aiwg_protocol::types::Timestamp;

/// Removes the files of days before this moment's, whose names begin with the day, as `2026-11-23.jsonl`; and those in which there is no event
/// from the `first` on that is kept.
pub(super) fn prune(dir: &Path, since: Option<Timestamp>, first: u64) -> io::Result<()> {
    let day = |at: Timestamp| at.to_string().chars().take("2026-11-23".len()).collect::<String>();
    let first_kept = since.map(day).unwrap_or_default();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_log = name.to_str().is_some_and(|name| name.ends_with(".jsonl"));
        if !is_log {
            continue;
        }
        let is_old = name.to_str().is_some_and(|name| name < first_kept.as_str());
        if is_old || is_forgotten(&entry.path(), first) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// True if all events in a file are forgotten. A file in which no event is found is left alone.
fn is_forgotten(path: &Path, first: u64) -> bool {
    first > 0 && last_of(path).is_some_and(|last| last < first)
}
