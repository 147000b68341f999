//! The log's file: rotated by size, and opened again if it was moved or removed.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_fs::{Identity, append_private, at};
use rustix::fs::{FileType, fstat};

use crate::health::{Health, IssueKind};

/// The log cannot be written or rotated.
const LOG_ISSUE: IssueKind = IssueKind::named("log");

/// The time between two looks, while lines are written, whether the file is still where readers look for it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The size at which a file is full, and the number of full ones that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rotation {
    pub(super) bytes: u64,
    pub(super) keep: u32,
}

/// The file to which the lines go. A problem with it is never an error of the code that logs.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    rotation: Rotation,
    open: Option<Open>,
    looked: Instant,
    /// True if the lines go to standard error as well.
    echo: bool,
    /// True if the last line could not be written: the disk is full, perhaps.
    is_failing: bool,
    health: Health,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: Identity,
    /// Its length, in bytes.
    length: u64,
    /// The length at which the next file is begun.
    full: u64,
}

impl LogFile {
    pub(super) fn new(path: PathBuf, rotation: Rotation, echo: bool, health: Health) -> Self {
        let echo = echo && is_read_by_someone();
        let mut log =
            Self { path, rotation, open: None, looked: Instant::now(), echo, is_failing: false, health };
        log.reopen();
        log
    }

    /// Other sizes and numbers.
    pub(super) fn set(&mut self, rotation: Rotation) {
        self.rotation = rotation;
        if let Some(open) = &mut self.open {
            open.full = rotation.bytes;
        }
    }

    /// Writes one line, into the next file if this one would have too much of it.
    pub(super) fn write_line(&mut self, line: &[u8]) {
        if self.echo {
            let _ = io::stderr().write_all(line);
        }
        if self.looked.elapsed() >= LOOK_EVERY {
            self.look();
        }
        let length = line.len() as u64;
        if self.open.as_ref().is_some_and(|open| open.length > 0 && open.length + length > open.full) {
            self.rotate();
        }
        let Some(open) = &mut self.open else { return };
        match open.file.write_all(line) {
            Ok(()) => {
                open.length += length;
                if std::mem::take(&mut self.is_failing) {
                    self.health.clear(LOG_ISSUE);
                }
            }
            Err(error) => {
                self.is_failing = true;
                self.report("cannot be written", &error);
            }
        }
    }

    /// Opens it again if it is no longer where readers look for it, or could not be opened.
    pub(super) fn look(&mut self) {
        self.looked = Instant::now();
        if !self.open.as_ref().is_some_and(|open| open.identity.is_still_at(&self.path)) {
            self.reopen();
        }
    }

    /// Opens the file that is there now. If that fails, the one that was open stays so: a person may have moved it, and will look there.
    pub(super) fn reopen(&mut self) {
        match self.opened() {
            Ok(open) => {
                self.open = Some(open);
                self.health.clear(LOG_ISSUE);
            }
            Err(error) => self.report("cannot be opened", &error),
        }
    }

    fn opened(&self) -> io::Result<Open> {
        let file = append_private(&self.path)?;
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        let identity = Identity::of(&found);
        Ok(Open { file, identity, length: found.len(), full: self.rotation.bytes })
    }

    /// Begins the next file. Where that fails, goes on in the same one, and tries again when that has grown as much once more.
    fn rotate(&mut self) {
        match self.move_on() {
            Ok(()) => self.reopen(),
            Err(error) => {
                self.report("cannot be rotated, so it grows", &error);
                if let Some(open) = &mut self.open {
                    open.full = open.length + self.rotation.bytes;
                }
            }
        }
    }

    /// Renames each file to the next older name.
    fn move_on(&self) -> io::Result<()> {
        let name = |number| numbered(&self.path, number);
        // Also those that an earlier configuration kept.
        let mut oldest = self.rotation.keep;
        while name(oldest + 1).symlink_metadata().is_ok() {
            oldest += 1;
        }
        for number in (self.rotation.keep..=oldest).rev() {
            unless_missing(fs::remove_file(name(number))).map_err(at(&name(number)))?;
        }
        for number in (0..self.rotation.keep).rev() {
            unless_missing(fs::rename(name(number), name(number + 1))).map_err(at(&name(number + 1)))?;
        }
        Ok(())
    }

    fn report(&self, what: &str, error: &io::Error) {
        self.health.report(LOG_ISSUE, format!("the log {} {what}: {error}", self.path.display()));
    }
}

/// `daemon.log`, `daemon.log.1`, `daemon.log.2`: the higher, the older.
pub(super) fn numbered(log: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return log.to_owned();
    }
    let mut name = OsString::from(log);
    name.push(format!(".{number}"));
    name.into()
}

fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// True if standard error is a terminal, or leads to a journal or a container's log. Not for a file, which would never be rotated.
fn is_read_by_someone() -> bool {
    let stderr = io::stderr();
    let leads_on = |kind| matches!(kind, FileType::Fifo | FileType::Socket);
    stderr.is_terminal()
        || fstat(stderr.as_fd()).is_ok_and(|found| leads_on(FileType::from_raw_mode(found.st_mode)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Rotation = Rotation { bytes: 10, keep: 3 };

    fn log(rotation: Rotation) -> (tempfile::TempDir, LogFile, Health) {
        let dir = tempfile::tempdir().unwrap();
        let health = Health::default();
        let log = LogFile::new(dir.path().join("daemon.log"), rotation, false, health.clone());
        (dir, log, health)
    }

    fn texts(log: &LogFile) -> Vec<String> {
        let text = |number| fs::read_to_string(numbered(&log.path, number)).unwrap_or_default();
        (0..6).map(text).collect()
    }

    #[test]
    fn full_files_get_older_names_and_the_oldest_go() {
        let (_dir, mut log, health) = log(SMALL);
        (0..6).for_each(|number| log.write_line(format!("line {number}\n").as_bytes()));
        assert_eq!(texts(&log), ["line 5\n", "line 4\n", "line 3\n", "line 2\n", "", ""]);
        log.set(Rotation { keep: 1, ..SMALL });
        log.write_line(b"line 6\n");
        assert_eq!(texts(&log), ["line 6\n", "line 5\n", "", "", "", ""]);
        log.set(Rotation { keep: 0, ..SMALL });
        log.write_line(b"line 7\n");
        assert_eq!(texts(&log), ["line 7\n", "", "", "", "", ""]);
        assert!(health.issues().is_empty());
    }

    #[test]
    fn a_removed_file_is_made_again() {
        let (_dir, mut log, health) = log(SMALL);
        (0..4).for_each(|number| log.write_line(format!("line {number}\n").as_bytes()));
        fs::remove_file(numbered(&log.path, 1)).unwrap();
        log.write_line(b"line 4\n");
        assert_eq!(texts(&log), ["line 4\n", "line 3\n", "", "line 1\n", "", ""]);
        assert!(health.issues().is_empty());
    }

    #[test]
    fn where_it_cannot_be_rotated_it_grows_and_says_so() {
        let (_dir, mut log, health) = log(SMALL);
        fs::create_dir_all(numbered(&log.path, 3).join("in the way")).unwrap();
        (0..4).for_each(|number| log.write_line(format!("line {number}\n").as_bytes()));
        assert_eq!(texts(&log)[0], "line 0\nline 1\nline 2\nline 3\n");
        assert!(health.issues()[0].message.contains("daemon.log.3"), "{:?}", health.issues());
        fs::remove_dir_all(numbered(&log.path, 3)).unwrap();
        (4..6).for_each(|number| log.write_line(format!("line {number}\n").as_bytes()));
        assert!(!texts(&log)[1].is_empty() && health.issues().is_empty());
    }

    #[test]
    fn one_that_is_taken_away_is_begun_again_and_one_that_cannot_be_opened_shows() {
        let (_dir, mut log, health) = log(Rotation { bytes: 1000, keep: 3 });
        log.write_line(b"lost\n");
        fs::remove_file(&log.path).unwrap();
        log.look();
        log.write_line(b"kept\n");
        assert_eq!(texts(&log)[0], "kept\n");
        fs::remove_file(&log.path).unwrap();
        fs::create_dir(&log.path).unwrap();
        log.look();
        log.write_line(b"nowhere\n");
        assert!(health.issues()[0].message.contains("cannot be opened"), "{:?}", health.issues());
        fs::remove_dir(&log.path).unwrap();
        log.look();
        log.write_line(b"back\n");
        assert_eq!((texts(&log)[0].as_str(), health.issues().len()), ("back\n", 0));
    }
}
