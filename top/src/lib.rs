//! What `aiwg top` runs: a view of what goes on, live, in a terminal.
//!
//! It is a client of the daemon as any other, a process of its own. What it shows is `state`: plain values, which a pure function
//! brings up to date with each message, and says what is to be done. `draw` is a pure function of that. `net` asks the daemons, and makes
//! messages of what they say; `terminal` takes the terminal and gives it back. Where there is no terminal, `plain` says in sentences what
//! changes.
//!
//! What agents, events and prompts say is text: `text` takes what would act on a terminal out of outputs, and shows it as escapes elsewhere,
//! before it is kept.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod draw;
mod format;
mod help;
mod layout;
mod message;
mod net;
mod plain;
mod screen;
mod sentence;
mod sixteen;
mod state;
mod terminal;
mod text;

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use jiff::tz::TimeZone;

/// The projects that are shown.
pub enum Projects {
    /// One of them.
    One {
        /// The name by which it is shown.
        name: String,
        /// The way to its daemon.
        options: aiwg_client::Options,
    },
    /// All with a daemon that runs, as this function finds them.
    All(Arc<dyn Fn() -> Vec<PathBuf> + Send + Sync>),
}

/// What makes of an agent's output what a person wants to read.
pub trait Reader: Send {
    /// Takes more of the output in, which may end anywhere, and gives what is to be read of it.
    fn read(&mut self, output: &str) -> String;

    /// The output has ended: what was still to be read.
    fn end(&mut self) -> String;

    /// Another output begins.
    fn begin_anew(&mut self);
}

/// A view to be.
pub struct Options {
    /// The projects.
    pub projects: Projects,
    /// The zone of the times that are shown.
    pub zone: TimeZone,
    /// True if the terminal shows other letters than ASCII.
    pub is_utf8: bool,
    /// True if there may be colours.
    pub is_colored: bool,
    /// Time within which a daemon must answer.
    pub timeout: Duration,
    /// What reads the outputs of agents.
    pub reader: fn() -> Box<dyn Reader>,
}

/// Shows it in the terminal of standard output, until the person leaves. Gives the exit code.
///
/// # Errors
/// The terminal cannot be taken, or written to.
pub fn show(options: Options) -> io::Result<u8> {
    runtime()?.block_on(screen::show(options))
}

/// Says in sentences what changes, one line each, until `say` fails.
///
/// # Errors
/// The error of `say`.
pub fn tell(options: Options, say: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    runtime()?.block_on(plain::tell(options, say))
}

/// What is drawn, or said, is so in this thread: the daemons are heard in another.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()
}
