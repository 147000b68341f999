//! Signals over the moment in which the daemon becomes the next one: its handlers are gone by then, and the next one's not there yet.

use std::io;

use nix::sys::signal::{SigSet, Signal};

/// The signals that would end a process without handlers.
fn ours() -> SigSet {
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect()
}

/// Holds the signals back, over an `exec` as well, until `release_signals`.
///
/// # Errors
/// The system refuses it.
pub fn hold_signals() -> io::Result<()> {
    Ok(ours().thread_block()?)
}

/// Releases those that were held back.
///
/// # Errors
/// The system refuses it.
pub(crate) fn release_signals() -> io::Result<()> {
    Ok(ours().thread_unblock()?)
}
