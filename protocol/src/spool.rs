//! The spool: the events that were emitted while no daemon was there, each in a file of its own.
//!
//! Clients write them and the next daemon takes them in. `tests/vectors/spool.json` describes the format for all languages.

use serde::{Deserialize, Serialize};

use crate::{
    json_error::without_position,
    types::{Json, Timestamp},
};

/// Path of the spool, relative to the project's directory.
pub const SPOOL_PATH: &str = ".aiwg/spool";

/// Name of the directory in it for events that were refused.
pub const REJECTED: &str = "rejected";

/// The end of the names of its files.
pub const SUFFIX: &str = ".json";

/// The end of the name of the file that says why an event was refused.
pub const REASON_SUFFIX: &str = ".reason.json";

/// The beginning of the name of a file that is being written.
pub const TEMPORARY_PREFIX: &str = ".tmp-";

/// The version of the format.
pub const SPOOL_VERSION: u32 = 1;

/// Maximum number of files in it.
pub const MAX_SPOOLED: usize = 10_000;

/// Maximum size of all files in it, in bytes.
pub const MAX_SPOOLED_BYTES: u64 = 64 * 1024 * 1024;

/// Maximum size of a file in it, in bytes.
pub const MAX_SPOOLED_FILE: u64 = 1024 * 1024;

/// An event in the spool: the content of its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpooledEvent {
    /// The version of the format, [`SPOOL_VERSION`].
    pub version: u32,
    /// The topic.
    pub topic: String,
    /// The details; `null` if the emitter gave none.
    pub payload: Json,
    /// Time at which it happened.
    pub at: Timestamp,
    /// The key of the call that emitted it, or would have.
    pub idempotency_key: String,
    /// The trace context of its emitter, as W3C has it; absent if it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// The reason for which a file holds no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSpooled {
    /// It is of another version.
    #[error(
        "it is of the format's version {0}, and this aiwg knows version {SPOOL_VERSION}: use the one that has written it"
    )]
    Version(u64),
    /// It names no version.
    #[error("its member \"version\" is missing, or no number")]
    NoVersion,
    /// It is not as it must be.
    #[error("it is no spooled event: {0}")]
    Unreadable(String),
}

impl NotSpooled {
    /// The word by which programs distinguish the reasons.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Version(_) | Self::NoVersion => "version",
            Self::Unreadable(_) => "parse_error",
        }
    }
}

impl SpooledEvent {
    /// Reads the content of a file.
    ///
    /// # Errors
    /// It holds no event of this version.
    pub fn read(content: &[u8]) -> Result<Self, NotSpooled> {
        #[derive(Deserialize)]
        struct Versioned {
            #[serde(default)]
            version: Option<Json>,
        }
        let unreadable = |error: serde_json::Error| NotSpooled::Unreadable(without_position(&error));
        // Serde by itself takes a list of the members' values for an object, too.
        if content.trim_ascii_start().first() != Some(&b'{') {
            return Err(NotSpooled::Unreadable("it must be a JSON object".to_owned()));
        }
        let Versioned { version } = serde_json::from_slice(content).map_err(unreadable)?;
        match version.and_then(|version| version.to::<u64>().ok()) {
            Some(version) if version == u64::from(SPOOL_VERSION) => {}
            Some(other) => return Err(NotSpooled::Version(other)),
            None => return Err(NotSpooled::NoVersion),
        }
        let mut event: Self = serde_json::from_slice(content).map_err(unreadable)?;
        // An event is sent on one line. Within a text there is none of these: JSON has them escaped there.
        if event.payload.as_str().contains(['\n', '\r']) {
            event.payload =
                Json::from_text(event.payload.as_str().replace(['\n', '\r'], " ")).map_err(unreadable)?;
        }
        Ok(event)
    }
}

/// The name of a file without its end: names sort in the order in which a process has made them. `micros` are microseconds since 1970.
pub fn spool_name(micros: u64, pid: u32, counter: u32, random: u32) -> String {
    format!("{micros:016}-{pid}-{:06}-{random:08x}", counter % 1_000_000)
}

/// True if a file may have this name without its end.
pub fn is_spool_name(name: &str) -> bool {
    let is_number = |text: &str, widths: std::ops::RangeInclusive<usize>| {
        widths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_hex =
        |text: &str| text.len() == 8 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<&str> = name.split('-').collect();
    match parts.as_slice() {
        [micros, pid, counter, random] => {
            is_number(micros, 16..=16)
                && is_number(pid, 1..=10)
                && is_number(counter, 6..=6)
                && is_hex(random)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn vectors() -> Value {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/spool.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn the_vectors_describe_this_format() {
        let vectors = vectors();
        let facts = [
            ("directory", SPOOL_PATH.into()),
            ("rejected", REJECTED.into()),
            ("suffix", SUFFIX.into()),
            ("temporaryPrefix", TEMPORARY_PREFIX.into()),
            ("version", SPOOL_VERSION.into()),
            ("maxFiles", MAX_SPOOLED.into()),
            ("maxBytes", MAX_SPOOLED_BYTES.into()),
            ("maxFileBytes", MAX_SPOOLED_FILE.into()),
        ];
        for (name, value) in facts {
            let value: Value = value;
            assert_eq!(vectors[name], value, "{name}");
        }
        for row in vectors["names"].as_array().unwrap() {
            let number = |name: &str| row[name].as_u64().unwrap();
            let random = u32::from_str_radix(row["random"].as_str().unwrap(), 16).unwrap();
            let name = spool_name(number("micros"), number("pid") as u32, number("counter") as u32, random);
            assert_eq!(name, row["name"].as_str().unwrap());
            assert!(is_spool_name(&name), "{name}");
        }
        for wrong in
            ["", "1-1-1-1", "0000000000000001-1-000001-0000000G", "0000000000000001-1-000001-00000001-1"]
        {
            assert!(!is_spool_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_event_is_written_and_read_as_the_vectors_have_it() {
        let vectors = vectors();
        for row in vectors["written"].as_array().unwrap() {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let event = SpooledEvent {
                version: SPOOL_VERSION,
                topic: text("topic"),
                payload: Json::new(&row["payload"]).unwrap(),
                at: text("at").parse().unwrap(),
                idempotency_key: text("idempotencyKey"),
                traceparent: row.get("traceparent").and_then(Value::as_str).map(str::to_owned),
            };
            assert_eq!(serde_json::to_value(&event).unwrap(), row["file"], "{}", row["name"]);
        }
        for row in vectors["taken"].as_array().unwrap() {
            let event = SpooledEvent::read(row["content"].as_str().unwrap().as_bytes()).unwrap();
            assert_eq!(Value::from(event.topic), row["event"]["topic"], "{}", row["name"]);
            assert!(!event.payload.as_str().contains('\n'));
            assert_eq!(event.payload.to::<Value>().unwrap(), row["event"]["payload"]);
        }
        let of_the_format = |row: &&Value| row["kind"] == "parse_error" || row["kind"] == "version";
        for row in vectors["refused"].as_array().unwrap().iter().filter(of_the_format) {
            let error = SpooledEvent::read(row["content"].as_str().unwrap().as_bytes()).unwrap_err();
            assert_eq!(row["kind"], error.kind(), "{}: {error}", row["name"]);
        }
    }
}
