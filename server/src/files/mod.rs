//! The files that people and their tools read: written from what is in the store, never read back.

mod event_log;
mod status_files;
mod tasks_file;

use std::{fs::File, io, os::unix::fs::OpenOptionsExt, path::Path};

pub use aiwg_fs::write_atomic;
pub(crate) use aiwg_fs::{
    Identity, append_private, at, close_to_others, open_private, private, tail, tail_of, write_private,
};
use aiwg_protocol::trust;
use rustix::fs::OFlags;

pub(crate) use event_log::{last_of, last_written, write_event_log};
pub(crate) use status_files::write_status_files;
pub(crate) use tasks_file::{WRITTEN_BY, write_tasks_file};

/// How much of an agent's output goes into a task: 64 KiB.
pub(crate) const TAIL_BYTES: u64 = 64 * 1024;

/// The largest file that is read whole to decide what runs, in bytes: 10,000 rules have 2 MiB.
const LARGEST_TRUSTED: u64 = 16 * 1024 * 1024;

/// Reads a file that decides what runs: a regular one of at most 16 MiB, which nobody else could have made or can change.
pub(crate) fn read_trusted(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait for whoever writes into it.
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    trust::check_opened(path, &found)?;
    let bytes = aiwg_fs::read_file(file, LARGEST_TRUSTED)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("daemon.json");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(read_trusted(&pipe).unwrap_err().to_string().contains("no regular file"));
        let sparse = dir.path().join("sparse.json");
        File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
        assert!(read_trusted(&sparse).unwrap_err().to_string().contains("16777216"));
    }
}
