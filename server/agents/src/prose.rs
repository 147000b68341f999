//! Errors that programs tell in sentences for people.

use std::time::Duration;

use crate::{
    limit::{Limit, LocalTime},
    reason::Reason,
};

/// Months as programs write them, at least their first three letters.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Words of a sentence, and the reason that they stand for.
pub(crate) type Sentences = [(&'static str, Reason)];

/// The reason by the first of these words that the text has. Words are in lower case, with straight apostrophes.
pub(crate) fn reason_of(text: &str, sentences: &Sentences) -> Option<Reason> {
    let text = text.to_lowercase().replace('\u{2019}', "'");
    sentences.iter().find(|(words, _)| text.contains(words)).map(|(_, reason)| *reason)
}

/// The last line that begins with one of these, whatever its case and colours.
pub(crate) fn last_line_of<'a>(text: &'a str, beginnings: &[&str]) -> Option<&'a str> {
    text.lines().map(without_colours).rfind(|line| {
        let line = line.to_lowercase();
        beginnings.iter().any(|beginning| line.starts_with(beginning))
    })
}

/// A line without the codes of colours before it.
fn without_colours(line: &str) -> &str {
    let mut rest = line.trim();
    while let Some((_, after)) = rest.strip_prefix("\u{1b}[").and_then(|code| code.split_once('m')) {
        rest = after.trim_start();
    }
    rest
}

/// The reason by the status of an HTTP response; none where it tells nothing.
pub(crate) fn reason_of_status(status: u64) -> Option<Reason> {
    match status {
        401 | 403 => Some(Reason::Auth),
        402 => Some(Reason::Billing),
        408 | 429 | 500..=599 => Some(Reason::Overloaded),
        _ => None,
    }
}

/// The number after these words.
pub(crate) fn number_after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The reset of a limit that a text tells after the last of some words, the most telling of them first: as a time by the clock, or as a span from now.
pub(crate) fn reset_after(text: &str, words: &[&str]) -> Limit {
    let text = text.to_lowercase();
    let told = words.iter().find_map(|words| {
        let (_, rest) = text.rsplit_once(words)?;
        let by_clock = time_in(rest).map(|time| Limit {
            resets_local: Some(time),
            resets_zone: zone_in(rest),
            ..Limit::default()
        });
        by_clock.or_else(|| Some(Limit { resets_in: Some(span_in(rest)?), ..Limit::default() }))
    });
    told.unwrap_or_default()
}

/// The time at the beginning of a text in lower case, as `8:48 am`, `6pm`, `dec 4th, 2026 6:48 am` or `dec 4 at 6pm`.
fn time_in(text: &str) -> Option<LocalTime> {
    let mut words =
        text.split_whitespace().map(|word| word.trim_matches(',')).filter(|word| !word.is_empty());
    let first = words.next()?;
    let Some(month) = month(first) else { return time(None, first, words.next()) };
    let day = words.next()?.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let day = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let mut next = words.next()?;
    let year: Option<u16> = next.parse().ok().filter(|year| (1970..10_000).contains(year));
    if year.is_some() {
        next = words.next()?;
    }
    if next == "at" {
        next = words.next()?;
    }
    time(Some((year, month, day)), next, words.next())
}

/// The number of a month, of which at least the first three letters are there.
fn month(word: &str) -> Option<u8> {
    let beginning = word.get(..3).filter(|_| word.chars().all(char::is_alphabetic))?;
    (1..).zip(MONTHS).find(|(_, known)| *known == beginning).map(|(month, _)| month)
}

/// A time as `6:48` or `6`, with the half of the day right after it or as the next word.
fn time(date: Option<(Option<u16>, u8, u8)>, clock: &str, next: Option<&str>) -> Option<LocalTime> {
    let digits = clock.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(clock.len());
    let (clock, half) = clock.split_at(digits);
    let half = if half.is_empty() { next? } else { half };
    let afternoon = match half.trim_end_matches(|c: char| !c.is_ascii_alphabetic()) {
        "am" => 0,
        "pm" => 12,
        _ => return None,
    };
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, "0"));
    let hour: u8 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let minute = minute.parse().ok().filter(|minute| *minute < 60)?;
    Some(LocalTime { date, hour: hour % 12 + afternoon, minute })
}

/// The time zone in the next parentheses of a line, as `utc` or `europe/berlin`.
fn zone_in(text: &str) -> Option<String> {
    let (_, rest) = text.lines().next()?.split_once('(')?;
    let (zone, _) = rest.split_once(')')?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    (!zone.is_empty() && zone.chars().all(is_part)).then(|| zone.to_owned())
}

/// The span of time at the beginning of a text in lower case, as `3 hours 12 minutes`, `10h23m5s` or `2 days, 4 hours and 9 minutes`.
fn span_in(text: &str) -> Option<Duration> {
    let (mut rest, mut seconds, mut has_part) = (text, 0.0_f64, false);
    loop {
        rest = rest.trim_start_matches([' ', ',']);
        rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let after = after.trim_start_matches([' ', '\u{a0}']);
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (Ok(number), Some(unit)) = (number.parse::<f64>(), unit_seconds(unit)) else { break };
        seconds += number * unit;
        has_part = true;
        rest = after;
    }
    Duration::try_from_secs_f64(seconds).ok().filter(|_| has_part)
}

/// The length of a unit of time, in seconds.
fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "w" | "week" | "weeks" => 604_800.0,
        "d" | "day" | "days" => 86_400.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "ms" => 0.001,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apostrophes_and_case_do_not_matter() {
        let sentences = [("you've hit", Reason::Limited), ("hit", Reason::Failed)];
        assert_eq!(reason_of("You\u{2019}ve hit your limit", &sentences), Some(Reason::Limited));
        assert_eq!(reason_of("YOU'VE HIT", &sentences), Some(Reason::Limited));
        assert_eq!(reason_of("it hit", &sentences), Some(Reason::Failed));
        assert_eq!(reason_of("nothing", &sentences), None);
    }

    #[test]
    fn times_of_both_kinds_are_read() {
        let after = |text: &str| reset_after(text, &["try again at "]).resets_local;
        let local = |date, hour, minute| Some(LocalTime { date, hour, minute });
        assert_eq!(after("or try again at 5:36 PM."), local(None, 17, 36));
        assert_eq!(after("try again at 12:05 AM"), local(None, 0, 5));
        assert_eq!(after("try again at 12:05 pm. Bye"), local(None, 12, 5));
        assert_eq!(after("try again at Dec 4th, 2026 6:48 AM."), local(Some((Some(2026), 12, 4)), 6, 48));
        assert_eq!(
            after("try again at February 22nd, 2027 11:00 PM."),
            local(Some((Some(2027), 2, 22)), 23, 0)
        );
        assert_eq!(after("Try again at 6pm (UTC)"), local(None, 18, 0));
        assert_eq!(after("try again at Dec 4, 6:01pm"), local(Some((None, 12, 4)), 18, 1));
        assert_eq!(after("try again at Oct 9 at 1am."), local(Some((None, 10, 9)), 1, 0));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for odd in [
            "later.",
            "",
            "13:00 PM",
            "0:10 AM",
            "5:60 PM",
            "5:36",
            "-5:36 PM",
            "Dec 32nd, 2026 6:48 AM",
            "Dec 4th, 99999 6:48 AM",
            "Dez 4th, 2026 6:48 AM",
            "é 4th, 2026 6:48 AM",
            "Dec th, 2026 6:48 AM",
        ] {
            let text = format!("try again at {odd}");
            assert_eq!(reset_after(&text, &["try again at "]), Limit::default(), "{odd}");
        }
    }

    #[test]
    fn spans_and_zones_are_read() {
        let after = |text: &str| reset_after(text, &["try again in ", "reset after ", "resets "]);
        for (text, seconds) in [
            ("Try again in 3 hours 12 minutes.", 11_520),
            ("try again in 3 days 4 hours 9 minutes", 274_140),
            ("try again in 1 hour, 5 minutes and 2 seconds", 3902),
            ("Your quota will reset after 10h.", 36_000),
            ("Your quota will reset after 10h23m5.4s.", 37_385),
            ("reset after 2d", 172_800),
        ] {
            assert_eq!(after(text).resets_in.unwrap().as_secs(), seconds, "{text}");
        }
        for odd in [
            "try again in a while",
            "try again in 5",
            "try again in 5 parsecs",
            "reset after",
            "reset after 1.2.3h",
        ] {
            assert_eq!(after(odd), Limit::default(), "{odd}");
        }
        let zone = |text: &str| after(text).resets_zone;
        assert_eq!(zone("resets 6:01pm (Europe/Berlin)").as_deref(), Some("europe/berlin"));
        assert_eq!((zone("resets 6:01pm (soon, really)"), zone("resets 6:01pm\n(UTC)")), (None, None));
    }

    #[test]
    fn a_number_is_found() {
        assert_eq!(number_after("last status: 429 Too Many", "status: "), Some(429));
        assert_eq!(number_after("status: x", "status: "), None);
        assert_eq!(number_after("status: 99999999999999999999999", "status: "), None);
    }
}
