use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    fmt,
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use crate::json_error::without_position;

/// Parsers stop at 128 levels, and an event's payload is some levels deep already in what they read.
const DEEPEST: usize = 120;

/// No number with fewer digits, and without an exponent, is beyond a double's range.
const HARMLESS_DIGITS: usize = 300;

/// Of a longer path the middle is left out. Number of bytes.
const LONGEST_PATH: usize = 200;

/// Begins the error of a value that is too deep, which is wrong as a whole.
const TOO_DEEP: &str = "it is nested more than";

/// Any JSON value, kept as the text it came as: numbers of any size survive, and nothing is parsed twice.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

/// A JSON object whose members are the caller's own.
pub type JsonObject = BTreeMap<String, Json>;

impl Json {
    /// From anything that serde can write.
    ///
    /// # Errors
    /// A value that JSON cannot hold, such as a map with keys that are not strings.
    pub fn new(value: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// From a JSON text.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn from_text(text: impl Into<String>) -> serde_json::Result<Self> {
        RawValue::from_string(text.into()).map(Self)
    }

    /// `null`.
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned())
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads it as a `T`.
    ///
    /// # Errors
    /// It does not fit, or is nested more than 128 levels deep.
    pub fn to<'a, T: Deserialize<'a>>(&'a self) -> serde_json::Result<T> {
        serde_json::from_str(self.as_str())
    }
}

/// Reason for which a value is of no use, although its text is JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Unreadable {
    /// Path within the value, as it follows the value's name: `.a[0]`. Empty for the value as a whole.
    pub path: String,
    /// The error there.
    pub why: String,
}

impl Json {
    /// Checks that all of it can be read, by each reader as the same. JSON's grammar allows more: halves of surrogate pairs, which are no text,
    /// numbers beyond any range, any depth, and objects that have a member twice, of which some readers take the first one and others the last.
    /// The check keeps nothing of what it reads but the names of members.
    ///
    /// # Errors
    /// Some of it cannot be read; the error names the first such place.
    pub fn check(&self) -> Result<(), Unreadable> {
        if is_harmless(self.as_str().as_bytes()) {
            return Ok(());
        }
        let mut reader = serde_json::Deserializer::from_str(self.as_str());
        Readable::strict().deserialize(&mut reader).map_err(|_| self.explain())
    }

    fn explain(&self) -> Unreadable {
        let mut track = serde_path_to_error::Track::new();
        let mut reader = serde_json::Deserializer::from_str(self.as_str());
        let tracked = serde_path_to_error::Deserializer::new(&mut reader, &mut track);
        let read = Readable::strict().deserialize(tracked);
        let why = read.err().map_or_else(String::new, |error| without_position(&error));
        let path = if why.starts_with(TOO_DEEP) { String::new() } else { place(&track.path()) };
        Unreadable { path, why }
    }
}

/// A path as it follows the name of its value, with the middle left out where it is long.
fn place(path: &serde_path_to_error::Path) -> String {
    let part = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("[{index}]"),
        Segment::Map { key } if key.is_empty() => r#"[""]"#.to_owned(),
        other => format!(".{other}"),
    };
    let whole: String = path.iter().map(part).collect();
    if whole.len() <= LONGEST_PATH {
        return whole;
    }
    let (first, last) = (LONGEST_PATH / 2, whole.len() - LONGEST_PATH / 2);
    let first = whole.get(..whole.floor_char_boundary(first)).unwrap_or_default();
    let last = whole.get(whole.ceil_char_boundary(last)..).unwrap_or_default();
    format!("{first}…{last}")
}

/// True if a JSON text holds nothing that might be unreadable. Most texts pass, and this is several times as fast as
/// reading them; a text that does not pass is then read.
fn is_harmless(text: &[u8]) -> bool {
    let (mut at, mut digits, mut names) = (0, 0usize, Names::default());
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'0'..=b'9' | b'.' => {
                digits += 1;
                if digits > HARMLESS_DIGITS {
                    return false;
                }
                continue;
            }
            // An exponent; other words have no digit before their `e`.
            b'E' => return false,
            b'e' if digits > 0 => return false,
            b'"' => {
                let Some(end) = end_of_harmless_string(text, at) else { return false };
                let string = text.get(at..end - 1).unwrap_or_default();
                let mut after = text.get(end..).unwrap_or_default().iter();
                if after.find(|byte| !byte.is_ascii_whitespace()) == Some(&b':') && !names.add(string) {
                    return false;
                }
                at = end;
            }
            b'[' | b'{' if !names.open() => return false,
            b']' | b'}' if !names.close() => return false,
            _ => {}
        }
        digits = 0;
    }
    true
}

/// An object with so many members is gone through once for each, and not sorted.
const FEW: usize = 12;

/// The names of members of the objects and lists that are open, as marks: those of two names may be the same.
#[derive(Default)]
struct Names {
    marks: Vec<u64>,
    /// Where those of each begin.
    starts: Vec<usize>,
}

impl Names {
    /// Notes that an object or a list begins. False if it is too deep.
    fn open(&mut self) -> bool {
        self.starts.push(self.marks.len());
        self.starts.len() <= DEEPEST
    }

    /// Notes a name. False if it is written with an escape, and may be any.
    fn add(&mut self, name: &[u8]) -> bool {
        self.marks.push(mark(name));
        !name.contains(&b'\\')
    }

    /// Notes that an object or a list ends. False if two of its names may be the same.
    fn close(&mut self) -> bool {
        let start = self.starts.pop().unwrap_or_default();
        let own = self.marks.get_mut(start..).unwrap_or_default();
        let are_unlike = if own.len() <= FEW {
            own.iter().enumerate().all(|(at, mark)| !own.iter().take(at).any(|other| other == mark))
        } else {
            own.sort_unstable();
            own.windows(2).all(|pair| pair.first() != pair.last())
        };
        self.marks.truncate(start);
        are_unlike
    }
}

/// A number that is another one for nearly each text.
fn mark(text: &[u8]) -> u64 {
    let (words, rest) = text.as_chunks::<8>();
    let rest = rest.iter().fold(text.len() as u64, |rest, byte| rest << 8 | u64::from(*byte));
    let add = |mark: u64, word: u64| (mark.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    words.iter().fold(add(0, rest), |mark, word| add(mark, u64::from_le_bytes(*word)))
}

/// Behind the string that has begun before `at`; none where it has an escape that may be half of a surrogate pair.
fn end_of_harmless_string(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        // Most strings are short: setting out for a search costs more than they do.
        let near = rest.iter().take(16).position(|byte| matches!(byte, b'"' | b'\\'));
        at += near.or_else(|| memchr::memchr2(b'"', b'\\', rest))?;
        match text.get(at..)? {
            [b'"', ..] => return Some(at + 1),
            [b'\\', b'u', b'd' | b'D', ..] => return None,
            _ => at += 2,
        }
    }
}

/// Reads a value of any kind, to its last part, and keeps nothing of it: an error if some of it cannot be read ([`Json::check`]).
#[derive(Debug, Clone, Copy)]
pub struct Readable {
    /// Number of levels that may still follow.
    levels: usize,
    /// True if no object may have a member twice.
    is_strict: bool,
}

impl Default for Readable {
    fn default() -> Self {
        Self { levels: DEEPEST, is_strict: false }
    }
}

impl Readable {
    /// One that objects which have a member twice are errors to as well.
    fn strict() -> Self {
        Self { is_strict: true, ..Self::default() }
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1);
        let levels = levels.ok_or_else(|| E::custom(format_args!("{TOO_DEEP} {DEEPEST} levels deep")))?;
        Ok(Self { levels, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Readable {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while items.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        if !self.is_strict {
            while members.next_entry_seed(inner, inner)?.is_some() {}
            return Ok(());
        }
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            match names.insert(name) {
                true => members.next_value_seed(inner)?,
                false => members.next_value_seed(Doubled)?,
            }
        }
        Ok(())
    }
}

/// The value of a member whose object has another one of its name.
pub(super) struct Doubled;

impl<'de> DeserializeSeed<'de> for Doubled {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(D::Error::custom("its object has it twice, and which one counts depends on who reads it"))
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::null()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        // A `Value` is JSON by construction: its text always parses.
        Self::from_text(value.to_string()).unwrap_or_default()
    }
}

impl JsonSchema for Json {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<(), (String, String)> {
        Json::from_text(text).unwrap().check().map_err(|Unreadable { path, why }| (path, why))
    }

    #[test]
    fn what_can_be_read_passes() {
        let text = r#"{"a": [null, true, -1, 1.5e300, 123456789012345678901234567890, "\ud83d\ude00 \u0000"], "": {}}"#;
        assert_eq!(check(text), Ok(()));
        let harmless =
            r#"{"e": [1.5, true, -20, "\\", "\"\\ud800 1e999", "ä\u00e4\n"], "E": false, "": null}"#;
        assert!(is_harmless(harmless.as_bytes()));
        assert_eq!(check(harmless), Ok(()));
        assert_eq!(check(&format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST))), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_is_reported_with_its_place() {
        let at = |text: &str| check(text).unwrap_err().0;
        assert_eq!(at(r#"{"a": {"b": [1, "\ud800 x"]}}"#), ".a.b[1]");
        assert_eq!(at(r#""\udc00""#), "");
        assert_eq!(at(r#"[{"n": -1e999}]"#), "[0].n");
        assert!(check(r#"{"\ud800": 1}"#).is_err());
        assert_eq!(check("[1e999]").unwrap_err().1, "number out of range");
        assert_eq!(at("[0, 1E999]"), "[1]");
        assert_eq!(at(&"9".repeat(400)), "");
        assert_eq!(at(r#"["\\\uDFFF"]"#), "[0]");
    }

    #[test]
    fn a_member_that_stands_twice_is_wrong_at_any_depth_however_it_is_written() {
        let at = |text: &str| check(text).unwrap_err().0;
        assert_eq!(at(r#"{"a": 1, "a": 2}"#), ".a");
        assert_eq!(at(r#"{"a":1,"\u0061":2}"#), ".a");
        assert_eq!(at("[{}, {\"b\": {\"a\"\n : 1, \"c\": [1, \"c\"], \"a\": {}}}]"), "[1].b.a");
        assert_eq!(at(r#"{"": 1, "a": {"x": ""}, "": 2}"#), r#"[""]"#);
        let many = |last: usize| {
            let members: Vec<String> =
                (0..1000).chain([last]).map(|no| format!("\"member{no}\": {no}")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert_eq!(at(&many(999)), ".member999");
        assert_eq!(at(&many(0)), ".member0");
        let said = check(r#"{"a": 1, "a": 2}"#).unwrap_err().1;
        assert!(said.starts_with("its object has it twice"), "{said}");
        for unlike in [
            many(1000),
            r#"{"a": {"a": {"a": [{"a": 1}, {"a": 1}]}}, "b": "a", "A": 1, "a ": 1}"#.to_owned(),
            r#"{"12345678a": 1, "12345678b": 2, "a12345678": 3, "\u00e4": 4, "ä ": 5}"#.to_owned(),
        ] {
            assert_eq!(check(&unlike), Ok(()), "{unlike}");
        }
        // The look at the bytes is enough for what most payloads are like.
        assert!(is_harmless(many(1000).as_bytes()));
        assert!(!is_harmless(many(999).as_bytes()));
    }

    #[test]
    fn of_a_long_path_the_middle_is_left_out_and_the_place_stays() {
        let at = |before: &str, after: &str, times: usize, object: &str| {
            check(&format!("{}{object}{}", before.repeat(times), after.repeat(times))).unwrap_err().0
        };
        let doubled = r#"{"a": 1, "a": 2}"#;
        assert_eq!(at("[", "]", 66, doubled), format!("{}.a", "[0]".repeat(66)));
        for (before, after, part) in [("[", "]", "[0]"), (r#"{"b":"#, "}", ".b")] {
            let deepest = at(before, after, DEEPEST - 1, doubled);
            assert!(deepest.starts_with(&part.repeat(30)), "{deepest}");
            assert!(deepest.contains('…') && deepest.ends_with(&format!("{part}.a")), "{deepest}");
            assert!(deepest.len() <= LONGEST_PATH + '…'.len_utf8(), "{deepest}");
        }
        let (one, other) = ("ä".repeat(3000), r#""\ud800""#);
        let long = at("", "", 0, &format!(r#"{{"{one}": {{"x": [{other}]}}}}"#));
        assert!(long.starts_with(".ä") && long.ends_with("ä.x[0]"), "{long}");
    }

    #[test]
    fn what_is_too_deep_is_wrong_as_a_whole() {
        for deep in [DEEPEST + 1, 100_000] {
            let (path, why) = check(&format!("{}{}", "[".repeat(deep), "]".repeat(deep))).unwrap_err();
            assert_eq!((path.as_str(), why.as_str()), ("", "it is nested more than 120 levels deep"));
        }
    }
}
