//! What an agent's output says about its work.
//!
//! `claude -p` tells with `--output-format json` or `stream-json --verbose` how its work ended, what it answered and what it cost; its exit
//! code alone does not. This module reads that output and judges by it. It knows nothing of the store and the engine:
//! [`Format::of`] the configured command, [`read`] the file once the agent has ended (or [`ResultWatch`] it before), and
//! [`judge`] what it says together with how the process ended.
//!
//! ```no_run
//! use aiwg_agents::claude::{Exit, Format, judge, read};
//!
//! let command = ["claude", "-p", "--output-format", "json"].map(str::to_owned);
//! let output = read("stdout.log".as_ref(), 0, Format::of(&command))?;
//! let exit = Exit { code: Some(0), ..Exit::default() };
//! let verdict = judge(&exit, &output, |_session| None);
//! # std::io::Result::Ok(())
//! ```
//!
//! Memory is bounded: the output is read line by line, and of a line over [`LONGEST_LINE`] no more is held than what is used.

mod denial;
mod format;
mod judge;
mod lenient;
mod message;
mod output;
mod read;
mod scanner;
mod watch;

pub use denial::Denial;
pub use format::Format;
pub use judge::{Exit, Usage, Verdict, judge};
pub use message::Tokens;
pub use output::Output;
pub use read::read;
pub use scanner::LONGEST_LINE;
pub use watch::{Progress, ResultWatch};
