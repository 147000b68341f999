//! Values on the command line.

use std::{convert::Infallible, str::FromStr, time::Duration};

use aiwg_protocol::{
    limits::{LIST_SIZES, LONGEST_NAME, LONGEST_TASK_MINUTES, PRIORITIES},
    types::{Json, TaskOrder, TaskState, Timestamp, Verify, WorkspaceBack},
};
use clap::builder::{PossibleValuesParser, RangedI64ValueParser, TypedValueParser};
use jiff::{
    Span, SpanRelativeTo, ZonedDateTime,
    civil::{Date, Time},
};

/// The argument that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A key of a call.
pub(crate) fn idempotency_key(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=LONGEST_NAME => Ok(text.to_owned()),
        _ => Err(format!("a key has 1 to {LONGEST_NAME} characters")),
    }
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

/// An approval's id; its number will do.
pub(crate) fn approval_id(text: &str) -> Result<String, Infallible> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    Ok(number.map_or_else(|| text.to_owned(), |number| format!("approval-{number:04}")))
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

/// Parses a number of rounds.
pub(crate) fn rounds() -> impl TypedValueParser<Value = u32> {
    clap::value_parser!(u32).range(1..=i64::from(Verify::MOST_ROUNDS))
}

/// The longest time that can be given.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A time: a number of seconds, or with units, as `90`, `0.5`, `30m` or `1h 30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let with_units = || {
        let time = Span::from_str(text).ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        Duration::try_from(time).ok()
    };
    let time = seconds
        .or_else(with_units)
        .ok_or_else(|| "expected a time: seconds, or as 30m, 2h or 1d 12h, up to 366 days".to_owned())?;
    if time.is_zero() {
        return Err("a time must be more than 0".to_owned());
    }
    if time > LONGEST { Err("a time may be 366 days at the most".to_owned()) } else { Ok(time) }
}

/// A moment: as RFC 3339 has it, or a time of day such as `22:00`, which is its next one in the local time zone.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    moment_of(text, &ZonedDateTime::now(), false)
}

/// A moment that is past: as RFC 3339 has it, a day, which is its beginning, a time of day such as `18:00`, which is its last one, or a time such as
/// `2h`, so long ago.
pub(crate) fn since(text: &str) -> Result<Timestamp, String> {
    let now = ZonedDateTime::now();
    if let Ok(ago) = duration(text) {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        return Ok(Timestamp::from_millis(now.timestamp().as_millisecond().saturating_sub(ago)));
    }
    let wrong =
        || "expected a moment: 18:00, 2026-12-24 or 2026-12-24T18:00:00Z, or so long ago, as 12h".to_owned();
    let at = match text.parse::<Date>() {
        Ok(day) if !text.contains(['T', 't', ' ']) => {
            let begins = day.to_zoned_datetime(now.time_zone().clone()).map_err(|_| wrong())?;
            Timestamp::from_millis(begins.timestamp().as_millisecond())
        }
        _ => moment_of(text, &now, true).map_err(|_| wrong())?,
    };
    Ok(at)
}

/// The same, and none that is yet to come.
pub(crate) fn past(text: &str) -> Result<Timestamp, String> {
    let at = since(text)?;
    if at > Timestamp::now() { Err(format!("must be past; {at} is yet to come")) } else { Ok(at) }
}

fn moment_of(text: &str, now: &ZonedDateTime, is_past: bool) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let wrong = |error: jiff::Error| match error.is_range() {
        true => format!("this moment is out of reach: {error}"),
        false => "expected a moment: 22:00, or as 2026-12-24T18:00:00Z".to_owned(),
    };
    let time = Time::strptime("%H:%M", text).or_else(|_| Time::strptime("%H:%M:%S", text)).map_err(wrong)?;
    let at = |day: Date| day.to_datetime(time).to_zoned_datetime(now.time_zone().clone()).map_err(wrong);
    let today = at(now.date())?;
    let day = match (is_past, today <= *now) {
        (false, true) => now.date().tomorrow().map_err(wrong)?,
        (true, false) => now.date().yesterday().map_err(wrong)?,
        _ => now.date(),
    };
    Ok(Timestamp::from_millis(at(day)?.timestamp().as_millisecond()))
}

/// The ways in which the changes of a work tree come back.
pub(crate) fn ways_back() -> impl TypedValueParser<Value = WorkspaceBack> {
    let names = PossibleValuesParser::new(WorkspaceBack::ALL.iter().map(|back| back.name()));
    names.try_map(|name| WorkspaceBack::ALL.into_iter().find(|back| back.name() == name).ok_or("unknown way"))
}

/// An order of a list by its name, which shells complete.
pub(crate) fn orders() -> impl TypedValueParser<Value = TaskOrder> {
    PossibleValuesParser::new(["newest", "oldest", "priority", "ended", "cost"]).map(|name| {
        match name.as_str() {
            "oldest" => TaskOrder::Oldest,
            "priority" => TaskOrder::Priority,
            "ended" => TaskOrder::Ended,
            "cost" => TaskOrder::Cost,
            _ => TaskOrder::Newest,
        }
    })
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
    /// The AsyncAPI document of the project's events: those that it declares, and the daemon's own
    Events,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_its_next_or_its_last_one() {
        let now: ZonedDateTime = "2026-11-29T18:30:00+01:00[+01:00]".parse().unwrap();
        let next = |text| moment_of(text, &now, false).unwrap().to_string();
        let last = |text| moment_of(text, &now, true).unwrap().to_string();
        assert_eq!(next("22:00"), "2026-11-29T21:00:00.000Z");
        assert_eq!(next("07:15"), "2026-11-30T06:15:00.000Z");
        assert_eq!(last("18:00"), "2026-11-29T17:00:00.000Z");
        assert_eq!(last("22:00"), "2026-11-28T21:00:00.000Z");
        assert_eq!(next("2026-12-24T18:00:00Z"), "2026-12-24T18:00:00.000Z");
        assert!(moment_of("25:00", &now, false).is_err() && moment_of("tonight", &now, true).is_err());
        let far = moment_of("9999-12-31T23:59:59Z", &now, false).unwrap_err();
        assert!(far.contains("out of reach"), "{far}");
    }

    #[test]
    fn a_report_begins_in_the_past_and_its_error_says_how_to_write_that() {
        for good in ["12h", "2026-01-02", "18:00", "2026-01-02T18:00:00Z"] {
            assert!(past(good).is_ok(), "{good}");
        }
        for wrong in ["1 moon", "yesterday", "2026-02-30"] {
            let error = past(wrong).unwrap_err();
            assert!(error.contains("as 12h") && error.contains("2026-12-24 or"), "{error}");
        }
        assert!(past("9000-01-01T00:00:00Z").unwrap_err().contains("yet to come"));
    }

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
        assert_eq!([seconds("1d 12h"), seconds("366d")], [129_600.0, 31_622_400.0]);
        for wrong in ["nan", "inf", "-1", "0", "1e300", "h", "", "-1h", "400d", "9999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        // An error says what is wrong, and not what was typed.
        for (wrong, words) in [("0", "more than 0"), ("400d", "366 days at the most")] {
            assert!(duration(wrong).unwrap_err().contains(words), "{wrong}");
        }
    }

    #[test]
    fn an_error_says_how_to_write_json() {
        assert_eq!(json("hello").unwrap_err(), "this is not JSON: a string needs quotes: '\"hello\"'");
        assert!(json("{broken").unwrap_err().contains("line 1"));
        assert!(json("\"hello\"").is_ok() && json("3").is_ok());
    }
}
