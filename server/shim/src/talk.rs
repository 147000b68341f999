//! The state of the conversation with an agent, by what it writes: lines of `stream-json`.

use std::{
    collections::HashSet,
    fmt,
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The longest line that is held, in bytes. A longer one is read again from its file when it is complete, and no more is kept of it than of
/// any other: its short texts, and the number of its tasks.
const LONGEST_LINE: usize = 64 * 1024;

/// The longest line that is read again, in bytes. A longer one is passed over.
const LONGEST_REREAD: u64 = 16 * 1024 * 1024;

/// The number of bytes after which the reader has to come again: the shim has more to look at than what its agent writes.
const IN_ONE_GO: u64 = 256 * 1024;

/// The longest text of a line that counts, in bytes: a word of the format, or an id.
const LONGEST_TEXT: usize = 64;

/// Number of bytes read at once.
const AT_ONCE: usize = 16 * 1024;

/// The most ids of messages that are told apart: more are never sent to one agent.
const MOST_IDS: usize = 2000;

/// The conversation, by what an agent's output says of it. The output is read as it grows.
#[derive(Default)]
pub(crate) struct Talk {
    /// Position of the next byte.
    position: u64,
    /// The line that is not complete yet; nothing of it once it is too long.
    line: Vec<u8>,
    /// Length of that line so far.
    length: u64,
    /// The messages that have become part of the conversation, or were given up.
    settled: HashSet<String>,
    /// True if it has reported on any message.
    reports: bool,
    state: State,
    background: usize,
    /// True if the last thing that was heard is that nothing runs in the background any more: its next turn is about to begin.
    comes_back: bool,
}

/// The part of its work that an agent is in.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Silent,
    Working,
    Done,
}

/// The result of reading on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing was added.
    Nothing,
    /// All that was added has been read.
    All,
    /// There may be more to read.
    More,
}

/// The members of a line that say something, whatever their types.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Line {
    #[serde(rename = "type")]
    kind: Member,
    subtype: Member,
    tasks: Member,
    command_uuid: Member,
    state: Member,
    uuid: Member,
    #[serde(rename = "isReplay")]
    is_replay: Member,
}

/// As much of a member's value as counts.
#[derive(Default, PartialEq, Eq)]
enum Member {
    /// None that counts.
    #[default]
    Other,
    True,
    /// A text that is not too long.
    Text(String),
    /// A list, by its length.
    List(usize),
}

impl Member {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::List(length) => *length,
            _ => 0,
        }
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfAnyType)
    }
}

/// Reads a value of any type, and keeps nothing of what lies within it.
struct OfAnyType;

impl<'de> Visitor<'de> for OfAnyType {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Member, E> {
        Ok(if value { Member::True } else { Member::Other })
    }

    fn visit_i64<E>(self, _: i64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Member, E> {
        Ok(Member::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Member, E> {
        Ok(if text.len() <= LONGEST_TEXT { Member::Text(text.to_owned()) } else { Member::Other })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Member, A::Error> {
        let mut length = 0;
        while all.next_element::<IgnoredAny>()?.is_some() {
            length += 1;
        }
        Ok(Member::List(length))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Member, A::Error> {
        while all.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Member::Other)
    }
}

impl Talk {
    /// Reads what has been added to this output, or the next part of it.
    pub(crate) fn read(&mut self, output: &File) -> io::Result<Heard> {
        let before = self.position;
        let mut bytes = [0; AT_ONCE];
        while self.position.saturating_sub(before) < IN_ONE_GO {
            match output.read_at(&mut bytes, self.position) {
                Ok(0) if self.position > before => return Ok(Heard::All),
                Ok(0) => return Ok(Heard::Nothing),
                Ok(count) => self.feed(bytes.get(..count).unwrap_or_default(), output),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Heard::More)
    }

    /// The number of messages that are settled.
    pub(crate) fn settled(&self) -> usize {
        self.settled.len()
    }

    /// True if it has given its result, and nothing that it has begun goes on.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done && self.background == 0
    }

    /// True if its next turn is about to begin, unless it never does.
    pub(crate) fn comes_back(&self) -> bool {
        self.comes_back
    }

    /// True if it works without a word on the message that it was asked: it never reports on any.
    pub(crate) fn is_mute(&self) -> bool {
        self.state != State::Silent && !self.reports
    }

    fn feed(&mut self, bytes: &[u8], output: &File) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.position += piece.len() as u64;
            self.length += piece.len() as u64;
            if self.length <= LONGEST_LINE as u64 {
                self.line.extend_from_slice(piece);
            } else {
                self.line = Vec::new();
            }
            if piece.ends_with(b"\n") {
                self.end_of_line(output);
            }
        }
    }

    fn end_of_line(&mut self, output: &File) {
        let line = if self.length <= LONGEST_LINE as u64 {
            serde_json::from_slice(&self.line).ok()
        } else if self.length <= LONGEST_REREAD {
            let from = self.position.saturating_sub(self.length);
            let part = Part { output, from, left: self.length };
            serde_json::from_reader(BufReader::with_capacity(AT_ONCE, part)).ok()
        } else {
            None
        };
        // An agent's wrapper may print whatever it likes.
        if let Some(line) = line {
            self.take(&line);
        }
        self.line.clear();
        self.length = 0;
    }

    fn take(&mut self, line: &Line) {
        let is = |kind: &str| line.kind.text() == Some(kind);
        let is_system = |subtype: &str| is("system") && line.subtype.text() == Some(subtype);
        if is("result") {
            (self.state, self.comes_back) = (State::Done, false);
        } else if is("assistant") || is_system("init") {
            (self.state, self.comes_back) = (State::Working, false);
        } else if is_system("background_tasks_changed") {
            let before = std::mem::replace(&mut self.background, line.tasks.length());
            self.comes_back = before > 0 && self.is_done();
        } else if is("command_lifecycle") {
            self.reports = true;
            if matches!(line.state.text(), Some("started" | "completed" | "cancelled")) {
                self.settle(&line.command_uuid);
            }
        } else if is("user") && line.is_replay == Member::True {
            self.reports = true;
            self.settle(&line.uuid);
        }
    }

    fn settle(&mut self, id: &Member) {
        if let Some(id) = id.text()
            && self.settled.len() < MOST_IDS
        {
            self.settled.insert(id.to_owned());
        }
    }
}

/// A part of a file.
struct Part<'a> {
    output: &'a File,
    from: u64,
    left: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let count = self.output.read_at(bytes.get_mut(..most).unwrap_or_default(), self.from)?;
        self.from += count as u64;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const INIT: &str = r#"{"type":"system","subtype":"init"}"#;
    const RESULT: &str = r#"{"subtype":"success","type":"result","result":"x"}"#;

    fn tasks(count: usize) -> String {
        format!(
            r#"{{"type":"system","subtype":"background_tasks_changed","tasks":[{}]}}"#,
            vec!["{}"; count].join(",")
        )
    }

    fn lifecycle(id: &str, state: &str) -> String {
        format!(r#"{{"type":"command_lifecycle","command_uuid":"{id}","state":"{state}"}}"#)
    }

    /// The last that is heard when it is read to its end.
    fn all_of(talk: &mut Talk, file: &File) -> Heard {
        loop {
            match talk.read(file).unwrap() {
                Heard::More => {}
                last => return last,
            }
        }
    }

    fn talk(lines: &[&str]) -> Talk {
        let mut file = tempfile::tempfile().unwrap();
        let mut talk = Talk::default();
        for line in lines {
            writeln!(file, "{line}").unwrap();
            assert_ne!(all_of(&mut talk, &file), Heard::Nothing);
        }
        assert_eq!(talk.read(&file).unwrap(), Heard::Nothing);
        talk
    }

    #[test]
    fn an_agent_is_done_with_its_result() {
        assert!(!talk(&[INIT]).is_done());
        assert!(talk(&[INIT, RESULT]).is_done());
        assert!(!talk(&[INIT, RESULT, INIT]).is_done());
        assert!(!talk(&[INIT, &tasks(2), RESULT]).is_done());
    }

    #[test]
    fn one_whose_background_work_is_over_comes_back() {
        let over = talk(&[INIT, &tasks(1), RESULT, &tasks(0)]);
        assert!(over.is_done() && over.comes_back());
        assert!(!talk(&[INIT, &tasks(1), &tasks(0), RESULT]).comes_back());
        assert!(!talk(&[INIT, &tasks(1), RESULT, &tasks(0), INIT, RESULT]).comes_back());
    }

    #[test]
    fn what_was_taken_in_is_settled_once() {
        let all = [&lifecycle("a", "queued"), &lifecycle("a", "started"), &lifecycle("b", "queued")];
        let all = talk(&all.map(String::as_str));
        assert_eq!(all.settled(), 1);
        assert!(!all.is_mute());
        let all = [&lifecycle("a", "started"), &lifecycle("a", "completed"), &lifecycle("b", "cancelled")];
        assert_eq!(talk(&all.map(String::as_str)).settled(), 2);
        assert_eq!(talk(&[r#"{"type":"user","uuid":"a","isReplay":true}"#]).settled(), 1);
    }

    #[test]
    fn one_that_reports_on_nothing_is_mute_once_it_works() {
        assert!(!talk(&["a wrapper's text", "{broken", "[1]", "7"]).is_mute());
        assert!(talk(&[INIT]).is_mute());
        assert!(talk(&[RESULT]).is_mute());
    }

    #[test]
    fn a_long_line_is_understood_and_not_held() {
        let long = format!(r#"{{"result":"{}","type":"result"}}"#, "x".repeat(3 * LONGEST_LINE));
        let talk = talk(&[INIT, &long]);
        assert!(talk.is_done());
        assert!(talk.line.capacity() <= LONGEST_LINE);
    }

    #[test]
    fn a_flood_is_read_in_parts_and_what_it_holds_is_understood() {
        let mut file = tempfile::tempfile().unwrap();
        let flood = "y\n".repeat(usize::try_from(IN_ONE_GO).unwrap());
        write!(file, "{INIT}\n{flood}{RESULT}\n").unwrap();
        let mut talk = Talk::default();
        assert_eq!(talk.read(&file).unwrap(), Heard::More);
        assert!(talk.position < IN_ONE_GO + AT_ONCE as u64 && !talk.is_done());
        assert_eq!(all_of(&mut talk, &file), Heard::All);
        assert!(talk.is_done());
    }

    #[test]
    fn a_line_beyond_all_bounds_is_passed_over() {
        let mut file = tempfile::tempfile().unwrap();
        let most = usize::try_from(LONGEST_REREAD).unwrap();
        writeln!(file, r#"{{"type":"result","result":"{}"}}"#, "x".repeat(most)).unwrap();
        let mut talk = Talk::default();
        assert_eq!(all_of(&mut talk, &file), Heard::All);
        assert!(!talk.is_done());
        writeln!(file, "{RESULT}").unwrap();
        assert_eq!(all_of(&mut talk, &file), Heard::All);
        assert!(talk.is_done());
    }

    #[test]
    fn members_of_any_type_are_read_and_only_short_texts_are_kept() {
        let line = |text: &str| serde_json::from_str::<Line>(text).unwrap();
        let odd = line(
            r#"{"type":{"a":[1]},"tasks":[[],{"b":2.5},null],"uuid":-1,"state":false,"subtype":null,"x":7}"#,
        );
        assert!(
            [&odd.kind, &odd.uuid, &odd.state, &odd.subtype].iter().all(|member| **member == Member::Other)
        );
        assert_eq!((odd.tasks.length(), odd.kind.length()), (3, 0));
        let (short, long) = ("i".repeat(LONGEST_TEXT), "i".repeat(LONGEST_TEXT + 1));
        assert_eq!(line(&format!(r#"{{"uuid":"{short}"}}"#)).uuid.text(), Some(short.as_str()));
        assert_eq!(line(&format!(r#"{{"uuid":"{long}"}}"#)).uuid.text(), None);
    }
}
