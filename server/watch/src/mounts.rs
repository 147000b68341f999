//! File systems that are mounted into the project, of which no event tells.

use std::{
    ffi::OsString,
    io::Read,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
};

/// The most that is read of the system's list, in bytes.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// What is mounted below a directory: where, and the number of the mount. Empty where the system has no list.
pub(crate) fn below(directory: &Path) -> Vec<(PathBuf, u64)> {
    let mut text = Vec::new();
    let read = aiwg_fs::open_of_anyone(Path::new("/proc/self/mountinfo"))
        .and_then(|list| list.take(MAX_SIZE).read_to_end(&mut text));
    if read.is_err() {
        return Vec::new();
    }
    let mounts = text.split(|&byte| byte == b'\n').filter_map(mount);
    mounts.filter(|(path, _)| path != directory && path.starts_with(directory)).collect()
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
        assert!(below(Path::new("/")).iter().any(|(path, _)| path == Path::new("/proc")));
    }
}
