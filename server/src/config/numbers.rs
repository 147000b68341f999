//! Numbers, as they are written, and their ranges.

use serde_json::Value;

use super::words::short;

/// The problem with a number, if there is one.
pub(super) fn wrong(written: &str, schema: &Value) -> Option<String> {
    let is_of = |kind: &str| match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        one => one.is_some_and(|one| one == kind),
    };
    let Ok(number) = written.parse::<f64>() else { return Some(format!("{} is no number", short(written))) };
    if is_of("integer") {
        let Ok(whole) = written.parse::<i128>() else {
            return Some(format!("must be a whole number; it is {}", short(written)));
        };
        // Before the bounds of the type itself, which need not be known unless they are met.
        return out_of_range(number, schema).or_else(|| too_large(whole, schema));
    }
    if !number.is_finite() {
        return Some(format!("{} is too large", short(written)));
    }
    out_of_range(number, schema)
}

fn out_of_range(number: f64, schema: &Value) -> Option<String> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let (least, above, most) = (bound("minimum"), bound("exclusiveMinimum"), bound("maximum"));
    let is_in = least.is_none_or(|least| number >= least)
        && above.is_none_or(|above| number > above)
        && most.is_none_or(|most| number <= most);
    if is_in {
        return None;
    }
    let range = match (least, above, most) {
        (Some(least), _, Some(most)) => format!("from {least} to {most}"),
        (Some(least), _, None) => format!("at least {least}"),
        (None, Some(above), Some(most)) => format!("more than {above} and at most {most}"),
        (None, Some(above), None) => format!("more than {above}"),
        (None, None, most) => format!("at most {}", most.unwrap_or_default()),
    };
    Some(format!("must be {range}"))
}

fn too_large(whole: i128, schema: &Value) -> Option<String> {
    let (least, most): (i128, i128) = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => (0, u32::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("uint64") => (0, u64::MAX.into()),
        _ => (i64::MIN.into(), i64::MAX.into()),
    };
    (!(least..=most).contains(&whole)).then(|| format!("must be at most {most}"))
}
