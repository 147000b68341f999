//! Schedules against crontab(5), against two other implementations, and against clocks that are set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod alarm;
mod daylight;
mod errors;
mod oracle;
mod planner;
mod properties;
mod sentences;
mod support;
mod text;
