//! Schedules.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod field;
mod next;
mod schedule;
mod stretch;
mod text;

pub use error::ParseError;
pub use field::Field;
pub use schedule::Schedule;
pub use text::{TextError, rfc3339, time, time_zone};
