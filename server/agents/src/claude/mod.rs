//! Reads an agent's output.
//!
//! With `--output-format json` or `stream-json --verbose`, `claude -p` reports how its work ended, its answer and its cost; its exit
//! code alone does not. This module reads that output and evaluates it. It knows nothing of the store and the engine:
//! [`Format::of`] the configured command, [`read`] the file once the agent has ended (or [`ResultWatch`] it before), and
//! [`evaluate`] it together with how the process ended.
//!
//! ```no_run
//! use aiwg_agents::claude::{Exit, Format, evaluate, read};
//!
//! let command = ["claude", "-p", "--output-format", "json"].map(str::to_owned);
//! let output = read("stdout.log".as_ref(), 0, Format::of(&command))?;
//! let exit = Exit { code: Some(0), ..Exit::default() };
//! let evaluation = evaluate(&exit, &output, |_session| None);
//! # std::io::Result::Ok(())
//! ```
//!
//! Memory is bounded: the output is read line by line, and of a line over [`LONGEST_LINE`] no more is held than what is used.

mod command;
mod deferred;
mod denial;
mod evaluate;
mod format;
mod hook;
mod limits;
mod message;
mod output;
mod program;
mod read;
mod reason;
mod received;
mod rule;
mod scanner;
mod settings;
mod spent;
mod totals;
mod watch;

pub use evaluate::evaluate;
pub use format::Format;
pub use hook::{HookAnswer, HookCall, HookEvent, was_used};
pub use output::Output;
pub use program::Claude;
pub use read::read;
pub use rule::rule;
pub use scanner::LONGEST_LINE;
pub use settings::ASKING_SECONDS;
pub use watch::{Progress, ResultWatch};

pub use crate::evaluation::{Denial, Evaluation, Exit, Tokens, Usage};
