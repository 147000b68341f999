//! What the server reads from others, each with a function that tries one input on it: it panics where the input shows a fault.
//!
//! `tests/inputs.rs` tries the seeds and what comes of them by mutation; `scripts/fuzz` searches for more with libFuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod config;
mod ignore;
mod index;
mod output;
mod patterns;
mod records;
mod rows;
mod schedules;
mod templates;
mod topics;

pub use self::{
    config::config, ignore::ignore, index::index, output::output, patterns::patterns, records::records,
    rows::rows, schedules::schedules, templates::templates, topics::topics,
};
