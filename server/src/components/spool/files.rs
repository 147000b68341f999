//! The files of the spool. Anyone may have put anything there: a link, a pipe, a file of another user, half of an event.

use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use aiwg_fs::{Dir, at, read_file};
use aiwg_protocol::{
    ApiError,
    spool::{
        MAX_SPOOLED, MAX_SPOOLED_FILE, NotSpooled, REASON_SUFFIX, REJECTED, SUFFIX, SpooledEvent,
        TEMPORARY_PREFIX, is_spool_name,
    },
    types::Timestamp,
};
use rustix::fs::OFlags;
use serde::Serialize;

use super::Stopped;

/// The number of files that are taken in with one transaction.
const FILES_AT_ONCE: usize = 1000;

/// The number of bytes that they have together, and then one file more.
const BYTES_AT_ONCE: usize = 4 * 1024 * 1024;

/// The number of names that are looked at: those of clients, and as many that no client has made.
const MOST_NAMES: usize = 4 * MAX_SPOOLED;

/// The time after which a file that is being written belongs to a client that was killed.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// The longest name of a file, in bytes, on all usual file systems.
const LONGEST_FILE_NAME: usize = 255;

/// The ignore file of the directory: events are nothing for the project's history.
const IGNORE: &str = ".gitignore";

/// Name of the directory in it for the files of events that are taken in, until they are removed. To rename a file costs microseconds; to remove
/// one that is on the disk may take milliseconds, for which nobody is to wait.
const TAKEN: &str = ".taken";

/// Some files by their names, as they were read.
pub(super) type Batch = Vec<(String, Result<Read, Refusal>)>;

/// A file that holds an event.
pub(super) struct Read {
    pub(super) event: SpooledEvent,
    /// Time at which the file was written, as the system has it.
    pub(super) written_at: Timestamp,
}

/// The reason for which a file is not taken in, as it is written beside it.
#[derive(Debug, Serialize)]
pub(super) struct Refusal {
    kind: String,
    message: String,
    at: Timestamp,
}

impl Refusal {
    fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), at: Timestamp::now() }
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::new(&error.data.kind, error.message)
    }
}

impl From<NotSpooled> for Refusal {
    fn from(error: NotSpooled) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// The files after some of them were removed.
pub(super) struct Settled {
    /// Those that are left.
    pub(super) files: Files,
    /// The names of those that are gone for good.
    pub(super) gone: Vec<String>,
    /// An error if one of them could not be removed or moved.
    pub(super) outcome: Result<(), Stopped>,
}

/// The files that are left.
#[derive(Default)]
pub(super) struct Files {
    dir: Option<Dir>,
    path: PathBuf,
    names: VecDeque<OsString>,
    /// True if files of events that were taken in are to be removed.
    has_taken: bool,
}

impl Files {
    /// Those of the spool at this path, in their order; none if there is no spool.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Stopped> {
        let broken = |error: &dyn std::fmt::Display| {
            Stopped::Broken(format!("the events in {} are not taken in: {error}", path.display()))
        };
        let dir = match Dir::open_own_in_own(path) {
            Err(error) if aiwg_fs::is_absent(&error) && path.symlink_metadata().is_err() => return Ok(None),
            opened => opened
                .map_err(|error| broken(&format_args!("{error}; remove it, and clients make a new one")))?,
        };
        let is_private = dir.is_private().map_err(|error| broken(&error))?;
        if !is_private {
            return Err(broken(&format_args!(
                "others can write there; look at what is in it, then `chmod 700 {}`, or remove it",
                path.display()
            )));
        }
        let names = dir.names(MOST_NAMES).map_err(|error| broken(&error))?;
        let (hidden, mut names): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| is_hidden(name));
        tidy(&dir, &hidden);
        // No client makes one that is no text.
        names.retain(|name| name != REJECTED && name.to_str().is_some());
        names.sort_unstable();
        let has_taken = hidden.iter().any(|name| name == TAKEN);
        Ok(Some(Self { dir: Some(dir), path: path.to_owned(), names: names.into(), has_taken }))
    }

    /// The number of files that are still to be read.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// True if there is a file of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.binary_search_by(|found| found.as_os_str().cmp(OsStr::new(name))).is_ok()
    }

    /// Reads the next ones.
    pub(super) fn read(mut self) -> Result<(Self, Batch), Stopped> {
        let (mut batch, mut bytes) = (Batch::new(), 0);
        while batch.len() < FILES_AT_ONCE && bytes < BYTES_AT_ONCE {
            let Some(name) = self.names.pop_front() else { break };
            let Some(dir) = &self.dir else { break };
            let read = match name.to_str().and_then(|name| name.strip_suffix(SUFFIX)) {
                Some(stem) if is_spool_name(stem) => read(dir, &name),
                _ => Err(Refusal::new("name", "its name is none that a client gives")),
            };
            if let Ok(read) = &read {
                bytes += read.event.payload.as_str().len();
            }
            // One that has gone meanwhile is none.
            if read.is_ok() || dir.identity_of(Path::new(&name)).is_some() {
                batch.push((name.to_string_lossy().into_owned(), read));
            }
        }
        Ok((self, batch))
    }

    /// Moves away the files of events that are taken in, which are to be removed then, and those that are refused. `each` is called for each.
    pub(super) fn settle(mut self, done: Vec<(String, Option<Refusal>)>, each: impl Fn()) -> Settled {
        let mut gone = Vec::new();
        let settled = self.settle_all(done, &mut gone, each).map_err(|error| {
            Stopped::Broken(format!(
                "the events in {} were taken in, but cannot be removed or moved away there: {error}; make that possible, then restart the daemon",
                self.path.display()
            ))
        });
        if settled.is_err() {
            gone.clear();
        }
        Settled { files: self, gone, outcome: settled }
    }

    fn settle_all(
        &mut self,
        done: Vec<(String, Option<Refusal>)>,
        gone: &mut Vec<String>,
        each: impl Fn(),
    ) -> io::Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let (mut rejected, mut taken) = (None, None);
        for (name, refusal) in done {
            match refusal {
                None => {
                    let into = taken.get_or_insert_with(|| taken_dir(dir));
                    self.has_taken |= into.is_some();
                    put_away(dir, into.as_ref(), Path::new(&name))?;
                    gone.push(name);
                }
                Some(refusal) => {
                    let mut into = rejected.take().map_or_else(|| Rejected::open(dir), Ok)?;
                    into.take(dir, &name, &refusal).map_err(at(Path::new(&name)))?;
                    rejected = Some(into);
                }
            }
            each();
        }
        // Before their names are forgotten: one that comes back with a power cut would be taken in once more.
        dir.sync()
    }

    /// Number of events that were refused and are still there.
    pub(super) fn refused(&self) -> usize {
        let rejected = self.dir.as_ref().and_then(|dir| dir.own_dir(Path::new(REJECTED)).ok());
        let names = rejected.and_then(|rejected| rejected.names(MOST_NAMES).ok()).unwrap_or_default();
        names.iter().filter(|name| !is_reason(name) && !is_hidden(name)).count()
    }

    /// True if files of events that were taken in are to be removed.
    pub(super) fn has_taken(&self) -> bool {
        self.has_taken
    }
}

/// True if files in the spool at this path wait to be taken in, or if that is not known.
pub(crate) fn holds_events(path: &Path) -> bool {
    let names = Dir::open_own_in_own(path).and_then(|dir| dir.names(MOST_NAMES));
    match names {
        Ok(names) => names.iter().any(|name| name != REJECTED && !is_hidden(name)),
        Err(error) => !aiwg_fs::is_absent(&error) || path.symlink_metadata().is_ok(),
    }
}

/// Removes the files of events that were taken in from the spool at this path, as long as it may go on. What is left is removed another time.
pub(super) fn remove_taken(path: &Path, may_go_on: impl Fn() -> bool) {
    let Ok(dir) = Dir::open_own_in_own(path) else { return };
    let Ok(taken) = dir.own_dir(Path::new(TAKEN)) else { return };
    for name in taken.names(MOST_NAMES).unwrap_or_default() {
        if !may_go_on() {
            return;
        }
        let _ = taken.remove_file(Path::new(&name));
    }
    // It stays where more has come meanwhile.
    let _ = dir.remove_dir(Path::new(TAKEN));
}

/// The directory for the files of events that are taken in; none if it cannot be had.
fn taken_dir(spool: &Dir) -> Option<Dir> {
    let name = Path::new(TAKEN);
    spool.own_dir(name).or_else(|_| spool.make_dir(name)).ok()
}

/// Moves a file out of the spool, or removes it where it cannot be moved. One that is gone is nothing to do.
fn put_away(spool: &Dir, taken: Option<&Dir>, name: &Path) -> io::Result<()> {
    let moved = taken.is_some_and(|taken| spool.rename_into(name, taken, name).is_ok());
    if moved { Ok(()) } else { spool.remove_file(name).map(drop) }
}

/// Removes what killed clients have left, and keeps all of it out of the project's history. `hidden` are the names that begin with a point.
fn tidy(dir: &Dir, hidden: &[OsString]) {
    if !hidden.iter().any(|name| name == IGNORE)
        && let Ok(mut file) = dir.open_private(Path::new(IGNORE), OFlags::CREATE)
    {
        let _ = file.write_all(b"*\n");
    }
    for name in hidden {
        let is_temporary = name.to_str().is_some_and(|name| name.starts_with(TEMPORARY_PREFIX));
        let is_abandoned = || {
            let written = dir.open_regular(Path::new(name)).ok()?.metadata().ok()?.modified().ok()?;
            Some(SystemTime::now().duration_since(written).ok()? > ABANDONED)
        };
        if is_temporary && is_abandoned() == Some(true) {
            let _ = dir.remove_file(Path::new(name));
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

fn is_reason(name: &OsStr) -> bool {
    name.as_encoded_bytes().ends_with(REASON_SUFFIX.as_bytes())
}

/// Reads a file that nobody but this user could have written.
fn read(dir: &Dir, name: &OsStr) -> Result<Read, Refusal> {
    let unfit = |error: io::Error| Refusal::new("file", error.to_string());
    let file = dir.open_regular(Path::new(name)).map_err(unfit)?;
    let found = file.metadata().map_err(unfit)?;
    if found.mode() & 0o022 != 0 {
        return Err(Refusal::new(
            "file",
            "others can write to it: see that it is as it should be, then `chmod 600` it",
        ));
    }
    if found.nlink() != 1 {
        return Err(Refusal::new("file", "it has several names, one of which others may have made: copy it"));
    }
    let content = read_file(file, MAX_SPOOLED_FILE).map_err(unfit)?;
    let written_at = Timestamp::from_millis(
        found.ctime().saturating_mul(1000).saturating_add(found.ctime_nsec() / 1_000_000),
    );
    Ok(Read { event: SpooledEvent::read(&content)?, written_at })
}

/// The name of the file with the reason for which a file was refused. A name that is as long as it may be is cut.
fn reason_of(name: &str) -> String {
    let stem = name.strip_suffix(SUFFIX).unwrap_or(name);
    let end = stem.floor_char_boundary(LONGEST_FILE_NAME - REASON_SUFFIX.len());
    format!("{}{REASON_SUFFIX}", &stem[..end])
}

/// The directory of files that were refused, each with the reason beside it.
struct Rejected {
    dir: Dir,
    /// Number of names in it.
    names: usize,
}

impl Rejected {
    fn open(spool: &Dir) -> io::Result<Self> {
        let dir = match spool.own_dir(Path::new(REJECTED)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => spool.make_dir(Path::new(REJECTED))?,
            opened => opened.map_err(at(Path::new(REJECTED)))?,
        };
        if !dir.is_private()? {
            let why = format!(
                "{REJECTED} is another user's, or others can write to it: look at what is in it, then remove it"
            );
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        let names = dir.names(2 * MAX_SPOOLED)?.len();
        Ok(Self { dir, names })
    }

    /// Takes a file from the spool.
    fn take(&mut self, spool: &Dir, name: &str, refusal: &Refusal) -> io::Result<()> {
        if self.names >= 2 * MAX_SPOOLED {
            return Err(io::Error::other(format!("{REJECTED} is full: mend what is there, or delete it")));
        }
        let reason = reason_of(name);
        let mut text = serde_json::to_vec_pretty(refusal).map_err(io::Error::other)?;
        text.push(b'\n');
        self.dir.clear(Path::new(&reason))?;
        self.dir.open_private(Path::new(&reason), OFlags::CREATE)?.write_all(&text)?;
        self.names += 2;
        spool.rename_into(Path::new(name), &self.dir, Path::new(name))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_spool_holds_events_until_they_are_taken_in_or_refused() {
        let project = tempfile::tempdir().unwrap();
        let spool = project.path().join("spool");
        assert!(!holds_events(&spool));
        fs::create_dir_all(spool.join(REJECTED)).unwrap();
        fs::write(spool.join(REJECTED).join("1.json"), "").unwrap();
        fs::write(spool.join(IGNORE), "").unwrap();
        assert!(!holds_events(&spool));
        fs::write(spool.join("1.json"), "").unwrap();
        assert!(holds_events(&spool));
        fs::remove_dir_all(&spool).unwrap();
        std::os::unix::fs::symlink(project.path().join("none"), &spool).unwrap();
        assert!(holds_events(&spool), "nobody knows what is there");
    }
}
