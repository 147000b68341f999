use std::{io, path::PathBuf};

use aiwg_fs::{at, is_shortage, write_atomic};

/// The number of bytes of the file that are read.
const LONGEST: u64 = 64;

/// `daemon.pid`, as long as this lives.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes it. The caller holds the lock, so one that is there is a dead daemon's. Without room on the disk there is none: its readers can do
    /// without, and a daemon that goes on with its agents is worth more.
    ///
    /// # Errors
    /// It cannot be written for another reason.
    pub(crate) fn write(path: PathBuf) -> io::Result<Self> {
        match write_atomic(&path, content().as_bytes()) {
            Err(error) if is_shortage(&error) => {
                tracing::warn!(%error, path = %path.display(), "cannot be written");
                // It would name another process.
                let _ = std::fs::remove_file(&path);
            }
            written => written.map_err(at(&path))?,
        }
        Ok(Self { path })
    }
}

fn content() -> String {
    format!("{}\n", std::process::id())
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Not that of a daemon that has taken this one's place.
        if aiwg_fs::read_bounded(&self.path, LONGEST).is_ok_and(|found| found == content().as_bytes()) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.pid");
        drop(PidFile::write(path.clone()).unwrap());
        assert!(!path.exists());
        let file = PidFile::write(path.clone()).unwrap();
        std::fs::write(&path, "1\n").unwrap();
        drop(file);
        assert!(path.exists());
    }
}
