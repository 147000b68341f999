//! Names of calls, by which a call that is repeated is known.

use std::{collections::BTreeMap, fmt};

use aiwg_protocol::types::{Json, Timestamp};
use hmac_sha256::Hash;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, SeqAccess, Visitor},
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
pub struct KeptAnswer {
    /// The method, and the digest of the params.
    pub call: String,
    /// Time from which the key stands for nothing any more.
    pub until: Timestamp,
    /// The answer.
    pub answer: Json,
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
        let digest: Digest = serde_json::from_str(&text)?;
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
#[derive(Clone, Copy, PartialEq, Eq)]
struct Digest([u8; 32]);

impl Digest {
    /// Of a value of this kind that is written so.
    fn of(kind: u8, bytes: &[u8]) -> Self {
        let mut hash = Hash::new();
        hash.update([kind]);
        hash.update(bytes);
        Self(hash.finalize())
    }

    fn of_number(number: impl fmt::Display) -> Self {
        Self::of(b'n', number.to_string().as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

/// The whole numbers that a double holds each by itself.
const WHOLE: f64 = 9_007_199_254_740_992.0;

impl<'de> Visitor<'de> for Reading {
    type Value = Digest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Digest, E> {
        Ok(Digest::of(b'0', b""))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Digest, E> {
        Ok(Digest::of(b'b', &[u8::from(value)]))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Digest, E> {
        Ok(Digest::of_number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Digest, E> {
        Ok(Digest::of_number(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Digest, E> {
        // 1.0 is 1: not every language tells them apart. Zero has no sign.
        if value == 0.0 {
            return Ok(Digest::of_number(0));
        }
        let is_whole = value.fract() == 0.0 && value.abs() < WHOLE;
        Ok(if is_whole { Digest::of_number(value) } else { Digest::of_number(format_args!("{value:e}")) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Digest, E> {
        Ok(Digest::of(b's', text.as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Digest, A::Error> {
        let mut hash = Hash::new();
        hash.update(b"l");
        while let Some(Digest(entry)) = entries.next_element()? {
            hash.update(entry);
        }
        Ok(Digest(hash.finalize()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Digest, A::Error> {
        // Of two members of a name the last one counts, as for whoever reads them.
        let mut all: BTreeMap<[u8; 32], [u8; 32]> = BTreeMap::new();
        while let Some((Digest(name), Digest(value))) = members.next_entry()? {
            all.insert(name, value);
        }
        let mut hash = Hash::new();
        hash.update(b"o");
        for (name, value) in all {
            hash.update(name);
            hash.update(value);
        }
        Ok(Digest(hash.finalize()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        serde_json::from_str::<Digest>(text).unwrap().to_string()
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
        ];
        for (one, other) in same.into_iter().filter(|(one, _)| serde_json::from_str::<Digest>(one).is_ok()) {
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
        ];
        for (n, one) in all.iter().enumerate() {
            for other in &all[n + 1..] {
                assert_ne!(digest(one), digest(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn a_key_is_its_callers_own() {
        let key = |caller: &str, key: &str| CallKey::new(caller, key, "event.emit", &()).unwrap();
        assert_ne!(key("", "task-0001 x").id(), key("task-0001", "x").id());
        assert_eq!(key("", "x"), key("", "x"));
        assert_ne!(key("", "x").call(), CallKey::new("", "x", "chat.send", &()).unwrap().call());
    }
}
