use std::{borrow::Cow, fmt, str::FromStr, time::SystemTime};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment, to the millisecond: RFC 3339 in UTC on the wire, `2026-11-23T14:33:23.042Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The last moment of the year 9999 in every time zone: what is later has five digits in one.
const LAST: i64 = 253_402_207_199_999;

/// The beginning of the year 0: what was before has no four digits.
const FIRST: i64 = -62_167_219_200_000;

impl Timestamp {
    /// The moment so many milliseconds later; the last one that there is where that is beyond it.
    #[must_use]
    pub fn after_ms(self, millis: u64) -> Self {
        Self::from_millis(self.as_millis().saturating_add(i64::try_from(millis).unwrap_or(i64::MAX)))
    }

    /// This moment.
    pub fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    /// From milliseconds since the Unix epoch. What lies outside the years that RFC 3339 can write is moved to their edge.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{moment:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>().map(|moment| Self::from_millis(moment.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A moment: RFC 3339 in UTC with milliseconds.",
            "type": "string",
            "format": "date-time",
            "examples": ["2026-11-23T14:33:23.042Z"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn any_number_of_milliseconds_can_be_written_and_read() {
        for millis in [i64::MIN, -1_000_000_000_000_000, 0, 1_000_000_000_000_000, i64::MAX] {
            let at = Timestamp::from_millis(millis);
            let text = at.to_string();
            assert_eq!(text.parse::<Timestamp>().unwrap(), at, "{text}");
            assert_eq!(text.len(), "2026-11-23T14:33:23.042Z".len(), "{text}");
        }
    }
}
