//! What is wrong with an expression.

use crate::field::Field;

/// An expression that crontab(5) does not have. Its text names the field, the character, and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem} (character {position})", field.map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct ParseError {
    /// The field that it is in. None if the expression as a whole is at fault.
    pub field: Option<Field>,
    /// Which character of the expression, from 1.
    pub position: usize,
    /// What is wrong, and what is allowed instead.
    pub problem: String,
}

impl ParseError {
    /// The whole expression is at fault.
    pub(crate) fn whole(position: usize, problem: impl Into<String>) -> Self {
        Self { field: None, position, problem: problem.into() }
    }
}
