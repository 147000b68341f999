//! The numbers of tasks.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A task's number: `task-0001` is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskNo(pub u64);

impl fmt::Display for TaskNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task-{:04}", self.0)
    }
}

impl FromStr for TaskNo {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text
            .strip_prefix("task-")
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
            .ok_or(())?;
        let no = Self(digits.parse().map_err(|_| ())?);
        // Only the one spelling: `task-1` is not an id.
        (no.to_string() == text).then_some(no).ok_or(())
    }
}
