//! The files that the agent writes to, held open: it may take them away from their names and go on writing.

use std::{fs::File, io, process::Stdio};

use aiwg_fs::{Dir, Identity};
use rustix::fs::OFlags;

use crate::{STDERR_FILE, STDOUT_FILE, launch::SpawnError};

/// The two files, as they were opened for the agent.
pub(crate) struct Outputs {
    stdout: File,
    stderr: File,
}

impl Outputs {
    /// Opens those in a run's directory.
    pub(crate) fn open(dir: &Dir) -> Result<Self, SpawnError> {
        let open = |name: &str| {
            dir.open_private(name.as_ref(), OFlags::CREATE | OFlags::APPEND)
                .map_err(|error| SpawnError::at(name, &error))
        };
        Ok(Self { stdout: open(STDOUT_FILE)?, stderr: open(STDERR_FILE)? })
    }

    /// The agent's own descriptors of them: of standard output and error.
    pub(crate) fn streams(&self) -> Result<(Stdio, Stdio), SpawnError> {
        let stream = |name: &str, file: &File| {
            file.try_clone().map(Stdio::from).map_err(|error| SpawnError::at(name, &error))
        };
        Ok((stream(STDOUT_FILE, &self.stdout)?, stream(STDERR_FILE, &self.stderr)?))
    }

    /// Its standard output, to be read from any place.
    pub(crate) fn stdout(&self) -> io::Result<File> {
        self.stdout.try_clone()
    }

    /// The number of bytes written, with the files that have been put in the place of these.
    pub(crate) fn written(&self, dir: &Dir) -> u64 {
        self.each().into_iter().fold(0, |sum, (name, file)| {
            let held = file.metadata().map_or(0, |found| found.len());
            let in_its_place =
                if is_there(dir, name, file) { 0 } else { dir.size_of(name.as_ref()).unwrap_or(0) };
            sum.saturating_add(held).saturating_add(in_its_place)
        })
    }

    /// True if one of them is not at its name any more. Further writes to it change nothing in the directory, so no watch reports them.
    pub(crate) fn are_taken(&self, dir: &Dir) -> bool {
        self.each().into_iter().any(|(name, file)| !is_there(dir, name, file))
    }

    /// Cuts each file to its first `most` bytes, wherever it is by now, to free the disk.
    pub(crate) fn cut(&self, dir: &Dir, most: u64) -> io::Result<()> {
        for (name, file) in self.each() {
            cut(file, most)?;
            if !is_there(dir, name, file) {
                match dir.open_private(name.as_ref(), OFlags::empty()) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    other => cut(&other?, most)?,
                }
            }
        }
        Ok(())
    }

    fn each(&self) -> [(&'static str, &File); 2] {
        [(STDOUT_FILE, &self.stdout), (STDERR_FILE, &self.stderr)]
    }
}

fn cut(file: &File, most: u64) -> io::Result<()> {
    if file.metadata()?.len() > most { file.set_len(most) } else { Ok(()) }
}

/// True if this very file is at its name.
fn is_there(dir: &Dir, name: &str, file: &File) -> bool {
    file.metadata().is_ok_and(|found| dir.identity_of(name.as_ref()) == Some(Identity::of(&found)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_written_counts_wherever_the_file_is() {
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open(place.path()).unwrap();
        let outputs = Outputs::open(&dir).unwrap();
        (&outputs.stdout).write_all(&[b'x'; 300]).unwrap();
        assert!(!outputs.are_taken(&dir));
        std::fs::remove_file(place.path().join(STDOUT_FILE)).unwrap();
        std::fs::rename(place.path().join(STDERR_FILE), place.path().join("away")).unwrap();
        assert!(outputs.are_taken(&dir));
        (&outputs.stderr).write_all(&[b'x'; 200]).unwrap();
        assert_eq!(outputs.written(&dir), 500);
        std::fs::write(place.path().join(STDOUT_FILE), [b'x'; 150]).unwrap();
        assert_eq!(outputs.written(&dir), 650);
        outputs.cut(&dir, 100).unwrap();
        assert_eq!(outputs.written(&dir), 300);
        assert_eq!(place.path().join("away").metadata().unwrap().len(), 100);
    }
}
