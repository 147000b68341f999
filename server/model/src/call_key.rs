//! Names of calls, by which a call that is repeated is known.

use std::{borrow::Cow, cell::Cell, fmt, io::Write};

use aiwg_protocol::types::Timestamp;
use hmac_sha256::Hash;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};

/// The name of a call: its caller's, who is the only one that it means anything to, with the call that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallKey {
    /// The caller and the key.
    id: String,
    /// The method, and the digest of the params.
    call: String,
}

/// The answer to a call, as it is stored under the call's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptAnswer<'a, A> {
    /// The method, and the digest of the params.
    pub call: Cow<'a, str>,
    /// Time from which the key stands for nothing any more.
    pub until: Timestamp,
    /// The answer.
    pub answer: A,
}

impl CallKey {
    /// Time for which an answer is kept, in milliseconds: a day.
    pub const KEPT_MS: u64 = 24 * 60 * 60 * 1000;

    /// The source of the cursors that answers are stored as.
    pub const SOURCE: &'static str = "answer";

    /// The key of a call of `method` with `params`, which are without the key itself. Callers of different names share no key; a name holds no
    /// space.
    ///
    /// # Errors
    /// The params cannot be written as JSON, or are too deep to be read again.
    pub fn new(caller: &str, key: &str, method: &str, params: &impl Serialize) -> serde_json::Result<Self> {
        let text = serde_json::to_string(params)?;
        let digest = Digest::of(&text)?;
        Ok(Self { id: format!("{caller} {key}"), call: format!("{method} {digest}") })
    }

    /// The key of the cursor that its answer is stored as.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The method, and the digest of the params. Two calls are the same if these are equal.
    pub fn call(&self) -> &str {
        &self.call
    }
}

/// The digest of a JSON value: equal for equal values, whatever the order of their members, their spaces and the spelling of their texts and
/// numbers.
///
/// A value is written in one way, in which each says where it ends, and hashed as a whole: a hash costs as much as writing some hundred bytes.
/// Only what is long is hashed by itself, so that no byte is moved more often than a few times, however deep it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Digest([u8; 32]);

/// The length from which a value is replaced by its hash in the one that it is in, in bytes.
const LONG: usize = 512;

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FIGURES: &[u8; 16] = b"0123456789abcdef";
        let figure = |four: u8| FIGURES.get(usize::from(four)).map_or('0', |figure| char::from(*figure));
        let text: String = self.0.iter().flat_map(|byte| [figure(byte >> 4), figure(byte & 15)]).collect();
        f.write_str(&text)
    }
}

impl Digest {
    /// That of the value that a text has.
    fn of(text: &str) -> serde_json::Result<Self> {
        let Read { digest, is_wide } = serde_json::from_str(text)?;
        if is_wide { Ok(serde_json::from_str::<Read>(&spelled(text))?.digest) } else { Ok(digest) }
    }
}

/// A value that was read.
struct Read {
    digest: Digest,
    /// True if there is a whole number in it that was not read to its last figure.
    is_wide: bool,
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut written, is_wide) = (Vec::with_capacity(LONG), Cell::new(false));
        Writing(&mut written, &is_wide).deserialize(deserializer)?;
        Ok(Self { digest: Digest(Hash::hash(&written)), is_wide: is_wide.get() })
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

/// Writes a value behind what is there, and notes whether a whole number in it was too wide to be read to its last figure.
struct Writing<'a>(&'a mut Vec<u8>, &'a Cell<bool>);

impl Writing<'_> {
    fn number(self, number: impl fmt::Display) {
        // Writing into memory does not fail.
        let _ = write!(self.0, "n{number};");
    }

    /// Writes a text: its length says where it ends.
    fn text(self, text: &str) {
        let start = self.0.len();
        let _ = write!(self.0, "s{};", text.len());
        self.0.extend_from_slice(text.as_bytes());
        fold(self.0, start);
    }
}

/// Replaces what is written from there on by its hash, if it is long.
fn fold(written: &mut Vec<u8>, start: usize) {
    let long = written.get(start..).filter(|value| value.len() >= LONG).map(Hash::hash);
    if let Some(hash) = long {
        written.truncate(start);
        written.push(b'h');
        written.extend_from_slice(&hash);
    }
}

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
        self.0.push(b'0');
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.push(if value { b't' } else { b'f' });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(value);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // 1.0 is 1: not every language tells them apart. Zero has no sign.
        if value == 0.0 {
            self.number(0);
        } else if value.fract() == 0.0 && value.abs() < WHOLE {
            self.number(value);
        } else {
            if value.abs() >= WIDE {
                self.1.set(true);
            }
            self.number(format_args!("{value:e}"));
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let start = self.0.len();
        self.0.push(b'[');
        while entries.next_element_seed(Writing(self.0, self.1))?.is_some() {}
        self.0.push(b']');
        fold(self.0, start);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self(written, is_wide) = self;
        let start = written.len();
        // Where each member's name begins, and where that and its value end.
        let mut all: Vec<[usize; 3]> = Vec::new();
        loop {
            let begin = written.len();
            if members.next_key_seed(Writing(written, is_wide))?.is_none() {
                break;
            }
            let name_end = written.len();
            members.next_value_seed(Writing(written, is_wide))?;
            all.push([begin, name_end, written.len()]);
        }
        let part = |from: usize, to: usize| written.get(from..to).unwrap_or_default();
        // Those of one name stay in their order: the last one counts, as for whoever reads them.
        all.sort_by(|one, other| part(one[0], one[1]).cmp(part(other[0], other[1])));
        let mut sorted = Vec::with_capacity(written.len() - start + 2);
        sorted.push(b'{');
        for (place, [begin, name_end, end]) in all.iter().enumerate() {
            let next = all.get(place + 1).map(|next| part(next[0], next[1]));
            if next != Some(part(*begin, *name_end)) {
                sorted.extend_from_slice(part(*begin, *end));
            }
        }
        sorted.push(b'}');
        written.truncate(start);
        written.append(&mut sorted);
        fold(written, start);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        Digest::of(text).unwrap().to_string()
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

    #[test]
    fn a_key_is_its_callers_own() {
        let key = |caller: &str, key: &str| CallKey::new(caller, key, "event.emit", &()).unwrap();
        assert_ne!(key("", "task-0001 x").id(), key("task-0001", "x").id());
        assert_eq!(key("", "x"), key("", "x"));
        assert_ne!(key("", "x").call(), CallKey::new("", "x", "chat.send", &()).unwrap().call());
    }
}
