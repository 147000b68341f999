//! The wire, with a function for each part that tries one input on it: it panics where the input shows a fault.
//!
//! `tests/inputs.rs` tries the seeds and what comes of them by mutation; `scripts/fuzz` searches for more with libFuzzer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lines;
mod mutation;
mod transport;

pub use self::{
    lines::lines,
    mutation::{Target, text},
    transport::transport,
};
