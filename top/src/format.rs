//! Amounts of time and money, in few columns and in words.

use aiwg_client::types::Timestamp;
use jiff::tz::TimeZone;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Time between two moments, in milliseconds; none where the later one is the earlier.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millis().saturating_sub(from.as_millis()).max(0)
}

/// A time in up to four columns: `12s`, `59m`, `47h`, `300d`.
pub(crate) fn short(millis: i64) -> String {
    match millis.max(0) {
        time if time < MINUTE => format!("{}s", time / SECOND),
        time if time < HOUR => format!("{}m", time / MINUTE),
        time if time < 2 * DAY => format!("{}h", time / HOUR),
        time => format!("{}d", (time / DAY).min(999)),
    }
}

/// A time in words: `1 second`, `5 minutes`, `2 hours 5 minutes`.
pub(crate) fn words(millis: i64) -> String {
    let time = millis.max(0);
    let (first, rest) = match time {
        time if time < MINUTE => (count(time / SECOND, "second"), None),
        time if time < HOUR => (count(time / MINUTE, "minute"), None),
        time if time < 2 * DAY => (count(time / HOUR, "hour"), Some((time % HOUR / MINUTE, "minute"))),
        time => (count(time / DAY, "day"), Some((time % DAY / HOUR, "hour"))),
    };
    match rest {
        Some((number, unit)) if number > 0 => format!("{first} {}", count(number, unit)),
        _ => first,
    }
}

/// A number of something: `1 task`, `2 tasks`.
pub(crate) fn count(number: i64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// An amount in US dollars: `$3.50`.
pub(crate) fn money(usd: f64) -> String {
    let sign = if usd < -0.004 { "-" } else { "" };
    format!("{sign}${:.2}", usd.abs())
}

/// The time of day: `14:33:05`.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    in_form(at, zone, "%H:%M:%S")
}

/// A moment, with its day where that is not the one of `now`: `14:33`, `11-23 14:33`.
pub(crate) fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let day = |at| in_form(at, zone, "%Y-%m-%d");
    in_form(at, zone, if day(at) == day(now) { "%H:%M" } else { "%m-%d %H:%M" })
}

fn in_form(at: Timestamp, zone: &TimeZone, form: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis());
    at.map_or_else(|_| "-".to_owned(), |at| at.to_zoned_datetime(zone.clone()).strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_or_in_words() {
        for (millis, expected, said) in [
            (-5, "0s", "0 seconds"),
            (1999, "1s", "1 second"),
            (59 * MINUTE, "59m", "59 minutes"),
            (HOUR + 5 * MINUTE, "1h", "1 hour 5 minutes"),
            (47 * HOUR, "47h", "47 hours"),
            (3 * DAY + HOUR, "3d", "3 days 1 hour"),
            (i64::MAX, "999d", "106751991167 days 7 hours"),
        ] {
            assert_eq!((short(millis).as_str(), words(millis).as_str()), (expected, said));
        }
    }

    #[test]
    fn moments_and_money() {
        let now = Timestamp::from_millis(1_795_876_403_042);
        let utc = TimeZone::UTC;
        assert_eq!(clock(now, &utc), "14:33:23");
        assert_eq!(moment(now.after_ms(60_000), now, &utc), "14:34");
        assert_eq!(moment(now.after_ms(86_400_000), now, &utc), "11-29 14:33");
        assert_eq!(
            (money(3.5), money(-0.001), money(-2.0)),
            ("$3.50".into(), "$0.00".into(), "-$2.00".into())
        );
    }
}
