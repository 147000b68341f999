//! Reads the files that decide which programs run.

use std::{fs::File, io, os::unix::fs::OpenOptionsExt, path::Path};

use aiwg_protocol::trust;
use rustix::fs::OFlags;

/// The largest file that is read whole to decide what runs, in bytes: 10,000 rules have 2 MiB.
const LARGEST_TRUSTED: u64 = 16 * 1024 * 1024;

/// Reads a file that decides what runs: a regular one of at most 16 MiB, which no other user could have made or can change.
pub(super) fn read_trusted(path: &Path) -> io::Result<String> {
    read(path, OFlags::empty())
}

/// The same of a file that is no link.
pub(super) fn read_trusted_itself(path: &Path) -> io::Result<String> {
    read(path, OFlags::NOFOLLOW)
}

fn read(path: &Path, flags: OFlags) -> io::Result<String> {
    // Opening a pipe would wait for a process that writes into it.
    let flags = (flags | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    trust::check_opened(path, &found)?;
    let bytes = aiwg_fs::read_file(file, LARGEST_TRUSTED)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, not_utf8(error.as_bytes(), good))
    })
}

/// The message for a text of which only the first bytes are UTF-8.
fn not_utf8(text: &[u8], good: usize) -> String {
    if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        return "it is UTF-16; save it as UTF-8".to_owned();
    }
    let before = String::from_utf8_lossy(text.get(..good).unwrap_or_default());
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column} is not UTF-8; save it as UTF-8")
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

    #[test]
    fn what_is_not_utf8_is_said_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, said) in [
            (b"{\n  \"\xc3\xa4\xdc\"".as_slice(), "line 2, column 5 is not UTF-8; save it as UTF-8"),
            (b"{}\n\xff", "line 2, column 1 is"),
            (b"\xff\xfe{\0}\0", "it is UTF-16; save it as UTF-8"),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let error = read_trusted(file.path()).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
