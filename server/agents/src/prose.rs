//! Errors that programs tell in sentences for people.

use crate::{limit::LocalTime, reason::Reason};

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

/// The time after the last of these words, as `8:48 AM` or `Dec 4th, 2026 6:48 AM`.
pub(crate) fn time_after(text: &str, words: &str) -> Option<LocalTime> {
    let (_, rest) = text.rsplit_once(words)?;
    let mut rest = rest.split_whitespace();
    let first = rest.next()?;
    if let Some((hour, minute)) = first.split_once(':') {
        return time(None, hour, minute, rest.next()?);
    }
    let date = date(first, rest.next()?, rest.next()?)?;
    let (hour, minute) = rest.next()?.split_once(':')?;
    time(Some(date), hour, minute, rest.next()?)
}

fn time(date: Option<(u16, u8, u8)>, hour: &str, minute: &str, half: &str) -> Option<LocalTime> {
    let afternoon = match half.trim_end_matches('.').to_ascii_lowercase().as_str() {
        "am" => 0,
        "pm" => 12,
        _ => return None,
    };
    let hour: u8 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let minute = minute.parse().ok().filter(|minute| *minute < 60)?;
    Some(LocalTime { date, hour: hour % 12 + afternoon, minute })
}

/// A date as `Dec`, `4th,` and `2026`.
fn date(month: &str, day: &str, year: &str) -> Option<(u16, u8, u8)> {
    let name = month.get(..3)?.to_ascii_lowercase();
    let month = (1..).zip(MONTHS).find(|(_, known)| *known == name)?.0;
    let day = day.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    let year = year.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    Some((year, month, day.filter(|day| (1..=31).contains(day))?))
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
        let after = |text: &str| time_after(text, "try again at ");
        let local = |date, hour, minute| Some(LocalTime { date, hour, minute });
        assert_eq!(after("or try again at 5:36 PM."), local(None, 17, 36));
        assert_eq!(after("try again at 12:05 AM"), local(None, 0, 5));
        assert_eq!(after("try again at 12:05 pm. Bye"), local(None, 12, 5));
        assert_eq!(after("try again at Dec 4th, 2026 6:48 AM."), local(Some((2026, 12, 4)), 6, 48));
        assert_eq!(after("try again at February 22nd, 2027 11:00 PM."), local(Some((2027, 2, 22)), 23, 0));
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
            assert_eq!(time_after(&format!("try again at {odd}"), "try again at "), None, "{odd}");
        }
    }

    #[test]
    fn a_number_is_found() {
        assert_eq!(number_after("last status: 429 Too Many", "status: "), Some(429));
        assert_eq!(number_after("status: x", "status: "), None);
        assert_eq!(number_after("status: 99999999999999999999999", "status: "), None);
    }
}
