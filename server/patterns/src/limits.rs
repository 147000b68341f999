//! How much a pattern may be, looked at before anything parses it.

use crate::error::{Limit, PatternError};

/// The longest pattern, in bytes.
pub const LONGEST_PATTERN: usize = 1_024;

/// The longest line of an ignore file, in bytes. A path may have as many.
pub const LONGEST_LINE: usize = 4_096;

/// How deep braces may stand within braces. Each level is a level of recursion in what parses, writes and drops a pattern.
pub const DEEPEST: usize = 8;

/// The most alternatives of one pattern: the commas in its braces, counted as if all of them stood there.
pub const MOST_ALTERNATIVES: usize = 256;

/// The most patterns of one [`TopicFilter`](crate::TopicFilter).
pub const MOST_TOPICS: usize = 100;

/// Whether a pattern may be parsed at all.
pub(crate) fn check(pattern: &str, longest: usize) -> Result<(), PatternError> {
    if pattern.len() > longest {
        return Err(PatternError::over(pattern, Limit::Length { bytes: pattern.len(), most: longest }));
    }
    let mut depth = 0_usize;
    let mut alternatives = 0_usize;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            // Also where it stands in a class, and is none: too much is refused rather than too little.
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth > 0 => alternatives += 1,
            _ => {}
        }
        if depth > DEEPEST {
            return Err(PatternError::over(pattern, Limit::Depth));
        }
        if alternatives >= MOST_ALTERNATIVES {
            return Err(PatternError::over(pattern, Limit::Alternatives));
        }
    }
    Ok(())
}
