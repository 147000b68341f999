//! A real shim process with real agents, as a daemon would have them.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod bounds;
mod ending;
mod environment;
mod input;
mod locking;
mod output;
mod records;
mod start;
mod start_up;
mod storing;
mod support;
mod surviving;
mod sweeping;
