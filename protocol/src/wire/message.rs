//! One line of JSON as a JSON-RPC 2.0 message.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::MAX_BATCH;
use crate::error::{ApiError, ErrorKind};
use crate::json_error::without_position;

/// The `id` of a request, as the text it came as, so that it is echoed to the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Id(Box<str>);

impl Id {
    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `null`: what an answer carries when the request's own id could not be read.
    pub fn null() -> Self {
        Self("null".into())
    }
}

/// The content of a line.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// A request, or a notification when it has no id.
    Single(Result<Request<'a>, ApiError>, Option<Id>),
    /// A batch.
    Batch(Entries<'a>),
}

/// The entries of a batch, each still to be read.
#[derive(Debug, Default)]
pub struct Entries<'a> {
    /// The first of them, [`MAX_BATCH`] at the most.
    pub first: Vec<&'a RawValue>,
    /// Number of entries.
    pub count: usize,
}

/// A request whose params have not been looked at.
#[derive(Debug)]
pub struct Request<'a> {
    /// The method's name.
    pub method: Cow<'a, str>,
    /// The text of `params`.
    pub params: Option<&'a RawValue>,
    /// None for a notification, which is never answered.
    pub id: Option<Id>,
}

impl<'a> Incoming<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// The line is not UTF-8 or not JSON, or it is an empty array.
    pub fn parse(line: &'a [u8]) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(line).map_err(|error| parse_error(&error))?;
        if text.trim_start_matches(BLANK).starts_with('[') {
            let entries: Entries<'_> = serde_json::from_str(text).map_err(|error| parse_error(&error))?;
            if entries.count == 0 {
                return Err(ApiError::new(ErrorKind::InvalidRequest, "a batch must not be empty"));
            }
            return Ok(Self::Batch(entries));
        }
        match Request::parse(text) {
            Ok(request) => Ok(Self::Single(Ok(request), None)),
            Err((error, id)) if error.code == ErrorKind::InvalidRequest.code() => {
                Ok(Self::Single(Err(error), Some(id)))
            }
            Err((error, _)) => Err(error),
        }
    }
}

/// The longest id, in bytes of its JSON: it is kept for as long as its request is in flight, and echoed.
const LONGEST_ID: usize = 4096;

/// JSON's own white space.
const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

fn parse_error(error: &dyn fmt::Display) -> ApiError {
    ApiError::new(ErrorKind::ParseError, format!("the line is not JSON: {error}"))
}

impl<'a> Request<'a> {
    /// Reads one request object.
    ///
    /// # Errors
    /// The text is no valid request: the error says what is wrong with it, and comes with the id to answer with.
    pub fn parse(text: &'a str) -> Result<Self, (ApiError, Id)> {
        match serde_json::from_str::<Members<'a>>(text) {
            Ok(members) => members.check(),
            // Broken JSON, or JSON of another shape? serde stops at the first thing it does not expect, so look again.
            Err(error) => match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => {
                    let why = without_position(&error);
                    Err((invalid(format!("this is not a JSON-RPC 2.0 request: {why}")), Id::null()))
                }
                Err(error) => Err((parse_error(&error), Id::null())),
            },
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::InvalidRequest, message)
}

/// The members that matter, before any is checked: the id of a request that is wrong elsewhere is still echoed.
#[derive(Default)]
struct Members<'a> {
    jsonrpc: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
}

impl<'a> Members<'a> {
    fn check(self) -> Result<Request<'a>, (ApiError, Id)> {
        let id = match self.id.map(RawValue::get) {
            None => None,
            Some(text)
                if text == "null"
                    || text.starts_with(['"', '-'])
                    || text.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                Some(Id(text.into()))
            }
            Some(_) => {
                return Err((invalid("the member \"id\" must be a string, a number or null"), Id::null()));
            }
        };
        if id.as_ref().is_some_and(|id| id.0.len() > LONGEST_ID) {
            let message = format!("the member \"id\" must have {LONGEST_ID} bytes at the most");
            return Err((invalid(message), Id::null()));
        }
        let wrong = |message: &str| Err((invalid(message), id.clone().unwrap_or_else(Id::null)));
        match self.jsonrpc.map(RawValue::get) {
            Some(version) if is_version_2(version) => {}
            Some(_) => return wrong("the member \"jsonrpc\" must be \"2.0\""),
            None => return wrong("the member \"jsonrpc\": \"2.0\" is missing"),
        }
        let method = match self.method.map(|method| serde_json::from_str::<Text<'a>>(method.get())) {
            Some(Ok(Text(method))) => method,
            Some(Err(_)) => return wrong("the member \"method\" must be a string"),
            None => return wrong("the member \"method\" is missing"),
        };
        match self.params.map(RawValue::get) {
            // Go and Ruby send it for no params.
            Some("null") => Ok(Request { method, params: None, id }),
            Some(text) if !text.starts_with(['{', '[']) => wrong("the member \"params\" must be an object"),
            _ => Ok(Request { method, params: self.params, id }),
        }
    }
}

/// As it is always written, or as the same string with escapes.
fn is_version_2(text: &str) -> bool {
    text == r#""2.0""# || serde_json::from_str(text).is_ok_and(|Text(version)| version == "2.0")
}

/// A string that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

/// By hand: a line has room for millions of entries, which would take many times its own memory.
struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Self::Value, A::Error> {
        let mut entries = Entries::default();
        while entries.count < MAX_BATCH {
            let Some(entry) = all.next_element()? else { return Ok(entries) };
            entries.first.push(entry);
            entries.count += 1;
        }
        while all.next_element::<IgnoredAny>()?.is_some() {
            entries.count += 1;
        }
        Ok(entries)
    }
}

/// By hand: a derived one takes an absent `id` and a `null` one for the same.
struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members::default();
        while let Some(Text(name)) = map.next_key()? {
            let slot = match &*name {
                "jsonrpc" => &mut members.jsonrpc,
                "method" => &mut members.method,
                "params" => &mut members.params,
                "id" => &mut members.id,
                // The specification allows no others but forbids none.
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.replace(map.next_value()?).is_some() {
                return Err(de::Error::custom(format_args!("the member {name:?} stands twice")));
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(line: &str) -> (Result<Request<'_>, ApiError>, Option<Id>) {
        match Incoming::parse(line.as_bytes()) {
            Ok(Incoming::Single(request, id)) => (request, id),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn absent_and_null_ids_differ() {
        let id = |line| single(line).0.unwrap().id.map(|id| id.as_str().to_owned());
        assert_eq!(id(r#"{"jsonrpc":"2.0","method":"ping"}"#), None);
        assert_eq!(id(r#"{"jsonrpc":"2.0","method":"ping","id":null}"#).as_deref(), Some("null"));
        assert_eq!(id(r#"{"id": 1.50 ,"method":"ping","jsonrpc":"2.0"}"#).as_deref(), Some("1.50"));
        assert_eq!(id(r#"{"id":"\u0061","method":"ping","jsonrpc":"2.0"}"#).as_deref(), Some(r#""\u0061""#));
    }

    #[test]
    fn a_wrong_request_echoes_the_id_it_has() {
        let (request, id) = single(r#"{"jsonrpc":"2.0","id":7}"#);
        assert_eq!(request.unwrap_err().code, -32600);
        assert_eq!(id.unwrap().as_str(), "7");
    }

    #[test]
    fn broken_json_and_json_of_another_shape_differ() {
        assert_eq!(Incoming::parse(br#"{"jsonrpc": "2.0", "method": 1, "#).unwrap_err().code, -32700);
        assert_eq!(Incoming::parse(b"\xff\xfe").unwrap_err().code, -32700);
        assert_eq!(Incoming::parse(b"[]").unwrap_err().code, -32600);
        for line in ["null", "1", "{}", r#""x""#, r#"{"jsonrpc":"2.0","method":"a","method":"b"}"#] {
            assert_eq!(single(line).0.unwrap_err().code, -32600, "{line}");
        }
    }
}
