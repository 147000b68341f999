//! Digests of JSON values, by which two that are spelled differently are known to be the same.

use std::{cell::Cell, fmt, io::Write};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use sha2::{Digest as _, Sha256};

/// The digest of a JSON value: equal for equal values, whatever the order of their members, their spaces and the spelling of their texts and
/// numbers.
///
/// A value is written in one way, in which each says where it ends, and hashed as a whole: a hash costs as much as writing some hundred bytes.
/// Only what is long is hashed by itself, so that no byte is moved more often than a few times, however deep it is.
///
/// It is half of a SHA-256. A caller that makes two calls of one digest under one key of its own deceives nobody but itself: it gets the answer
/// to the first. But what a caller sends may come from strangers, as the payload of a webhook does, and these must not find two such: that takes
/// 2^64 hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) [u8; 16]);

/// The length from which a value is replaced by its hash in the one that it is in, in bytes.
const LONG: usize = 512;

/// A value as it is written.
#[derive(Default)]
struct Written {
    bytes: Vec<u8>,
    /// For the members of the objects that are open, the inner ones behind the outer ones: where the name of each begins, and where that and its
    /// value end.
    members: Vec<[usize; 3]>,
    /// True if there is a whole number in it that was not read to its last figure.
    is_wide: bool,
}

thread_local! {
    /// Memory for a value. It is kept, since a digest needs no other.
    static KEPT: Cell<Written> = const { Cell::new(Written { bytes: Vec::new(), members: Vec::new(), is_wide: false }) };
}

/// Maximum memory that a thread keeps, in bytes.
const MOST_KEPT: usize = 16 * 1024;

impl Digest {
    /// That of the value that a text has.
    pub(crate) fn of(text: &str) -> serde_json::Result<Self> {
        Self::of_written(|written| written.value(text))
    }

    /// That of an event's params: an object with these members, of which the payload, as JSON, may be missing.
    pub(crate) fn of_event(topic: &str, payload: Option<&str>) -> serde_json::Result<Self> {
        Self::of_written(|written| {
            written.bytes.push(b'{');
            // In the order of what is written of the names: the shorter one is the first.
            written.text("topic");
            written.text(topic);
            if let Some(payload) = payload {
                written.text("payload");
                written.value(payload)?;
            }
            written.bytes.push(b'}');
            written.fold(0);
            Ok(())
        })
    }

    fn of_written(write: impl FnOnce(&mut Written) -> serde_json::Result<()>) -> serde_json::Result<Self> {
        let mut written = KEPT.take();
        let done = write(&mut written);
        let mut half = [0; 16];
        for (byte, of_all) in half.iter_mut().zip(hash(&written.bytes)) {
            *byte = of_all;
        }
        if written.bytes.capacity() <= MOST_KEPT && written.members.capacity() <= MOST_KEPT / 8 {
            written.bytes.clear();
            written.members.clear();
            written.is_wide = false;
            KEPT.set(written);
        }
        done.map(|()| Self(half))
    }
}

/// What is written of the name of a member.
fn name_of(bytes: &[u8], [begin, name_end, _]: [usize; 3]) -> Option<&[u8]> {
    bytes.get(begin..name_end)
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl Written {
    /// Writes the value that a JSON text has behind what is there.
    fn value(&mut self, text: &str) -> serde_json::Result<()> {
        let (start, was_wide) = (self.bytes.len(), std::mem::take(&mut self.is_wide));
        self.read(text)?;
        if std::mem::replace(&mut self.is_wide, was_wide) {
            self.bytes.truncate(start);
            self.read(&spelled(text))?;
        }
        Ok(())
    }

    fn read(&mut self, text: &str) -> serde_json::Result<()> {
        let mut reader = serde_json::Deserializer::from_str(text);
        Writing(self).deserialize(&mut reader)?;
        reader.end()
    }

    /// Writes a number.
    fn number(&mut self, number: impl fmt::Display) {
        // Writing into memory does not fail.
        let _ = write!(self.bytes, "n{number};");
    }

    /// Writes a text: its length says where it ends.
    fn text(&mut self, text: &str) {
        let start = self.bytes.len();
        self.bytes.push(b's');
        self.whole(text.len() as u64);
        self.bytes.push(b';');
        self.bytes.extend_from_slice(text.as_bytes());
        self.fold(start);
    }

    /// Writes a whole number in decimal figures.
    fn whole(&mut self, number: u64) {
        match u8::try_from(number) {
            Ok(short @ 0..10) => self.bytes.push(b'0' + short),
            Ok(short @ 10..100) => self.bytes.extend([b'0' + short / 10, b'0' + short % 10]),
            _ => {
                let _ = write!(self.bytes, "{number}");
            }
        }
    }

    /// Replaces what is written from there on by its hash, if it is long.
    fn fold(&mut self, start: usize) {
        let long = self.bytes.get(start..).filter(|value| value.len() >= LONG).map(hash);
        if let Some(hash) = long {
            self.bytes.truncate(start);
            self.bytes.push(b'h');
            self.bytes.extend_from_slice(&hash);
        }
    }

    /// Puts the members of the object that begins there into the order of their names; these are those from the `first` on.
    fn order(&mut self, start: usize, first: usize) {
        let Self { bytes, members, .. } = self;
        let Some(own) = members.get_mut(first..) else { return };
        if own.is_sorted_by(|one, other| name_of(bytes, *one) < name_of(bytes, *other)) {
            members.truncate(first);
            return;
        }
        // Those of one name stay in their order: the last one counts, as for whoever reads them.
        own.sort_by(|one, other| name_of(bytes, *one).cmp(&name_of(bytes, *other)));
        // Behind them all, and then to their place.
        let ordered = bytes.len();
        for (place, member) in own.iter().enumerate() {
            let next = own.get(place + 1).and_then(|next| name_of(bytes, *next));
            if next != name_of(bytes, *member) {
                bytes.extend_from_within(member[0]..member[2]);
            }
        }
        let length = bytes.len() - ordered;
        bytes.copy_within(ordered.., start);
        bytes.truncate(start + length);
        members.truncate(first);
    }
}

/// A JSON text in which each whole number beyond 64 bits is a string that nobody writes: so all its figures count.
fn spelled(text: &str) -> String {
    let (mut spelled, mut rest, mut is_in_string) = (String::with_capacity(text.len() + 64), text, false);
    while let Some(next) = rest.chars().next() {
        let is_of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        let length = match next {
            '\\' if is_in_string => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '"' => {
                is_in_string = !is_in_string;
                1
            }
            '-' | '0'..='9' if !is_in_string => rest.find(|c| !is_of_number(c)).unwrap_or(rest.len()),
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let is_whole = !is_in_string
            && token.ends_with(|c: char| c.is_ascii_digit())
            && !token.contains(['.', 'e', 'E']);
        if is_whole && token.parse::<i64>().is_err() && token.parse::<u64>().is_err() {
            spelled.push_str("\"\\u0000");
            spelled.push_str(token);
            spelled.push('"');
        } else {
            spelled.push_str(token);
        }
        rest = after;
    }
    spelled
}

/// Writes a value behind what is there.
struct Writing<'a>(&'a mut Written);

impl<'de> DeserializeSeed<'de> for Writing<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The whole numbers that a double holds each by itself.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// Beyond this no number has been read as a whole one of 64 bits.
const WIDE: f64 = 9_223_372_036_854_775_808.0;

impl<'de> Visitor<'de> for Writing<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.bytes.push(b'0');
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.bytes.push(if value { b't' } else { b'f' });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.number(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.bytes.push(b'n');
        self.0.whole(value);
        self.0.bytes.push(b';');
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // 1.0 is 1: not every language tells them apart. Zero has no sign.
        if value == 0.0 {
            self.0.number(0);
        } else if value.fract() == 0.0 && value.abs() < WHOLE {
            self.0.number(value);
        } else {
            if value.abs() >= WIDE {
                self.0.is_wide = true;
            }
            self.0.number(format_args!("{value:e}"));
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let start = self.0.bytes.len();
        self.0.bytes.push(b'[');
        while entries.next_element_seed(Writing(self.0))?.is_some() {}
        self.0.bytes.push(b']');
        self.0.fold(start);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self(written) = self;
        let (start, first) = (written.bytes.len(), written.members.len());
        written.bytes.push(b'{');
        loop {
            let begin = written.bytes.len();
            if members.next_key_seed(Writing(written))?.is_none() {
                break;
            }
            let name_end = written.bytes.len();
            members.next_value_seed(Writing(written))?;
            written.members.push([begin, name_end, written.bytes.len()]);
        }
        written.order(start + 1, first);
        written.bytes.push(b'}');
        written.fold(start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of(text).unwrap()
    }

    #[test]
    fn equal_values_have_equal_digests_however_they_are_written() {
        let same = [
            (r#"{"a":1,"b":[true,null]}"#, r#"{ "b": [true, null], "a": 1.0 }"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
            (r#""A\n""#, "\"\\u0041\\u000a\""),
            ("1e3", "1000"),
            ("-0.0", "0"),
            ("0.10", "1e-1"),
            ("1e400000", "1e400000"),
            (
                r#"{"a":123456789012345678901234567890,"b":"é\"18446744073709551616"}"#,
                r#"{ "b":"\u00e9\"18446744073709551616", "a": 123456789012345678901234567890 }"#,
            ),
        ];
        for (one, other) in same.into_iter().filter(|(one, _)| Digest::of(one).is_ok()) {
            assert_eq!(digest(one), digest(other), "{one} {other}");
        }
    }

    #[test]
    fn other_values_have_other_digests() {
        let all = [
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "0.1",
            "1.5",
            "\"\"",
            "\"0\"",
            "\"null\"",
            "[]",
            "{}",
            "[0]",
            "[[0]]",
            "[0,0]",
            "[[],0]",
            r#"{"a":0}"#,
            r#"{"a":"0"}"#,
            r#"{"b":0}"#,
            r#"{"a":{"b":0}}"#,
            r#"{"a":0,"b":0}"#,
            r#"["a",0]"#,
            "9007199254740993",
            "9007199254740992",
            "18446744073709551615",
            "18446744073709551616",
            "18446744073709551617",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "123456789012345678901234567891",
            r#"{"a\"1\\":[123456789012345678901234567890]}"#,
            r#"{"a\"1\\":[123456789012345678901234567891]}"#,
            r#""123456789012345678901234567890""#,
            "1.25e300",
        ];
        for (n, one) in all.iter().enumerate() {
            for other in &all[n + 1..] {
                assert_ne!(digest(one), digest(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn what_is_long_counts_as_well() {
        let long = |last: char| format!(r#"{{"b":["{}{last}"],"a":1}}"#, "x".repeat(2 * LONG));
        assert_ne!(digest(&long('y')), digest(&long('z')));
        let other = format!(r#"{{"a":1,"b":["{}y"]}}"#, "x".repeat(2 * LONG));
        assert_eq!(digest(&long('y')), digest(&other));
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert_ne!(digest(&nested(100)), digest(&nested(101)));
        let many = |last: u32| {
            let members: Vec<String> = (0..200).map(|no| format!("\"m{no}\":{}", no + last)).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_ne!(digest(&many(0)), digest(&many(1)));
    }

    /// By these, keys that an earlier version has stored are known.
    #[test]
    fn a_digest_stays_what_it_was() {
        let hex = |text: &str| digest(text).0.map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(hex(r#"{"topic":"a:b","payload":{"version":1}}"#), "577aed8cd7649d3d874770f7718b5a03");
        assert_eq!(
            hex(&format!(r#"{{"topic":"a:b","payload":["{}",1.5,-3,null]}}"#, "x".repeat(600))),
            "b6bb167d7a19685b23dbeecd44968352"
        );
    }

    #[test]
    fn that_of_an_event_is_that_of_its_params() {
        let long = format!("[\"{}\", 1.0]", "x".repeat(LONG));
        let payloads = [
            "null",
            "1.0",
            r#"{ "b": [1, 18446744073709551617], "a": "\u00e9" }"#,
            "18446744073709551616",
            &long,
        ];
        for topic in ["a", "a:b", &"t".repeat(200), &"t".repeat(2 * LONG), "t\"\n"] {
            let name = serde_json::to_string(topic).unwrap();
            assert_eq!(Digest::of_event(topic, None).unwrap(), digest(&format!(r#"{{"topic":{name}}}"#)));
            for payload in payloads {
                let params = format!(r#"{{"payload":{payload}, "topic": {name}}}"#);
                assert_eq!(Digest::of_event(topic, Some(payload)).unwrap(), digest(&params), "{params}");
            }
        }
        assert!(Digest::of_event("a", Some("1e400")).is_err());
        assert!(Digest::of_event("a", Some("1 2")).is_err());
    }
}
