//! Checks of a pattern before anything parses it.

use crate::{
    error::{Limit, PatternError},
    limits::{DEEPEST, MOST_ALTERNATIVES},
};

/// Checks that a pattern may be parsed at all.
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
