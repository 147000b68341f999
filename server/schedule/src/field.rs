//! One of the five fields: a list of numbers, ranges and steps.

use std::fmt;

/// One of the five fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// From 0 to 59.
    Minute,
    /// From 0 to 23.
    Hour,
    /// From 1 to 31.
    DayOfMonth,
    /// From 1 to 12, or `jan` to `dec`.
    Month,
    /// From 0 to 7, where both 0 and 7 are Sunday, or `sun` to `sat`.
    DayOfWeek,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    /// The least and the greatest number.
    pub(crate) const fn bounds(self) -> (u8, u8) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    /// The names of its numbers, beginning with the least.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &DAYS,
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
        }
    }

    /// Values that may be written in it, besides `*`.
    const fn allowed(self) -> &'static str {
        match self {
            Self::Minute => "a number from 0 to 59",
            Self::Hour => "a number from 0 to 23",
            Self::DayOfMonth => "a number from 1 to 31",
            Self::Month => "a number from 1 to 12 or a name from jan to dec",
            Self::DayOfWeek => "a number from 0 to 7 or a name from sun to sat",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

/// The numbers that a field allows, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Set(u64);

impl Set {
    pub(crate) fn has(self, number: u8) -> bool {
        number < 64 && self.0 & (1 << number) != 0
    }

    /// The least number in it that is not less than this one.
    pub(crate) fn at_least(self, number: u8) -> Option<u8> {
        let rest = if number < 64 { self.0 >> number << number } else { 0 };
        (rest != 0).then(|| rest.trailing_zeros() as u8)
    }
}

/// Content of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) numbers: Set,
    /// True if its first character is `*`. Debian's cron asks no more than that, so `*/2` counts and `0,*` does not.
    pub(crate) star: bool,
}

/// Reads a field whose first character is the expression's `position`th, from 1.
pub(crate) fn parse(field: Field, text: &str, position: usize) -> Result<Parsed, ParseError> {
    let mut bits = 0;
    let mut at = position;
    for item in text.split(',') {
        bits |= Item { field, text: item, position: at }.numbers()?;
        at += item.chars().count() + 1;
    }
    if field == Field::DayOfWeek && bits & (1 << 7) != 0 {
        bits = bits & !(1 << 7) | 1;
    }
    Ok(Parsed { numbers: Set(bits), star: text.starts_with('*') })
}

/// The text between two commas.
struct Item<'a> {
    field: Field,
    text: &'a str,
    position: usize,
}

impl Item<'_> {
    fn numbers(&self) -> Result<u64, ParseError> {
        let (range, step) = match self.text.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (self.text, None),
        };
        let (first, last) = self.range(range, step)?;
        let step = match step {
            Some(step) => self.step(step, range.chars().count() + 1)?,
            None => 1,
        };
        Ok((first..=last).step_by(step).fold(0, |bits, number| bits | 1 << number))
    }

    fn range(&self, range: &str, step: Option<&str>) -> Result<(u8, u8), ParseError> {
        if range == "*" {
            return Ok(self.field.bounds());
        }
        if let Some((first, last)) = range.split_once('-') {
            let after_hyphen = first.chars().count() + 1;
            let (from, to) = (self.number(first, 0)?, self.number(last, after_hyphen)?);
            return if from <= to { Ok((from, to)) } else { Err(self.backwards(range, from, to)) };
        }
        let number = self.number(range, 0)?;
        match step {
            None => Ok((number, number)),
            Some(step) => {
                let (_, last) = self.field.bounds();
                Err(self.error(
                    0,
                    format!("a step needs a range or `*` before it, as in `{range}-{last}/{step}`"),
                ))
            }
        }
    }

    /// A number from 1, which may be greater than the range: then only the first of it is left, as in Debian's cron.
    fn step(&self, text: &str, offset: usize) -> Result<usize, ParseError> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(step) if digits && step > 0 => Ok(step),
            _ => Err(self.error(offset, format!("`{}` is no step: it is a number from 1", shown(text)))),
        }
    }

    fn number(&self, text: &str, offset: usize) -> Result<u8, ParseError> {
        let (least, greatest) = self.field.bounds();
        if let Some(index) = self.field.names().iter().position(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(least + index as u8);
        }
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return match text.parse() {
                Ok(number) if (least..=greatest).contains(&number) => Ok(number),
                _ => Err(self.error(offset, format!("{} is not from {least} to {greatest}", shown(text)))),
            };
        }
        Err(self.error(offset, self.no_number(text)))
    }

    /// The error for text that is neither a number nor a name of the field.
    fn no_number(&self, text: &str) -> String {
        let allowed = self.field.allowed();
        let begins = |name: &&&str| text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if text.is_empty() {
            return format!("something is missing here: {allowed}");
        }
        if text == "?" {
            return "`?` is not crontab's: write `*`".to_owned();
        }
        if let Some(name) = self.field.names().iter().find(begins) {
            return format!("`{}` is not a name: its first three letters are, `{name}`", shown(text));
        }
        format!("`{}` is not {allowed}", shown(text))
    }

    fn backwards(&self, range: &str, from: u8, to: u8) -> ParseError {
        let (least, greatest) = self.field.bounds();
        let instead = match self.field {
            Field::DayOfWeek if to == 0 => format!("{from}-7"),
            Field::DayOfWeek if from == 7 => format!("0-{to}"),
            Field::DayOfWeek => format!("{from}-6,0-{to}"),
            _ => format!("{from}-{greatest},{least}-{to}"),
        };
        self.error(0, format!("the range {range} runs backwards: write `{instead}`"))
    }

    fn error(&self, offset: usize, problem: String) -> ParseError {
        ParseError { field: Some(self.field), position: self.position + offset, problem }
    }
}

/// The typed text, cut off where it would drown the message, and without control characters that a terminal would obey.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(20).flat_map(char::escape_debug).collect();
    if text.chars().nth(20).is_some() {
        shown.push('…');
    }
    shown
}

/// An expression that crontab(5) does not have. Its text names the field, the character, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem} (character {position})", field.map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct ParseError {
    /// The field that it is in. None if the expression as a whole is at fault.
    pub field: Option<Field>,
    /// Position in the expression, in characters from 1.
    pub position: usize,
    /// The error, and what is allowed instead.
    pub problem: String,
}

impl ParseError {
    /// The whole expression is at fault.
    pub(crate) fn whole(position: usize, problem: impl Into<String>) -> Self {
        Self { field: None, position, problem: problem.into() }
    }
}
