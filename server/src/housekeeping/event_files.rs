use std::{io, path::Path};

use aiwg_protocol::types::Timestamp;

/// Removes the files of days before this moment's: their names begin with the day, as `2026-11-23.jsonl`.
pub(super) fn prune(dir: &Path, since: Option<Timestamp>) -> io::Result<()> {
    let Some(since) = since else { return Ok(()) };
    let first_kept: String = since.to_string().chars().take("2026-11-23".len()).collect();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_old = name.to_str().is_some_and(|name| name.ends_with(".jsonl") && name < first_kept.as_str());
        if is_old {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
