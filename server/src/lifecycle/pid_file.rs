use std::{io, path::PathBuf, time::Duration};

use aiwg_fs::{at, is_shortage, write_atomic};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::beside::beside;

/// The number of bytes of the file that are read.
const LONGEST: u64 = 64;

/// Interval between attempts to write it where there is no room.
const TRY_EVERY: Duration = Duration::from_secs(5);

/// `daemon.pid`, as long as this lives.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
    /// False where there was no room for it.
    is_written: bool,
}

impl PidFile {
    /// Writes it. The caller holds the lock, so one that is there is a dead daemon's. Without room on the disk there is none for now: its readers
    /// can do without, and a daemon that goes on with its agents is worth more. [`Self::write_later`] is for that case.
    ///
    /// # Errors
    /// It cannot be written for another reason.
    pub(crate) fn write(path: PathBuf) -> io::Result<Self> {
        let is_written = match write_atomic(&path, content().as_bytes()) {
            Err(error) if is_shortage(&error) => {
                tracing::warn!(%error, path = %path.display(), "cannot be written");
                // It would name another process.
                let _ = std::fs::remove_file(&path);
                false
            }
            written => written.map(|()| true).map_err(at(&path))?,
        };
        Ok(Self { path, is_written })
    }

    /// False where there was no room for it.
    pub(crate) fn is_written(&self) -> bool {
        self.is_written
    }

    /// Writes it once there is room, unless `stopped` comes before.
    pub(crate) async fn write_later(path: PathBuf, stopped: CancellationToken) {
        loop {
            let to = path.clone();
            match beside(move || write_atomic(&to, content().as_bytes())).await {
                Err(error) if is_shortage(&error) => {}
                Err(error) => {
                    return tracing::warn!(%error, path = %path.display(), "cannot be written");
                }
                Ok(()) => return,
            }
            tokio::select! {
                () = sleep(TRY_EVERY) => {}
                () = stopped.cancelled() => return,
            }
        }
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

    #[tokio::test]
    async fn one_for_which_there_was_no_room_is_written_later_and_removed_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.pid");
        let file = PidFile { path: path.clone(), is_written: false };
        PidFile::write_later(path.clone(), CancellationToken::new()).await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content());
        drop(file);
        assert!(!path.exists());
    }
}
