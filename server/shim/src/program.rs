//! The shim as a small program beside `aiwg`, which starts in half the time: it has a thirtieth of the code that the
//! system must load and relocate.
//!
//! The program must be of the very build of the daemon that starts it. One of the two may have been copied alone, or
//! replaced while the daemon runs; then the daemon's own program is the shim.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek},
    os::{
        fd::AsRawFd,
        unix::{
            ffi::{OsStrExt, OsStringExt},
            fs::{MetadataExt, PermissionsExt},
        },
    },
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use aiwg_fs::open_regular;

use crate::process::Process;

/// The small program's name.
pub const SHIM_PROGRAM: &str = "aiwg-shim";

/// The first argument of a program that is started as a shim.
pub const ROLE: &str = "__shim";

/// The name of the program that daemons are.
const DAEMON_PROGRAM: &str = "aiwg";

/// The number of this build.
const BUILD: u64 = match u64::from_str_radix(env!("AIWG_SHIM_BUILD"), 16) {
    Ok(build) => build,
    Err(_) => 0,
};

/// The text that stands before a build's number.
const BEFORE_BUILD: &str = "aiwg-shim: the program of aiwg's shims, build ";

/// A text that the small program contains, and no other program: its purpose, and its build.
pub const MARK: &str =
    concat!("aiwg-shim: the program of aiwg's shims, build ", env!("AIWG_SHIM_BUILD"), "\n");

/// More than the small program ever has, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The text that Linux appends to the path of a program whose file has been removed or replaced.
const GONE: &[u8] = b" (deleted)";

/// The small program, held open: this file is executed, whatever is put in its place.
#[derive(Debug)]
pub struct ShimProgram {
    file: File,
    uid: u32,
    /// The state in which it was read last.
    state: Mutex<State>,
}

/// The attributes that show that a file has been written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    len: u64,
    modified: (i64, i64),
    /// The last change of the file or of its attributes, which nobody can set back.
    changed: (i64, i64),
}

impl State {
    fn of(found: &Metadata) -> Self {
        Self {
            len: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    /// True if it has the same content, as far as length and time of modification tell.
    fn seems_as(&self, before: &Self) -> bool {
        (self.len, self.modified) == (before.len, before.modified)
    }
}

impl ShimProgram {
    /// The small program beside the calling process's own, if that is `aiwg`. None if there is none, if it is of
    /// another build, if another user could have put it there, or where the system does not say which programs run.
    pub fn beside_own() -> Option<Self> {
        let own = program_of("self")?;
        let uid = std::fs::metadata("/proc/self/exe").ok()?.uid();
        Self::at(&own.with_file_name(SHIM_PROGRAM), uid).ok().flatten().filter(|found| found.is_beside(&own))
    }

    /// The small program at this path, if it is of this build and this user's, and no other user may write to it.
    fn at(path: &Path, uid: u32) -> io::Result<Option<Self>> {
        let file = open_regular(path)?;
        let state = usable(&file, uid)?;
        Ok(state.map(|state| Self { file, uid, state: Mutex::new(state) }))
    }

    /// The path by which a child of the calling process can execute it. None once it has been written to, or is not
    /// beside the calling process's program any more: it would not recognize that as a daemon.
    pub fn path(&self) -> Option<PathBuf> {
        (self.is_unchanged().ok()? && self.is_beside(&program_of("self")?)).then(|| self.descriptor())
    }

    /// True if it has not been written to. A new name, a link and a new mode change its attributes only: then it is
    /// read again.
    fn is_unchanged(&self) -> io::Result<bool> {
        let now = State::of(&self.file.metadata()?);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now == *state {
            return Ok(true);
        }
        match usable(&self.file, self.uid)? {
            Some(read) if read.seems_as(&state) => *state = read,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn is_beside(&self, own: &Path) -> bool {
        linked(&self.descriptor()).is_some_and(|its| are_beside(&its, own))
    }

    fn descriptor(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()
    }
}

/// The state of a file that is the small program of this build and this user's, and that no other user may write to.
fn usable(mut file: &File, uid: u32) -> io::Result<Option<State>> {
    // Before it is read: a later change shows.
    let found = file.metadata()?;
    let mode = found.permissions().mode();
    if found.uid() != uid || mode & 0o111 == 0 || mode & 0o002 != 0 {
        return Ok(None);
    }
    file.rewind()?;
    let is_of_this_build = holds(file.take(LARGEST), mark().as_bytes())?;
    Ok(is_of_this_build.then(|| State::of(&found)))
}

/// True if this text is read. In pieces: the program is looked through at each start of a daemon, whose memory it is
/// not worth.
fn holds(mut from: impl Read, text: &[u8]) -> io::Result<bool> {
    let mut piece = vec![0; 64 * 1024];
    let mut kept = 0;
    loop {
        let read = from.read(&mut piece[kept..])?;
        let end = kept + read;
        if memchr::memmem::find(&piece[..end], text).is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        // It may go on in the next piece.
        kept = end.min(text.len().saturating_sub(1));
        piece.copy_within(end - kept..end, 0);
    }
}

/// [`MARK`], put together here: the daemon's own program must not contain it.
fn mark() -> String {
    format!("{BEFORE_BUILD}{BUILD:016x}\n")
}

/// True if the calling process was started as a shim, by its first argument. [`Process::current_is_a_daemons`] tells
/// whether a daemon has done so.
pub fn is_role() -> bool {
    std::env::args_os().nth(1).is_some_and(|role| role == ROLE)
}

/// True if the calling process, the small program, was started by a daemon: by the `aiwg` beside it, and not by a shim
/// that took it in. Also true where the system does not say which programs run.
///
/// Without this check, everyone who may run this program could have it run any other: a shim runs the launch
/// specification on its standard input.
pub fn is_started_by_daemon() -> bool {
    let parent = std::os::unix::process::parent_id();
    let is_beside = match (program_of("self"), program_of(&parent.to_string())) {
        (Some(own), Some(parents)) => are_beside(&own, &parents),
        _ => true,
    };
    is_beside && !Process::is_shim(parent)
}

/// True if these are the small program and the daemon's, in one directory.
fn are_beside(shim: &Path, daemon: &Path) -> bool {
    daemon.file_name().is_some_and(|name| name == DAEMON_PROGRAM)
        && shim.file_name().is_some_and(|name| name == SHIM_PROGRAM)
        && shim.parent() == daemon.parent()
}

/// The path of a process's program, or its last path if it is gone.
fn program_of(process: &str) -> Option<PathBuf> {
    linked(format!("/proc/{process}/exe").as_ref())
}

fn linked(link: &Path) -> Option<PathBuf> {
    let path = std::fs::read_link(link).ok()?.into_os_string();
    let text = path.as_bytes();
    Some(std::ffi::OsString::from_vec(text.strip_suffix(GONE).unwrap_or(text).to_vec()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(dir: &Path, content: &str, mode: u32) -> PathBuf {
        let path = dir.join(SHIM_PROGRAM);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn is_found(content: &str, mode: u32, stranger: bool) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let path = program(dir.path(), content, mode);
        let uid = path.metadata().unwrap().uid() + u32::from(stranger);
        ShimProgram::at(&path, uid).unwrap().is_some()
    }

    #[test]
    fn only_one_of_the_same_build_that_nobody_else_wrote_is_found() {
        assert_eq!(mark(), MARK);
        for before in [0, 64 * 1024 - 5, 64 * 1024, 200_000] {
            let content = format!("{}{MARK}", "\n".repeat(before));
            assert!(holds(content.as_bytes(), MARK.as_bytes()).unwrap(), "{before}");
            assert!(!holds(&content.as_bytes()[..content.len() - 1], MARK.as_bytes()).unwrap(), "{before}");
        }
        assert!(is_found(&format!("\u{7f}ELF {MARK} and more"), 0o755, false));
        let other = format!("{BEFORE_BUILD}{:016x}\n", BUILD ^ 1);
        assert!(!is_found(&other, 0o755, false));
        assert!(!is_found(BEFORE_BUILD, 0o755, false));
        assert!(!is_found(MARK, 0o644, false));
        assert!(!is_found(MARK, 0o757, false));
        assert!(!is_found(MARK, 0o755, true));
    }

    #[test]
    fn one_that_is_written_to_is_not_executed_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = program(dir.path(), MARK, 0o755);
        let found = ShimProgram::at(&path, path.metadata().unwrap().uid()).unwrap().unwrap();
        let is_unchanged = || found.is_unchanged().unwrap();
        assert!(is_unchanged());
        // Replaced by another file, it is still the one that was found.
        std::fs::write(dir.path().join("new"), "another").unwrap();
        std::fs::rename(dir.path().join("new"), &path).unwrap();
        assert!(is_unchanged());
        let path = program(dir.path(), MARK, 0o755);
        let found = ShimProgram::at(&path, path.metadata().unwrap().uid()).unwrap().unwrap();
        std::fs::write(&path, "another").unwrap();
        assert!(!found.is_unchanged().unwrap());
    }

    #[test]
    fn one_that_is_written_to_shows_although_its_length_and_time_are_as_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = program(dir.path(), MARK, 0o755);
        let found = ShimProgram::at(&path, path.metadata().unwrap().uid()).unwrap().unwrap();
        let modified = path.metadata().unwrap().modified().unwrap();
        // A new mode alone is no other program, one that others may write to is none any more.
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        assert!(found.is_unchanged().unwrap());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o757)).unwrap();
        assert!(!found.is_unchanged().unwrap());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(found.is_unchanged().unwrap());
        let other = format!("{BEFORE_BUILD}{:016x}\n", BUILD ^ 1);
        assert_eq!(other.len(), MARK.len());
        std::fs::write(&path, other).unwrap();
        File::open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(path.metadata().unwrap().modified().unwrap(), modified);
        assert!(!found.is_unchanged().unwrap());
    }

    #[test]
    fn a_daemon_is_aiwg_in_the_same_directory() {
        let are = |shim: &str, daemon: &str| are_beside(Path::new(shim), Path::new(daemon));
        assert!(are("/usr/bin/aiwg-shim", "/usr/bin/aiwg"));
        assert!(!are("/usr/bin/aiwg-shim", "/usr/bin/sh"));
        assert!(!are("/usr/bin/aiwg-shim", "/usr/bin/aiwg-shim"));
        assert!(!are("/usr/bin/aiwg-shim", "/home/me/aiwg"));
        assert!(!are("/usr/bin/other", "/usr/bin/aiwg"));
        // This test is no daemon.
        assert!(ShimProgram::beside_own().is_none());
    }
}
