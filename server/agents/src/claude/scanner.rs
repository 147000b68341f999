//! From bytes, in whatever pieces they come, to messages.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take},
    path::{Path, PathBuf},
};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::{Format, Output, message::Message};
use crate::lenient::Lenient;

/// The longest line that is held, in bytes: 1 MiB. A longer one is read again from its file when it is complete, and no more of it is held than
/// what is used.
pub const LONGEST_LINE: usize = 1024 * 1024;

/// The longest line with one message that is understood, in bytes: 64 MiB. All of that may be the answer.
const LONGEST_MESSAGE: u64 = 64 * 1024 * 1024;

/// Number of bytes read at once.
const AT_ONCE: usize = 64 * 1024;

/// Takes an output in, piece by piece.
#[derive(Debug)]
pub(super) struct Scanner {
    pub(super) output: Output,
    file: PathBuf,
    /// The line that is not complete yet.
    line: Vec<u8>,
    longest: usize,
    /// Length of the current line so far, also when it is too long to be kept.
    length: usize,
    /// Position of the next byte.
    position: u64,
    /// True if the current line has begun in what was passed over.
    is_cut: bool,
}

impl Scanner {
    /// A scanner of bytes that stand in this file from that position on.
    pub(super) fn new(format: Format, file: &Path, position: u64) -> Self {
        Self::with_longest(format, file, position, LONGEST_LINE)
    }

    fn with_longest(format: Format, file: &Path, position: u64, longest: usize) -> Self {
        let output = Output::new(format);
        Self { output, file: file.to_owned(), line: Vec::new(), longest, length: 0, position, is_cut: false }
    }

    /// Takes in the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if self.output.format == Format::Text {
            self.position += bytes.len() as u64;
            return;
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.position += piece.len() as u64;
            self.length += piece.len();
            if self.length <= self.longest {
                self.line.extend_from_slice(piece);
            } else {
                self.line = Vec::new();
            }
            if piece.ends_with(b"\n") {
                self.end_of_line();
            }
        }
    }

    /// Takes in the text behind the last line break as a line, too: nothing comes after it.
    pub(super) fn finish(&mut self) {
        self.end_of_line();
    }

    /// Goes on further on, in the middle of a line that is none then.
    fn pass_over_to(&mut self, position: u64) {
        (self.position, self.length, self.is_cut) = (position, 0, true);
        self.line = Vec::new();
    }

    /// The output, if nothing comes after the text behind the last line break; none if that text is no message.
    pub(super) fn with_last_line(&self) -> Option<Output> {
        let mut output = self.output.clone();
        let is_whole = !self.is_cut && self.length <= self.longest && self.line.trim_ascii().ends_with(b"}");
        (is_whole && understand(&self.line, &mut output)).then_some(output)
    }

    /// Position at which the next byte is to be read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    fn end_of_line(&mut self) {
        if self.is_cut {
            self.is_cut = false;
        } else if self.length > self.longest {
            // What cannot be read again is no message.
            let _ = self.read_again(self.length as u64);
        } else {
            understand(&self.line, &mut self.output);
        }
        self.line.clear();
        self.length = 0;
    }
}

impl Scanner {
    /// Takes in the line of this length that ends here, which is too long to be held.
    fn read_again(&mut self, length: u64) -> io::Result<()> {
        let from = self.position.saturating_sub(length);
        let line = || Ok::<_, io::Error>(open(&self.file, from)?.take(length));
        let lenient = || Ok::<_, io::Error>(Lenient::of(line()?));
        match first_of(&mut line()?)? {
            Some(b'{') if length <= LONGEST_MESSAGE => {
                let message = match one_from(line()?) {
                    Ok(message) => message,
                    Err(_) => one_from(lenient()?)?,
                };
                self.output.take(message);
            }
            // With `--verbose` the whole conversation is one line.
            Some(b'[') => {
                let mut taken = 0;
                if List::new(&mut self.output, &mut taken).take_from(line()?).is_err() {
                    List::new(&mut self.output, &mut taken).take_from(lenient()?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn one_from(line: impl Read) -> serde_json::Result<Message> {
    Message::deserialize(&mut serde_json::Deserializer::from_reader(line))
}

/// The first byte that is no space; it is left to be read.
fn first_of(line: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let bytes = line.fill_buf()?;
        let Some(at) = bytes.iter().position(|byte| !byte.is_ascii_whitespace()) else {
            let length = bytes.len();
            if length == 0 {
                return Ok(None);
            }
            line.consume(length);
            continue;
        };
        let first = bytes.get(at).copied();
        line.consume(at);
        return Ok(first);
    }
}

/// Opens an output from there on; nothing that the agent could have put in its place.
pub(super) fn open(path: &Path, from: u64) -> io::Result<BufReader<File>> {
    let mut file = aiwg_fs::open_regular(path)?;
    file.seek(SeekFrom::Start(from))?;
    Ok(BufReader::with_capacity(AT_ONCE, file))
}

/// The same, for all that there is now; the scanner passes over what is more than `most` bytes before the end.
pub(super) fn open_all(path: &Path, scanner: &mut Scanner, most: u64) -> io::Result<Take<BufReader<File>>> {
    let mut file = open(path, scanner.position())?;
    let length = file.get_ref().metadata()?.len();
    if length.saturating_sub(scanner.position()) > most {
        scanner.pass_over_to(length - most);
        file.seek(SeekFrom::Start(length - most))?;
    }
    Ok(file.take(length.saturating_sub(scanner.position())))
}

/// Takes in a line. Returns true if it is one message. Any other line is left alone: an agent's wrapper may print whatever it likes.
fn understand(line: &[u8], output: &mut Output) -> bool {
    let line = line.trim_ascii();
    if line.starts_with(b"{") {
        let strict = serde_json::from_slice::<Message>(line);
        if let Ok(message) = strict.or_else(|_| serde_json::from_reader(Lenient::of(line))) {
            output.take(message);
            return true;
        }
    } else if line.starts_with(b"[") {
        let mut taken = 0;
        if List::new(output, &mut taken).take_from(line).is_err() {
            // What was understood before it broke off counts.
            let _ = List::new(output, &mut taken).take_from(Lenient::of(line));
        }
    }
    false
}

/// A list of messages, of which one at a time is held.
struct List<'a> {
    output: &'a mut Output,
    /// Number of its messages that have been taken in already: it may be read a second time.
    taken: &'a mut usize,
}

impl<'a> List<'a> {
    fn new(output: &'a mut Output, taken: &'a mut usize) -> Self {
        Self { output, taken }
    }

    fn take_from(self, line: impl Read) -> serde_json::Result<()> {
        self.deserialize(&mut serde_json::Deserializer::from_reader(line))
    }
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut seen = 0;
        while let Some(message) = list.next_element()? {
            seen += 1;
            if seen > *self.taken {
                *self.taken = seen;
                self.output.take(message);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &[u8] = br#"{"type":"result","is_error":false,"result":"yes"}"#;

    fn scanned(bytes: &[u8], piece: usize, longest: usize) -> Scanner {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut scanner = Scanner::with_longest(Format::StreamJson, file.path(), 0, longest);
        bytes.chunks(piece).for_each(|piece| scanner.feed(piece));
        scanner
    }

    fn answer(scanner: &Scanner) -> Option<&str> {
        scanner.output.last.as_ref()?.text.as_deref()
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let line = [b"some text\n{broken\n\n", RESULT, b"\n"].concat();
        for piece in 1..line.len() {
            assert_eq!(answer(&scanned(&line, piece, 1000)), Some("yes"), "in pieces of {piece}");
        }
    }

    #[test]
    fn a_line_counts_when_it_is_complete() {
        let mut scanner = scanned(RESULT, 10, 1000);
        assert_eq!(answer(&scanner), None);
        scanner.finish();
        assert_eq!(answer(&scanner), Some("yes"));
    }

    #[test]
    fn a_line_that_is_too_long_is_not_held() {
        let long = [b"{\"type\":\"user\",\"x\":\"", vec![b'x'; 1000].as_slice(), b"\"}\n"].concat();
        let mut scanner = scanned(&[b"first\n", long.as_slice()].concat(), 7, 100);
        assert!(scanner.line.capacity() <= 200);
        scanner.feed(RESULT);
        scanner.feed(b"\n");
        assert_eq!(answer(&scanner), Some("yes"));
    }

    #[test]
    fn a_result_that_is_too_long_to_be_held_is_understood() {
        let text = "y".repeat(1000);
        let result = format!("  {{\"result\":\"{text}\",\"is_error\":false,\"type\":\"result\"}}\n");
        let lines =
            ["a wrapper's text\n".repeat(20), result.clone(), "{\"type\":\"user\"}\n".to_owned()].concat();
        assert_eq!(answer(&scanned(lines.as_bytes(), 7, 100)), Some(text.as_str()));
        // Its end is that of the output.
        let mut scanner = scanned(result.trim_end().as_bytes(), 7, 100);
        assert_eq!(answer(&scanner), None);
        scanner.finish();
        assert!(scanner.output.last.is_none(), "its file is gone: nothing can be read again");
        let list = format!("[{{\"type\":\"user\"}},{}]\n", result.trim());
        assert_eq!(answer(&scanned(list.as_bytes(), 50, 100)), Some(text.as_str()));
    }

    #[test]
    fn a_list_of_messages_is_understood() {
        let list = [b"[{\"type\":\"system\"},", RESULT, b"]\n"].concat();
        assert_eq!(answer(&scanned(&list, 9, 1000)), Some("yes"));
    }

    #[test]
    fn what_is_no_text_does_not_spoil_a_message() {
        let result: &[u8] =
            b"{\"type\":\"result\",\"is_error\":false,\"num_turns\":3,\"total_cost_usd\":1e400,\"result\":\"a\\ud83d\xff\"}";
        let first = r#"{"type":"result","is_error":false,"num_turns":2}"#.as_bytes();
        let list = [b"[".as_slice(), first, b",", result, b"]"].concat();
        for longest in [10, 10_000] {
            for (line, turns) in [(result, 3), (list.as_slice(), 5)] {
                let scanner = scanned(&[line, b"\n"].concat(), 7, longest);
                assert_eq!(answer(&scanner), Some("a\u{fffd}\u{fffd}"));
                // Each once, although the list was read a second time.
                assert_eq!(scanner.output.turns, turns);
            }
        }
    }

    #[test]
    fn text_is_not_looked_into() {
        let mut scanner = Scanner::new(Format::Text, Path::new("none"), 0);
        scanner.feed(RESULT);
        scanner.finish();
        assert!(!scanner.output.has_result());
    }

    #[test]
    fn what_only_looks_like_a_result_is_none() {
        let quoted = br#"{"type":"user","message":{"content":{"type":"result","is_error":false}}}"#;
        let mut scanner = scanned(quoted, 20, 1000);
        scanner.finish();
        assert!(!scanner.output.has_result());
    }
}
