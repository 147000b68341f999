//! Names of calls, by which a call that is repeated is known.

use std::{borrow::Cow, sync::Arc};

use aiwg_protocol::types::{Json, Timestamp};
use serde::Serialize;

use crate::digest::Digest;

/// The name of a call: its caller's, who is the only one that it means anything to, with the call that it stands for.
///
/// There is one for each event that a client emits: for the keys that clients make it needs no memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallKey {
    id: KeyId,
    digest: Digest,
    /// The method; empty for [`CallKey::EMIT`].
    method: Cow<'static, str>,
}

/// A caller and its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Id);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Id {
    /// Any key: [`TEXT`], the caller, a space and the key.
    Text(Arc<[u8]>),
    /// A key that is a number of 16 bytes, and the form that it is written in.
    Number([u8; 17]),
}

/// The answer to a call, as it is stored under the call's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The key.
    pub key: CallKey,
    /// Time from which the key stands for nothing any more.
    pub until: Timestamp,
    /// The answer.
    pub answer: Answer,
}

/// What a call was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// That this is the number of its event, which no rule has matched: what nearly all events are answered.
    Emitted(u64),
    /// Anything, as JSON.
    Json(String),
}

impl Answer {
    /// The answer as JSON.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Emitted(seq) => Cow::Owned(format!("{{\"seq\":{seq},\"rules\":[]}}")),
            Self::Json(text) => Cow::Borrowed(text),
        }
    }
}

impl CallKey {
    /// Time for which an answer is kept, in milliseconds: a day.
    pub const KEPT_MS: u64 = 24 * 60 * 60 * 1000;

    /// The method whose calls are stored without its name, since most calls are its.
    const EMIT: &'static str = "event.emit";

    /// The key of a call of `method` with `params`, which are without the key itself. Callers of different names share no key; a name holds no
    /// space.
    ///
    /// # Errors
    /// The params cannot be written as JSON, or are too deep to be read again.
    pub fn new(
        caller: &str,
        key: &str,
        method: &'static str,
        params: &impl Serialize,
    ) -> serde_json::Result<Self> {
        let digest = Digest::of(&serde_json::to_string(params)?)?;
        let method = if method == Self::EMIT { "" } else { method };
        Ok(Self { id: KeyId::new(caller, key), digest, method: method.into() })
    }

    /// The key of a call of `event.emit` with these members of its params. It is the same as by [`Self::new`], and made faster.
    ///
    /// # Errors
    /// The payload cannot be read.
    pub fn of_event(
        caller: &str,
        key: &str,
        topic: &str,
        payload: Option<&Json>,
    ) -> serde_json::Result<Self> {
        let digest = Digest::of_event(topic, payload.map(Json::as_str))?;
        Ok(Self { id: KeyId::new(caller, key), digest, method: Cow::Borrowed("") })
    }

    /// One that was stored by its id and its [`Self::call`]; none if that is no call.
    pub fn stored(id: KeyId, call: &[u8]) -> Option<Self> {
        let (digest, method) = call.split_first_chunk()?;
        let method = match method {
            [] => Cow::Borrowed(""),
            method => Cow::Owned(str::from_utf8(method).ok()?.to_owned()),
        };
        Some(Self { id, digest: Digest(*digest), method })
    }

    /// The caller and the key.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The digest of the params, and the method.
    pub fn call(&self) -> Cow<'_, [u8]> {
        match &*self.method {
            "" => Cow::Borrowed(&self.digest.0),
            method => Cow::Owned([&self.digest.0, method.as_bytes()].concat()),
        }
    }

    /// True if both stand for the same call: of one method, with equal params.
    pub fn is_of_call_of(&self, other: &Self) -> bool {
        (&self.digest, &self.method) == (&other.digest, &other.method)
    }
}

/// The first byte of an id: the form of the key.
const TEXT: u8 = 0;
const HEX: u8 = 1;
const UUID: u8 = 2;

impl KeyId {
    /// That of a caller's key. Different ones have different ids.
    pub fn new(caller: &str, key: &str) -> Self {
        let number = if caller.is_empty() { number_of(key.as_bytes()) } else { None };
        Self(match number {
            Some(number) => Id::Number(number),
            None => Id::Text([&[TEXT], caller.as_bytes(), b" ", key.as_bytes()].concat().into()),
        })
    }

    /// As it is stored. Those that clients make are 17 bytes, and go up with the time: so they are stored one after the other.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Id::Text(text) => text,
            Id::Number(number) => number,
        }
    }

    /// The time that a key begins with, as those that clients make do, in milliseconds since 1970; none if it is no number of 16 bytes.
    pub fn made_at(&self) -> Option<i64> {
        let Id::Number(number) = &self.0 else { return None };
        let millis = number.get(1..7)?.iter().fold(0, |time, byte| time << 8 | i64::from(*byte));
        Some(millis)
    }
}

/// The number that a key is, behind its form, if it is 32 figures of base 16, as they are or grouped like those of a UUID, and of small letters.
fn number_of(key: &[u8]) -> Option<[u8; 17]> {
    let form = match key.len() {
        32 => HEX,
        36 => UUID,
        _ => return None,
    };
    let figure = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (mut number, mut rest) = ([form; 17], key);
    for (at, byte) in number.iter_mut().skip(1).enumerate() {
        if form == UUID && matches!(at, 4 | 6 | 8 | 10) {
            rest = rest.strip_prefix(b"-")?;
        }
        let [high, low, after @ ..] = rest else { return None };
        *byte = figure(*high)? << 4 | figure(*low)?;
        rest = after;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::EventEmitted;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_is_its_callers_own() {
        let key = |caller: &str, key: &str| CallKey::new(caller, key, "event.emit", &()).unwrap();
        assert_ne!(key("", "task-0001 x").id(), key("task-0001", "x").id());
        assert_eq!(key("", "x"), key("", "x"));
        let other = CallKey::new("", "x", "chat.send", &()).unwrap();
        assert!(key("", "x").call() != other.call() && !key("", "x").is_of_call_of(&other));
        for key in [key("", "x"), other] {
            assert_eq!(CallKey::stored(key.id().clone(), &key.call()), Some(key));
        }
        assert_eq!(CallKey::stored(KeyId::new("", "x"), &[0; 15]), None);
        assert_eq!(CallKey::stored(KeyId::new("", "x"), &[0xff; 17]), None);
    }

    #[test]
    fn keys_of_clients_are_short_and_no_two_keys_are_one() {
        let hex = "019a2b3c4d5e7f008123456789abcdef";
        let uuid = "019a2b3c-4d5e-7f00-8123-456789abcdef";
        let keys = [
            ("", hex.to_owned()),
            ("", uuid.to_owned()),
            ("", hex.to_uppercase()),
            ("", uuid.to_uppercase()),
            ("", format!("{hex}0")),
            ("", hex[1..].to_owned()),
            ("", hex.replace('7', "g")),
            ("", uuid.replace("-4", "4-")),
            ("", uuid.replace('f', "-")),
            ("", format!("{}-", &uuid[..35])),
            ("", uuid.replace('9', "é").replace("2b", "2")),
            ("task-0001", hex.to_owned()),
            ("task-0001", uuid.to_owned()),
        ];
        let ids: Vec<_> = keys.iter().map(|(caller, key)| KeyId::new(caller, key)).collect();
        for (no, id) in ids.iter().enumerate() {
            assert_eq!(id.as_bytes().len() == 17 && id.as_bytes()[0] != TEXT, no < 2, "{:?}", keys[no]);
            let is_other = |other: &KeyId| other != id && other.as_bytes() != id.as_bytes();
            assert!(ids[..no].iter().all(is_other), "{:?}", keys[no]);
        }
        let later = KeyId::new("", "019a2b3c4d5f00000000000000000000");
        assert!(ids[0].as_bytes() < later.as_bytes(), "they go up with the time");
        assert_eq!(ids.iter().map(KeyId::made_at).filter(|at| *at == Some(0x019a_2b3c_4d5e)).count(), 2);
        assert!(ids[2..].iter().all(|id| id.made_at().is_none()));
        let mut sorted = ids;
        sorted.sort();
        assert!(
            sorted.is_sorted_by_key(|id| id.as_bytes().to_owned()),
            "in the order in which they are stored"
        );
    }

    #[test]
    fn the_number_of_an_event_is_what_its_emitter_is_answered() {
        let emitted = EventEmitted { seq: 7, rules: Vec::new(), waiting: Vec::new(), refused: Vec::new() };
        assert_eq!(Answer::Emitted(7).text(), serde_json::to_string(&emitted).unwrap());
    }

    #[test]
    fn that_of_an_event_is_that_of_its_call() {
        let payload = Json::from_text(r#"{ "version": 1.0 }"#).unwrap();
        let of_event = |payload| CallKey::of_event("", "x", "a:b", payload).unwrap();
        let params = json!({ "payload": { "version": 1 }, "topic": "a:b" });
        assert_eq!(of_event(Some(&payload)), CallKey::new("", "x", "event.emit", &params).unwrap());
        let params = json!({ "topic": "a:b" });
        assert_eq!(of_event(None), CallKey::new("", "x", "event.emit", &params).unwrap());
    }
}
