//! Signals over the moment in which the daemon becomes the next one: its handlers are gone by then, and the next one's not there yet.

use std::io;

use nix::sys::signal::{SigSet, Signal};

/// Those that would end a process without handlers.
fn ours() -> SigSet {
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect()
}

/// Has them wait, over an `exec` as well, until [`release_signals`].
///
/// # Errors
/// What the system says.
pub fn hold_signals() -> io::Result<()> {
    Ok(ours().thread_block()?)
}

/// Has those that have waited handled.
///
/// # Errors
/// What the system says.
pub(crate) fn release_signals() -> io::Result<()> {
    Ok(ours().thread_unblock()?)
}
