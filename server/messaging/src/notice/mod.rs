//! Notices: what is said about events without being asked, and when.

mod fold;
mod pace;
mod report;
mod request;
mod template;
mod words;

pub use fold::fold;
pub use pace::{Given, Pace, Planned};
pub use request::requested;
pub use template::{Template, WrongTemplate};
pub use words::{minute, notice};

use serde::{Deserialize, Serialize};

use crate::{text::Styled, words::Button};

/// The topics that notices are about where the configuration names none.
pub const USUAL_TOPICS: [&str; 9] = [
    "task:failed",
    "task:timeout",
    "approval:requested",
    "approval:timeout",
    "budget:*",
    "health:degraded",
    "automation:tripped",
    "agent:limited",
    "daemon:report",
];

/// The severity of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Someone should look at it.
    Warning,
    /// Nothing goes on without someone.
    Critical,
}

impl Severity {
    /// All of them, from the lowest on.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// Its place among them, from 1 on.
    pub const fn level(self) -> u8 {
        match self {
            Self::Info => 1,
            Self::Warning => 2,
            Self::Critical => 3,
        }
    }
}

/// A notice about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its severity.
    pub severity: Severity,
    /// Its text.
    pub text: Styled,
    /// The buttons under it.
    pub buttons: Vec<Button>,
}
