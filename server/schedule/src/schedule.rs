//! An expression, and which local times it means.

use std::{fmt, str::FromStr};

use jiff::civil::{Date, DateTime};

use crate::{
    field::ParseError,
    field::{Field, Parsed, parse},
};

/// Times at which a job is to run: the first five fields of a line of a crontab, or `@daily` and the like.
///
/// Two are equal if they are written alike.
#[derive(Debug, Clone)]
pub struct Schedule {
    written: String,
    minute: Parsed,
    hour: Parsed,
    day_of_month: Parsed,
    month: Parsed,
    day_of_week: Parsed,
}

/// The words that stand for five fields.
const WORDS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl FromStr for Schedule {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let written = text.trim_matches(BLANK);
        let fields = if written.starts_with('@') { meaning(written)? } else { text };
        let [minute, hour, day_of_month, month, day_of_week] = five(fields)?;
        Ok(Self { written: written.to_owned(), minute, hour, day_of_month, month, day_of_week })
    }
}

/// As it was written, but for blanks around it.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Schedule {}

/// Maximum number of days in each month.
const LONGEST_MONTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Characters that may be between fields.
const BLANK: [char; 2] = [' ', '\t'];

/// The five fields that a word stands for.
fn meaning(word: &str) -> Result<&'static str, ParseError> {
    if let Some((_, fields)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Ok(fields);
    }
    if word == "@reboot" {
        return Err(ParseError::whole(
            1,
            "@reboot is not a time that comes round, so nothing can be scheduled for it",
        ));
    }
    let known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    Err(ParseError::whole(1, format!("only these words stand for five fields: {}", known.join(" "))))
}

fn five(text: &str) -> Result<[Parsed; 5], ParseError> {
    let fields = split(text);
    let &[minute, hour, day_of_month, month, day_of_week] = fields.as_slice() else {
        return Err(not_five(&fields));
    };
    let read = |field, (position, text)| parse(field, text, position);
    Ok([
        read(Field::Minute, minute)?,
        read(Field::Hour, hour)?,
        read(Field::DayOfMonth, day_of_month)?,
        read(Field::Month, month)?,
        read(Field::DayOfWeek, day_of_week)?,
    ])
}

/// The fields, each with the position of its first character, from 1.
fn split(text: &str) -> Vec<(usize, &str)> {
    let mut position = 1;
    let mut fields = Vec::new();
    for field in text.split(BLANK) {
        if !field.is_empty() {
            fields.push((position, field));
        }
        position += field.chars().count() + 1;
    }
    fields
}

fn not_five(fields: &[(usize, &str)]) -> ParseError {
    const NEEDED: &str = "a schedule has five fields: minute, hour, day of month, month, day of week";
    let count = fields.len();
    let Some(&(position, _)) = fields.get(5) else {
        let end = fields.last().map_or(1, |(position, text)| position + text.chars().count());
        return ParseError::whole(end, format!("{NEEDED}; here are {count}"));
    };
    let text: Vec<&str> = fields.iter().skip(1).take(5).map(|(_, text)| *text).collect();
    let without_first = text.join(" ");
    if count <= 7 && five(&without_first).is_ok() {
        let problem =
            format!("{NEEDED}; a crontab has no field for seconds or years: is it `{without_first}`?");
        return ParseError::whole(1, problem);
    }
    ParseError::whole(position, format!("{NEEDED}; here are {count}"))
}

impl Schedule {
    /// True if it goes by elapsed time, so that a change to or from daylight saving time needs no care: Debian's cron
    /// says so of a job with `*` in front in the field of the minute or in that of the hour.
    pub(crate) fn is_wildcard(&self) -> bool {
        self.minute.star || self.hour.star
    }

    /// True if there is a day that it means, in any year: the 30th of February never comes. On each day that comes round every weekday
    /// falls some time.
    #[must_use]
    pub fn comes_round(&self) -> bool {
        let is_by_weekday = !self.day_of_month.star && !self.day_of_week.star;
        let days = LONGEST_MONTHS.into_iter().zip(1..).filter(|(_, month)| self.month.numbers.has(*month));
        is_by_weekday
            || days.map(|(days, _)| days).any(|days| (1..=days).any(|day| self.day_of_month.numbers.has(day)))
    }

    /// Both fields of the day must agree if one of them begins with `*`; otherwise it is enough that one does.
    fn has_day(&self, date: Date) -> bool {
        let day_of_month = self.day_of_month.numbers.has(date.day() as u8);
        let day_of_week = self.day_of_week.numbers.has(date.weekday().to_sunday_zero_offset() as u8);
        if self.day_of_month.star || self.day_of_week.star {
            day_of_month && day_of_week
        } else {
            day_of_month || day_of_week
        }
    }

    /// The first minute that it means of those that begin at `from` or later, and before `end`, by a clock on the wall
    /// that nobody sets.
    pub(crate) fn first_minute(&self, from: DateTime, end: DateTime) -> Option<DateTime> {
        let from = whole_minute(from)?;
        let mut date = from.date();
        let (mut hour, mut minute) = (from.hour() as u8, from.minute() as u8);
        while date <= end.date() {
            if !self.month.numbers.has(date.month() as u8) {
                date = date.last_of_month().tomorrow().ok()?;
            } else if let Some((hour, minute)) =
                self.has_day(date).then(|| self.time_of_day(hour, minute)).flatten()
            {
                let found = date.at(hour as i8, minute as i8, 0, 0);
                return (found < end).then_some(found);
            } else {
                date = date.tomorrow().ok()?;
            }
            (hour, minute) = (0, 0);
        }
        None
    }

    /// The first time of day that it means, of those that are not before this one.
    fn time_of_day(&self, hour: u8, minute: u8) -> Option<(u8, u8)> {
        let minutes = self.minute.numbers;
        if let Some(minute) = minutes.at_least(minute).filter(|_| self.hour.numbers.has(hour)) {
            return Some((hour, minute));
        }
        Some((self.hour.numbers.at_least(hour + 1)?, minutes.at_least(0)?))
    }
}

/// This time if a minute begins at it, otherwise the beginning of the next one. None at the end of time.
fn whole_minute(time: DateTime) -> Option<DateTime> {
    let begun = time.date().at(time.hour(), time.minute(), 0, 0);
    if begun == time { Some(time) } else { begun.checked_add(jiff::SignedDuration::from_mins(1)).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_comes_round_is_known_without_a_search() {
        for (month, day) in (1..=12).flat_map(|month| (1..=31).map(move |day| (month, day))) {
            let comes = (2000..2004).any(|year| Date::new(year, month, day).is_ok());
            let schedule =
                |day_of_week: &str| format!("0 0 {day} {month} {day_of_week}").parse::<Schedule>().unwrap();
            assert_eq!(schedule("*").comes_round(), comes, "{month} {day}");
            assert_eq!(schedule("*/3").comes_round(), comes, "{month} {day}");
            // It is enough that the weekday agrees.
            assert!(schedule("1").comes_round(), "{month} {day}");
        }
        for (text, comes) in [
            ("* * 30,31 2 *", false),
            ("* * 30 2,3 *", true),
            ("* * 31 4-6/2,9,11 *", false),
            ("* * */31 2 *", true),
        ] {
            assert_eq!(text.parse::<Schedule>().unwrap().comes_round(), comes, "{text}");
        }
    }
}
