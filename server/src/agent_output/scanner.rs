//! From bytes, in whatever pieces they come, to messages.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::{Format, Output, message::Message};

/// The longest line that is understood, in bytes: 16 MiB. A longer one is passed over, in bounded memory.
pub const LONGEST_LINE: usize = 1024 * 1024;

/// Takes an output in, piece by piece.
#[derive(Debug)]
pub(super) struct Scanner {
    pub(super) output: Output,
    /// The line that is not complete yet.
    line: Vec<u8>,
    longest: usize,
    /// How long the current line is so far, also when it is too long to be kept.
    length: usize,
    /// Where the next byte stands.
    position: u64,
    /// Where the last line begins that was too long.
    pub(super) passed_over: Option<u64>,
}

impl Scanner {
    pub(super) fn new(format: Format, position: u64) -> Self {
        Self::with_longest(format, position, LONGEST_LINE)
    }

    pub(super) fn with_longest(format: Format, position: u64, longest: usize) -> Self {
        let output = Output::new(format);
        Self { output, line: Vec::new(), longest, length: 0, position, passed_over: None }
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

    /// What stands behind the last line break counts as a line, too: nothing comes after it.
    pub(super) fn finish(&mut self) {
        self.end_of_line();
    }

    /// Where the next byte is to be read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    fn end_of_line(&mut self) {
        if self.length > self.longest {
            self.passed_over = Some(self.position - self.length as u64);
        } else {
            understand(&self.line, &mut self.output);
        }
        self.line.clear();
        self.length = 0;
    }
}

/// Takes in a line. What is no message is left alone: an agent's wrapper may print whatever it likes.
fn understand(line: &[u8], output: &mut Output) {
    let line = line.trim_ascii();
    if line.starts_with(b"{") {
        if let Ok(message) = serde_json::from_slice::<Message>(line) {
            output.take(message);
        }
    } else if line.starts_with(b"[") {
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        // What was understood before it broke off counts.
        let _ = List(output).deserialize(&mut deserializer);
    }
}

/// A list of messages, of which one at a time is held.
pub(super) struct List<'a>(pub(super) &'a mut Output);

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
        while let Some(message) = list.next_element()? {
            self.0.take(message);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESULT: &[u8] = br#"{"type":"result","is_error":false,"result":"yes"}"#;

    fn scanned(bytes: &[u8], piece: usize, longest: usize) -> Scanner {
        let mut scanner = Scanner::with_longest(Format::StreamJson, 0, longest);
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
    fn a_line_that_is_too_long_is_passed_over_without_being_held() {
        let long = [b"{\"type\":\"user\",\"x\":\"", vec![b'x'; 1000].as_slice(), b"\"}\n"].concat();
        let mut scanner = scanned(&[b"first\n", long.as_slice()].concat(), 7, 100);
        assert!(scanner.line.capacity() <= 200);
        assert_eq!(scanner.passed_over, Some(6));
        scanner.feed(RESULT);
        scanner.feed(b"\n");
        assert_eq!(answer(&scanner), Some("yes"));
    }

    #[test]
    fn a_list_of_messages_is_understood() {
        let list = [b"[{\"type\":\"system\"},", RESULT, b"]\n"].concat();
        assert_eq!(answer(&scanned(&list, 9, 1000)), Some("yes"));
    }

    #[test]
    fn text_is_not_looked_into() {
        let mut scanner = Scanner::new(Format::Text, 0);
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
