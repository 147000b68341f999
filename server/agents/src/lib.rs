//! The programs that run as agents: where they are, what keeps them from being started, and what their output says.
//!
//! The crate does not know the store, the engine or a runtime: [`find_program`] looks for the configured command,
//! [`program_of`] says which
//! [`AgentProgram`] reads what it writes.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod claude;
pub mod codex;
pub mod command;
pub mod evaluation;
mod find;
pub mod gemini;
mod lenient;
pub mod limit;
mod lines;
mod numbers;
pub mod opencode;
pub mod plain;
pub mod price;
mod program;
mod programs;
mod prose;
pub mod reason;
mod reporter;

pub use command::{Capabilities, CommandError, Invocation, OwnSettings, Prompt, Session};
pub use find::find_program;
pub use price::Spent;
pub use program::{AgentProgram, PreviousTotal, WorkWatch};
pub use programs::{program_named, program_of};
pub use reason::{Reason, RefusedTasks};
