//! Lines of ignore files, for the crate `ignore`, which gives them to globset.

use std::borrow::Cow;

use crate::{
    check::check,
    error::{Limit, PatternError},
    limits::LONGEST_LINE,
};

/// Checks that a line of an ignore file may be parsed, where braces in it are alternatives.
///
/// # Errors
/// It is more than a line may be.
pub fn check_ignore_line(line: &str) -> Result<(), PatternError> {
    check(line, LONGEST_LINE)
}

/// A line of an ignore file in which braces stand for themselves, as git has it: however many there are, they nest nothing.
///
/// # Errors
/// It is longer than a line may be.
pub fn literal_braces(line: &str) -> Result<Cow<'_, str>, PatternError> {
    if line.len() > LONGEST_LINE {
        return Err(PatternError::over(line, Limit::Length { bytes: line.len(), most: LONGEST_LINE }));
    }
    if !line.contains(['{', '}']) {
        return Ok(Cow::Borrowed(line));
    }
    let mut escaped = String::with_capacity(line.len() * 2);
    let mut rest = line;
    while let Some(character) = rest.chars().next() {
        // In a class, and after a backslash, they stand for themselves anyway.
        let whole = match character {
            '\\' => character.len_utf8() + rest.chars().nth(1).map_or(0, char::len_utf8),
            '[' => class(rest).unwrap_or(1),
            _ => character.len_utf8(),
        };
        if matches!(character, '{' | '}') {
            escaped.push('\\');
        }
        let (piece, after) = rest.split_at(whole);
        escaped.push_str(piece);
        rest = after;
    }
    Ok(Cow::Owned(escaped))
}

/// The length of the class that a text begins with, in bytes. None where it has no end: then the bracket stands for itself.
pub(crate) fn class(text: &str) -> Option<usize> {
    let mut inner = text.char_indices().skip(1).peekable();
    inner.next_if(|(_, c)| matches!(c, '!' | '^'));
    // A bracket that comes first is a member of the class.
    inner.next_if(|(_, c)| *c == ']');
    inner.find(|(_, c)| *c == ']').map(|(at, _)| at + 1)
}
