//! Outputs of one JSON message on each line, as they grow.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{lenient::Lenient, price::Spent, program::WorkWatch};

/// The longest line that is understood, in bytes: 16 MiB. All of that may be the answer.
const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// Maximum number of bytes that are read at once: 256 MiB. Of a longer output, the end is read.
const MOST_AT_ONCE: u64 = 256 * 1024 * 1024;

/// The messages of a program, reduced to what is used of them.
pub(crate) trait Log: Default + Send {
    /// Takes in the next message.
    fn take(&mut self, message: &Value);

    /// A number if the program has done its work and should exit by itself: another one whenever it has worked again since.
    fn done(&self) -> Option<u64>;

    /// The cost so far.
    fn spent(&self) -> Spent;
}

/// Reads an output as it grows.
#[derive(Debug)]
pub(crate) struct Follower<T> {
    pub(crate) log: T,
    path: PathBuf,
    position: u64,
    /// The line that is not complete yet.
    line: Vec<u8>,
    /// True if the beginning of the current line was passed over.
    is_cut: bool,
}

/// Reads the output of a program that has ended. What stands behind the last line break counts if it is a message.
pub(crate) fn read<T: Log>(path: &Path) -> io::Result<T> {
    let mut follower = Follower::new(path);
    follower.read_all()?;
    follower.end_of_line();
    Ok(follower.log)
}

impl<T: Log> Follower<T> {
    pub(crate) fn new(path: &Path) -> Self {
        Self { log: T::default(), path: path.to_owned(), position: 0, line: Vec::new(), is_cut: false }
    }

    /// Takes in the lines that have been added.
    fn read_all(&mut self) -> io::Result<()> {
        let mut file = aiwg_fs::open_regular(&self.path)?;
        let length = file.metadata()?.len();
        if length.saturating_sub(self.position) > MOST_AT_ONCE {
            self.position = length - MOST_AT_ONCE;
            (self.line, self.is_cut) = (Vec::new(), true);
        }
        file.seek(SeekFrom::Start(self.position))?;
        let rest = length.saturating_sub(self.position);
        self.read_lines(&mut BufReader::new(file.take(rest)))
    }

    fn read_lines(&mut self, reader: &mut BufReader<io::Take<File>>) -> io::Result<()> {
        loop {
            let bytes = match reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            let length = bytes.len();
            if length == 0 {
                return Ok(());
            }
            for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
                self.take_piece(piece);
            }
            reader.consume(length);
            self.position += length as u64;
        }
    }

    fn take_piece(&mut self, piece: &[u8]) {
        if self.line.len() + piece.len() > LONGEST_LINE {
            (self.line, self.is_cut) = (Vec::new(), true);
        } else if !self.is_cut {
            self.line.extend_from_slice(piece);
        }
        if piece.ends_with(b"\n") {
            self.end_of_line();
        }
    }

    fn end_of_line(&mut self) {
        let is_cut = std::mem::take(&mut self.is_cut);
        let line = std::mem::take(&mut self.line);
        if let Some(message) = message_of(&line).filter(|_| !is_cut) {
            self.log.take(&message);
        }
    }
}

/// The message of a line. Any other line is left alone: a program's wrapper may print whatever it likes.
fn message_of(line: &[u8]) -> Option<Value> {
    let line = line.trim_ascii();
    let read = || serde_json::from_slice(line).or_else(|_| serde_json::from_reader(Lenient::of(line)));
    line.starts_with(b"{").then(read)?.ok()
}

impl<T: Log> WorkWatch for Follower<T> {
    fn done(&mut self) -> io::Result<Option<u64>> {
        match self.read_all() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => other?,
        }
        Ok(self.log.done())
    }

    fn spent(&self) -> Spent {
        self.log.spent()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Counts messages, and keeps the last.
    #[derive(Default)]
    struct Count(u64, Option<String>);

    impl Log for Count {
        fn take(&mut self, message: &Value) {
            self.0 += 1;
            self.1 = message.get("a").and_then(Value::as_str).map(str::to_owned);
        }

        fn done(&self) -> Option<u64> {
            Some(self.0)
        }

        fn spent(&self) -> Spent {
            Spent::default()
        }
    }

    #[test]
    fn lines_are_taken_when_they_are_complete() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut watch = Follower::<Count>::new(file.path());
        let mut seen = Vec::new();
        for part in ["text\n{\"a\":", "\"x\"}", "\n[1]\n\n{broken\n{\"a\":\"\\ud83d\"}\n", "{\"a\":\"last\"}"]
        {
            file.write_all(part.as_bytes()).unwrap();
            seen.push(watch.done().unwrap());
        }
        assert_eq!(seen, [Some(0), Some(0), Some(2), Some(2)]);
        assert_eq!(watch.log.1.as_deref(), Some("\u{fffd}"));
        let all: Count = read(file.path()).unwrap();
        assert_eq!((all.0, all.1.as_deref()), (3, Some("last")));
    }

    #[test]
    fn a_line_beyond_all_is_passed_over() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let long = "x".repeat(LONGEST_LINE);
        write!(file, "{{\"a\":\"{long}\"}}\n{{\"a\":\"y\"}}\n").unwrap();
        let all: Count = read(file.path()).unwrap();
        assert_eq!((all.0, all.1.as_deref()), (1, Some("y")));
    }

    #[test]
    fn of_a_flood_the_end_is_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "{{\"a\":\"first\"}}").unwrap();
        file.as_file().set_len(1 << 40).unwrap();
        let mut end = std::fs::OpenOptions::new().append(true).open(file.path()).unwrap();
        end.write_all(b"\n{\"a\":\"y\"}\n").unwrap();
        let all: Count = read(file.path()).unwrap();
        assert_eq!((all.0, all.1.as_deref()), (1, Some("y")));
    }

    #[test]
    fn no_file_is_nothing_yet() {
        assert_eq!(Follower::<Count>::new(Path::new("no/such/file")).done().unwrap(), Some(0));
        assert!(read::<Count>(Path::new("no/such/file")).is_err());
    }
}
