//! The log as one text over all its files: `daemon.log`, and `daemon.log.1`, `.2` and so on, which are older.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::Path,
    str::FromStr,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::file::numbered;

/// The most lines that are read at once.
pub const MAX_LINES: u32 = 10_000;

/// The number of bytes that are read at once. A longer line is cut into parts of this length.
const CHUNK: u64 = 512 * 1024;

/// The number of bytes of a file's first line that distinguish it from all others: its time is in it.
const IDENTITY: u64 = 64;

/// A place in the log: a file, by how it begins since its name changes and numbers of inodes come again, and a byte in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The beginning of its first line; empty for the beginning of all.
    file: Vec<u8>,
    offset: u64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.offset, BASE64_URL_SAFE_NO_PAD.encode(&self.file))
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (offset, file) = text.split_once('.').ok_or(())?;
        let file = BASE64_URL_SAFE_NO_PAD.decode(file).map_err(drop)?;
        Ok(Self { file, offset: offset.parse().map_err(drop)? })
    }
}

/// A part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogChunk {
    /// Whole lines, without their ends.
    pub lines: Vec<String>,
    /// The place to go on from.
    pub cursor: Cursor,
    /// True if some lines are gone: their file was removed before they were asked for.
    pub missed: bool,
}

/// The last lines.
///
/// # Errors
/// A file cannot be read.
pub fn last(log: &Path, count: u32) -> io::Result<LogChunk> {
    let count = usize::try_from(count.min(MAX_LINES)).unwrap_or(usize::MAX);
    let files = files(log)?;
    let mut lines: Vec<String> = Vec::new();
    // From the newest file to older ones, until there are enough.
    for file in &files {
        let from = file.length.saturating_sub(CHUNK);
        let mut text = file.read(from, CHUNK)?;
        if from > 0 {
            // The first line is probably cut.
            text.drain(
                ..=text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len().saturating_sub(1)),
            );
        }
        let (mut older, _) = whole_lines(&text);
        older.append(&mut lines);
        lines = older;
        if lines.len() >= count || from > 0 {
            break;
        }
    }
    lines.drain(..lines.len().saturating_sub(count));
    let cursor = match files.first() {
        None => Cursor { file: Vec::new(), offset: 0 },
        Some(newest) => Cursor { file: newest.identity.clone(), offset: newest.end_of_lines()? },
    };
    Ok(LogChunk { lines, cursor, missed: false })
}

/// The lines after a cursor; none if there are no new ones.
///
/// # Errors
/// A file cannot be read.
pub fn follow(log: &Path, cursor: &Cursor) -> io::Result<LogChunk> {
    let files = files(log)?;
    let known = files.iter().position(|file| file.identity == cursor.file && cursor.offset <= file.length);
    let missed = known.is_none() && !files.is_empty() && !cursor.file.is_empty();
    // If its file is not found, all that is left of the log is later.
    let mut place = known.or(files.len().checked_sub(1));
    let mut offset = if known.is_some() { cursor.offset } else { 0 };
    while let Some(at) = place {
        let Some(file) = files.get(at) else { break };
        let (lines, read) = whole_lines(&file.read(offset, CHUNK)?);
        let next = Cursor { file: file.identity.clone(), offset: offset + read };
        // An older file grows no more: when it has been read, the next newer one goes on.
        if !lines.is_empty() || at == 0 {
            return Ok(LogChunk { lines, cursor: next, missed });
        }
        place = Some(at - 1);
        offset = 0;
    }
    Ok(LogChunk { lines: Vec::new(), cursor: cursor.clone(), missed: false })
}

/// The lines that have an end, and how many bytes they are.
fn whole_lines(text: &[u8]) -> (Vec<String>, u64) {
    let end = match text.iter().rposition(|byte| *byte == b'\n') {
        Some(end) => end + 1,
        None if text.len() as u64 == CHUNK => {
            return (vec![String::from_utf8_lossy(text).into_owned()], CHUNK);
        }
        None => 0,
    };
    let whole = &text[..end];
    let line = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let mut lines: Vec<String> = whole.split(|byte| *byte == b'\n').map(line).collect();
    // The text after the last line end.
    lines.pop();
    (lines, end as u64)
}

/// A file of the log, held open so that a rotation does not matter.
struct LogFile {
    file: File,
    identity: Vec<u8>,
    length: u64,
}

impl LogFile {
    fn read(&self, from: u64, at_most: u64) -> io::Result<Vec<u8>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(at_most.min(self.length.saturating_sub(from))).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The end of the last whole line.
    fn end_of_lines(&self) -> io::Result<u64> {
        let from = self.length.saturating_sub(CHUNK);
        let (_, read) = whole_lines(&self.read(from, CHUNK)?);
        Ok(from + read)
    }
}

/// All of its files, the newest first. If it is rotated meanwhile, it is looked at again.
fn files(log: &Path) -> io::Result<Vec<LogFile>> {
    loop {
        let before = newest(log)?;
        let mut files: Vec<LogFile> = Vec::new();
        for number in 0.. {
            match open(&numbered(log, number))? {
                Some(file) => files.push(file),
                // In the middle of a rotation there may be no newest one.
                None if number > 0 => break,
                None => {}
            }
        }
        if newest(log)? == before {
            // A file without a whole line has no content yet, and no identity.
            files.retain(|file| !file.identity.is_empty());
            return Ok(files);
        }
    }
}

/// The inode of the newest file, which changes with a rotation.
fn newest(log: &Path) -> io::Result<Option<u64>> {
    match std::fs::symlink_metadata(log) {
        Ok(found) => Ok(Some(found.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<Option<LogFile>> {
    let file = match aiwg_fs::open_regular(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let length = file.metadata()?.len();
    let mut file = LogFile { file, identity: Vec::new(), length };
    let mut beginning = file.read(0, CHUNK)?;
    if beginning.contains(&b'\n') || beginning.len() as u64 == CHUNK {
        beginning.truncate(usize::try_from(IDENTITY).unwrap_or(usize::MAX));
        let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
        file.identity = line.to_vec();
    }
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn lines(numbers: std::ops::Range<u32>) -> String {
        numbers.map(|number| format!("line {number}\n")).collect()
    }

    fn numbers(chunk: &LogChunk) -> Vec<u32> {
        chunk.lines.iter().map(|line| line["line ".len()..].parse().unwrap()).collect()
    }

    /// Rotates as the writer does.
    fn rotate(log: &Path, keep: u32) {
        let _ = fs::remove_file(numbered(log, keep));
        for number in (0..keep).rev() {
            let _ = fs::rename(numbered(log, number), numbered(log, number + 1));
        }
        fs::write(log, "").unwrap();
    }

    #[test]
    fn the_last_lines_may_be_in_several_files() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("daemon.log");
        assert_eq!(
            last(&log, 10).unwrap(),
            LogChunk { lines: vec![], cursor: "0.".parse().unwrap(), missed: false }
        );
        fs::write(&log, lines(0..5)).unwrap();
        rotate(&log, 3);
        fs::write(&log, lines(5..7) + "half").unwrap();
        assert_eq!(numbers(&last(&log, 4).unwrap()), [3, 4, 5, 6]);
        assert_eq!(numbers(&last(&log, 100).unwrap()), [0, 1, 2, 3, 4, 5, 6]);
        assert!(last(&log, 0).unwrap().lines.is_empty());
    }

    #[test]
    fn no_line_is_lost_or_given_twice_over_a_rotation() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("daemon.log");
        let append = |text: &str| {
            let old = fs::read_to_string(&log).unwrap_or_default();
            fs::File::options()
                .append(true)
                .create(true)
                .open(&log)
                .and_then(|mut file| {
                    use std::io::Write;
                    file.write_all(text.as_bytes())
                })
                .unwrap();
            old.len()
        };
        append(&lines(0..3));
        let mut cursor = last(&log, 1).unwrap().cursor;
        let mut given = Vec::new();
        let read = |cursor: &mut Cursor, given: &mut Vec<u32>| {
            loop {
                let chunk = follow(&log, cursor).unwrap();
                *cursor = chunk.cursor.clone();
                given.extend(numbers(&chunk));
                if chunk.lines.is_empty() {
                    return chunk.missed;
                }
            }
        };
        append("line 3\nline");
        read(&mut cursor, &mut given);
        append(" 4\n");
        rotate(&log, 2);
        append(&lines(5..8));
        rotate(&log, 2);
        append(&lines(8..9));
        assert!(!read(&mut cursor, &mut given));
        assert_eq!(given, [3, 4, 5, 6, 7, 8]);
        // A cursor survives as text.
        assert_eq!(cursor.to_string().parse(), Ok(cursor.clone()));
        assert_eq!("1".parse::<Cursor>(), Err(()));
        // Missed lines are reported.
        append("line 9\n");
        (0..3).for_each(|_| rotate(&log, 2));
        append("line 10\n");
        let chunk = follow(&log, &cursor).unwrap();
        assert!(chunk.missed);
    }
}
