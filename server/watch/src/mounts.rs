//! File systems that are mounted into the project, for which no event comes.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::File,
    io::{Read, Seek},
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The most that is read of the system's list, in bytes.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// The list that the system has of all mounts.
const LIST: &str = "/proc/self/mountinfo";

/// Mounts below a directory.
pub(crate) struct Mounts {
    directory: PathBuf,
    /// The system's list. `None` where it has none.
    list: Option<File>,
    /// The place and the number of each mount.
    known: Vec<(PathBuf, u64)>,
}

impl Mounts {
    pub(crate) fn below(directory: &Path) -> Self {
        let list = aiwg_fs::open_of_anyone(Path::new(LIST)).ok();
        let mut mounts = Self { directory: directory.to_owned(), list, known: Vec::new() };
        mounts.known = mounts.read();
        mounts
    }

    /// Paths at which something was mounted or unmounted since this was last asked.
    pub(crate) fn changed(&mut self) -> BTreeSet<PathBuf> {
        if !self.is_changed() {
            return BTreeSet::new();
        }
        let now = self.read();
        let before = std::mem::replace(&mut self.known, now);
        let is_new = |mount: &&(PathBuf, u64)| !before.contains(mount);
        let is_gone = |mount: &&(PathBuf, u64)| !self.known.contains(mount);
        let changed = self.known.iter().filter(is_new).chain(before.iter().filter(is_gone));
        changed.map(|(path, _)| path.clone()).collect()
    }

    /// True if anything was mounted or unmounted anywhere since this was last asked: the list may be long, and is not read for nothing.
    fn is_changed(&self) -> bool {
        let Some(list) = &self.list else { return false };
        let mut asked = [PollFd::new(list, PollFlags::PRI)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        // Where that cannot be asked, it is read.
        poll(&mut asked, Some(&at_once)).is_err()
            || asked.iter().any(|asked| asked.revents().intersects(PollFlags::PRI | PollFlags::ERR))
    }

    fn read(&self) -> Vec<(PathBuf, u64)> {
        let mut text = Vec::new();
        let Some(mut list) = self.list.as_ref() else { return Vec::new() };
        if list.rewind().and_then(|()| list.take(MAX_SIZE).read_to_end(&mut text)).is_err() {
            return Vec::new();
        }
        let mounts = text.split(|&byte| byte == b'\n').filter_map(mount);
        mounts.filter(|(path, _)| *path != self.directory && path.starts_with(&self.directory)).collect()
    }
}

/// The place and number of a mount, as a line has it.
fn mount(line: &[u8]) -> Option<(PathBuf, u64)> {
    let mut fields = line.split(|&byte| byte == b' ');
    let number = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    Some((PathBuf::from(OsString::from_vec(unescaped(fields.nth(3)?))), number))
}

/// Spaces and the like stand there as three octal digits behind a backslash.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits =
            after.get(..3).filter(|_| byte == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(escaped) => {
                plain.push(escaped);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_is_read() {
        let line = br"98 29 0:45 / /home/a\040b/mnt\134x rw,relatime shared:1 - tmpfs tmpfs rw";
        assert_eq!(mount(line), Some((PathBuf::from(r"/home/a b/mnt\x"), 98)));
        assert_eq!(mount(b""), None);
        let mounts = Mounts::below(Path::new("/"));
        assert!(mounts.known.iter().any(|(path, _)| path == Path::new("/proc")));
    }
}
