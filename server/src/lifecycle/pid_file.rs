use std::{io, path::PathBuf};

use crate::files::{at, write_atomic};

/// `daemon.pid`, as long as this lives.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes it. The caller holds the lock, so one that is there is a dead daemon's.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(path: PathBuf) -> io::Result<Self> {
        write_atomic(&path, content().as_bytes()).map_err(at(&path))?;
        Ok(Self { path })
    }
}

fn content() -> String {
    format!("{}\n", std::process::id())
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Not that of a daemon that has taken this one's place.
        if std::fs::read_to_string(&self.path).is_ok_and(|found| found == content()) {
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
