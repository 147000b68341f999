//! Values on the command line.

use std::{convert::Infallible, str::FromStr, time::Duration};

use aiwg_protocol::{
    limits::{LIST_SIZES, LONGEST_TASK_MINUTES, PRIORITIES},
    types::{Json, TaskState},
};
use clap::builder::{PossibleValuesParser, RangedI64ValueParser, TypedValueParser};

/// The argument that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A state by its name, which shells complete.
pub(crate) fn states() -> impl TypedValueParser<Value = TaskState> {
    let names = PossibleValuesParser::new(TaskState::ALL.iter().map(|state| state.name()));
    names.try_map(|name| TaskState::from_str(&name).map_err(|()| "unknown state"))
}

/// A task's id; its number will do.
pub(crate) fn task_id(text: &str) -> Result<String, Infallible> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    Ok(number.map_or_else(|| text.to_owned(), |number| format!("task-{number:04}")))
}

/// A priority that a task may have.
pub(crate) fn priority() -> RangedI64ValueParser<i32> {
    clap::value_parser!(i32).range(i64::from(*PRIORITIES.start())..=i64::from(*PRIORITIES.end()))
}

/// A list's size.
pub(crate) fn limit() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(*LIST_SIZES.start())..=i64::from(*LIST_SIZES.end()))
}

/// A time limit that a task may have, in minutes.
pub(crate) fn minutes(text: &str) -> Result<f64, String> {
    let minutes =
        text.parse::<f64>().ok().filter(|minutes| *minutes > 0.0 && *minutes <= LONGEST_TASK_MINUTES);
    minutes.ok_or_else(|| format!("expected minutes: more than 0, and {LONGEST_TASK_MINUTES} at the most"))
}

/// The longest time that can be given.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A time: a number of seconds, or with units, as `90`, `0.5`, `30m` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let with_units =
        || jiff::SignedDuration::from_str(text).ok().and_then(|time| Duration::try_from(time).ok());
    let time = seconds.or_else(with_units).filter(|time| !time.is_zero() && *time <= LONGEST);
    time.ok_or_else(|| "expected a time: seconds, or as 30m, 2h or 1d 12h, up to 366 days".to_owned())
}

/// Payload of an event, as it was typed.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// The value as it was typed.
    Given(Json),
    /// The value comes on standard input.
    Stdin,
}

/// JSON, or `-`.
pub(crate) fn payload(text: &str) -> Result<Payload, String> {
    if text == STDIN { Ok(Payload::Stdin) } else { json(text).map(Payload::Given) }
}

/// JSON, or what is wrong with it.
pub(crate) fn json(text: &str) -> Result<Json, String> {
    Json::from_text(text).map_err(|error| {
        let is_word = text.chars().all(|c| c.is_alphanumeric() || " _-.:/".contains(c));
        if is_word && !text.trim().is_empty() {
            return format!("this is not JSON: a string needs quotes: '\"{text}\"'");
        }
        format!("this is not JSON: {error}")
    })
}

/// The documents that are emitted from the definition.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum SchemaKind {
    /// The JSON Schema of .aiwg/daemon.json
    Config,
    /// The OpenRPC document of the API
    Openrpc,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_task_too() {
        let id = |text| task_id(text).unwrap();
        assert_eq!([id("1"), id("0001"), id("12345")], ["task-0001", "task-0001", "task-12345"]);
        assert_eq!([id("task-0001"), id("nope"), id("")], ["task-0001", "nope", ""]);
    }

    #[test]
    fn minutes_are_what_a_task_may_have() {
        assert_eq!(minutes("0.5"), Ok(0.5));
        for wrong in ["nan", "inf", "-1", "0", "525601", "1h", ""] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_seconds_or_have_units() {
        let seconds = |text| duration(text).unwrap().as_secs_f64();
        assert_eq!(
            [seconds("90"), seconds("0.5"), seconds("30m"), seconds("1h 30m")],
            [90.0, 0.5, 1800.0, 5400.0]
        );
        for wrong in ["nan", "inf", "-1", "0", "1e300", "h", "", "-1h", "400d", "9999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_error_says_how_to_write_json() {
        assert_eq!(json("hello").unwrap_err(), "this is not JSON: a string needs quotes: '\"hello\"'");
        assert!(json("{broken").unwrap_err().contains("line 1"));
        assert!(json("\"hello\"").is_ok() && json("3").is_ok());
    }
}
