//! The programs that run as agents: where they are, what keeps them from being started, and what their output says.
//!
//! Nothing here knows the store, the engine or a runtime: [`find_program`] looks for the configured command, and [`claude`] reads what the
//! real `claude -p` writes.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod claude;
mod program;

pub use program::find_program;
