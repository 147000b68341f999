//! Lengths of time, as people write them.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The units, the largest first, each with its length in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// The longest one, in milliseconds: ten years.
const LONGEST_MS: u64 = 3650 * 86_400_000;

/// A length of time, written as a whole number with its unit: `90s`, `10m`, `26h`, `7d`. At most ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u64);

impl Span {
    /// The form, as a regular expression of JSON Schema.
    pub const PATTERN: &str = "^[0-9]{1,9}(ms|s|m|h|d)$";

    /// The form, for people.
    pub const FORM: &str =
        "a length of time such as \"90s\", \"10m\", \"26h\" or \"7d\", ten years at the most";

    /// So many milliseconds, ten years at the most.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.min(LONGEST_MS))
    }

    /// Its length in milliseconds.
    pub fn as_millis(self) -> u64 {
        self.0
    }
}

impl From<Duration> for Span {
    fn from(duration: Duration) -> Self {
        Self::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl FromStr for Span {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or(())?;
        let number = number.parse::<u64>().ok().filter(|_| digits <= 9).ok_or(())?;
        number.checked_mul(millis).filter(|millis| *millis <= LONGEST_MS).map(Self).ok_or(())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, millis): &(&str, u64)| self.0.is_multiple_of(*millis) && self.0 > 0;
        let (unit, millis) = UNITS.into_iter().find(whole).unwrap_or(("s", 1000));
        write!(f, "{}{unit}", self.0 / millis)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|()| de::Error::invalid_value(de::Unexpected::Str(&text), &Self::FORM))
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A length of time, written as a whole number with its unit: `90s`, `10m`, `26h`, `7d`. At most ten years.",
            "type": "string",
            "pattern": Self::PATTERN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_and_written_with_its_unit() {
        for (text, millis) in [
            ("0s", 0),
            ("250ms", 250),
            ("90s", 90_000),
            ("10m", 600_000),
            ("26h", 93_600_000),
            ("7d", 604_800_000),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.as_millis(), span.to_string().as_str()), (millis, text));
        }
        assert_eq!("3600s".parse::<Span>().unwrap().to_string(), "1h");
        for wrong in ["", "5", "m", "1.5h", "-1m", "1 m", "10 years", "9999999999s", "99999999d", "1M"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong:?}");
        }
        assert!(serde_json::from_str::<Span>("\"soon\"").unwrap_err().to_string().contains("26h"));
    }
}
