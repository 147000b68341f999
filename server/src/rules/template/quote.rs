//! The text of values: as JSON, in which a string with quotes and escapes cannot be mistaken for a part of the sentence around
//! it.

use std::io;

use aiwg_protocol::limits::LONGEST_PROMPT;
use minijinja::{
    Error, ErrorKind, Output, State, UndefinedBehavior, Value, filters,
    value::{Kwargs, Rest, ValueKind},
};
use serde::Serialize;
use serde_json::{Serializer, json, ser::PrettyFormatter};

/// The longest JSON that is inserted whole, in bytes. A prompt may be twice as long.
const LONGEST: usize = LONGEST_PROMPT / 2;

/// The number of bytes that are inserted of a longer value.
const BEGINNING: usize = 16 * 1024;

/// The number of bytes that are counted of a value that is longer still: the text of a list of lists could have no end.
const COUNTED: usize = 32 * 1024 * 1024;

/// The most spaces by which JSON is indented.
const WIDEST: usize = 16;

/// The number of bytes of JSON that cost as much as one instruction.
const BYTES_FOR_FUEL: usize = 64;

/// The way in which a value was inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    Whole,
    Shortened,
}

/// Writes a value as JSON. One that is too long is shortened, and still JSON.
pub(super) fn insert(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<Inserted, Error> {
    if value.is_undefined() {
        return match state.undefined_behavior() {
            UndefinedBehavior::Strict => Err(ErrorKind::UndefinedError.into()),
            _ => Ok(Inserted::Whole),
        };
    }
    if value.is_safe() {
        write!(out, "{value}")?;
        return Ok(Inserted::Whole);
    }
    let mut json = Bounded::default();
    let written = serde_json::to_writer(&mut json, value);
    state.consume_fuel((json.counted / BYTES_FOR_FUEL) as u64)?;
    match written {
        Err(error) if json.counted <= COUNTED => {
            return Err(Error::new(ErrorKind::BadSerialization, error.to_string()));
        }
        _ => {}
    }
    let text = String::from_utf8_lossy(&json.text);
    if json.counted <= LONGEST {
        out.write_str(&text)?;
        return Ok(Inserted::Whole);
    }
    let beginning = text.get(..text.floor_char_boundary(BEGINNING)).unwrap_or_default();
    write!(out, "{}", json!({ "shortened": beginning, "bytes": json.counted }))?;
    Ok(Inserted::Shortened)
}

/// Keeps as much as may be inserted, counts more, and then has enough.
#[derive(Default)]
struct Bounded {
    text: Vec<u8>,
    counted: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST.saturating_sub(self.text.len()).min(bytes.len());
        self.text.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.counted = self.counted.saturating_add(bytes.len());
        if self.counted > COUNTED { Err(io::Error::other("it is far too long")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The filter `string`: the engine writes `True` and `None`, as Python does.
pub(super) fn text(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    match word(value) {
        Some(word) => Ok(Value::from(word)),
        None => filters::string(state, value),
    }
}

/// The filter `tojson`: the engine's own writes the whole value before it counts the cost.
pub(super) fn to_json(
    state: &mut State<'_, '_>,
    value: &Value,
    indent: Option<Value>,
    named: Kwargs,
) -> Result<Value, Error> {
    let indent: Value = match indent {
        Some(indent) => indent,
        None => named.get::<Option<Value>>("indent")?.unwrap_or_default(),
    };
    named.assert_all_used()?;
    let width = match indent.kind() {
        ValueKind::Undefined | ValueKind::None => None,
        ValueKind::Bool => indent.is_true().then_some(2),
        _ => Some(usize::try_from(indent)?),
    };
    if width.is_some_and(|width| width > WIDEST) {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("tojson indents by {WIDEST} at the most"),
        ));
    }
    let mut json = Bounded::default();
    let written = match width {
        None => serde_json::to_writer(&mut json, value),
        Some(width) => {
            let spaces = [b' '; WIDEST];
            let formatter = PrettyFormatter::with_indent(spaces.get(..width).unwrap_or_default());
            value.serialize(&mut Serializer::with_formatter(&mut json, formatter))
        }
    };
    state.consume_fuel((json.counted / BYTES_FOR_FUEL) as u64)?;
    match written {
        _ if json.counted > LONGEST => Err(ErrorKind::OutOfFuel.into()),
        Err(error) => Err(Error::new(ErrorKind::BadSerialization, error.to_string())),
        Ok(()) => Ok(Value::from_safe_string(String::from_utf8_lossy(&json.text).into_owned())),
    }
}

/// The name of the engine's own filter `join`.
pub(super) const JOIN: &str = "engine_join";

/// The filter `join`, in which `true`, `false` and `null` are as JSON has them.
pub(super) fn joined(state: &mut State<'_, '_>, value: Value, rest: Rest<Value>) -> Result<Value, Error> {
    let is_list = matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    let has_words = is_list && value.try_iter()?.any(|item| word(&item).is_some());
    let list = if has_words {
        let items: Vec<Value> = value.try_iter()?.map(|item| word(&item).map_or(item, Value::from)).collect();
        state.consume_fuel(items.len() as u64)?;
        Value::from(items)
    } else {
        value
    };
    let arguments: Vec<Value> = std::iter::once(list).chain(rest.0).collect();
    state.apply_filter(JOIN, &arguments)
}

fn word(value: &Value) -> Option<&'static str> {
    match value.kind() {
        ValueKind::Bool if value.is_true() => Some("true"),
        ValueKind::Bool => Some("false"),
        ValueKind::None => Some("null"),
        _ => None,
    }
}
