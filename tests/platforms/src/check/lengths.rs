//! Lengths in the units that the platforms count in: `x-utf16` and `x-bytes` in the extracted schemas.
//!
//! JSON Schema counts code points. Telegram counts UTF-16 code units, "1-4096 characters after entities parsing", and bytes
//! of callback data.

use jsonschema::paths::Location;
use jsonschema::{Keyword, ValidationError, ValidationOptions};
use serde_json::{Map, Value};

struct Length {
    least: u64,
    most: u64,
    unit: &'static str,
    count: fn(&str) -> usize,
}

impl Length {
    fn of(&self, text: &str) -> u64 {
        u64::try_from((self.count)(text)).unwrap_or(u64::MAX)
    }
}

impl<'i> Keyword<'i> for Length {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        let length = self.of(instance.as_str().unwrap_or_default());
        if self.is_valid(instance) {
            return Ok(());
        }
        let Self { least, most, unit, .. } = self;
        Err(ValidationError::custom(format!("{length} {unit}, and {least} to {most} are allowed")))
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        instance.as_str().is_none_or(|text| (self.least..=self.most).contains(&self.of(text)))
    }
}

fn bounds(schema: &Value) -> (u64, u64) {
    let bound = |n: usize| schema[n].as_u64().expect("two numbers");
    (bound(0), bound(1))
}

/// Options of a validator that knows both.
pub(super) fn options() -> ValidationOptions<'static> {
    type Made<'a> = Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>>;
    fn utf16<'a>(_: &'a Map<String, Value>, schema: &'a Value, _: Location) -> Made<'a> {
        let (least, most) = bounds(schema);
        Ok(Box::new(Length { least, most, unit: "UTF-16 units", count: |text| text.encode_utf16().count() }))
    }
    fn bytes<'a>(_: &'a Map<String, Value>, schema: &'a Value, _: Location) -> Made<'a> {
        let (least, most) = bounds(schema);
        Ok(Box::new(Length { least, most, unit: "bytes", count: str::len }))
    }
    jsonschema::options().with_keyword("x-utf16", utf16).with_keyword("x-bytes", bytes)
}
