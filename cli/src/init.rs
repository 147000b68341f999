//! Being process 1, as in a container: somebody there has to reap what others leave behind, and to pass signals on, since the kernel keeps
//! from process 1 all those that it does not handle.

use std::{
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus},
};

use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, wait};
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2},
    iterator::Signals,
};

use crate::error::CliError;

/// True if this is process 1.
pub(crate) fn is_init() -> bool {
    getpid().is_init()
}

/// Runs this command line again in a child, and looks after it until it has ended. Gives how it did.
///
/// The whole container ends with process 1, so this one must be there until the last.
pub(crate) fn look_after_a_child() -> Result<ExitStatus, CliError> {
    // From before there is a child, so that none of its signals is missed.
    let mut signals = Signals::new([SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2])?;
    let mut arguments = std::env::args_os();
    arguments.next();
    // A container that is restarted has the terminal of the first time, and nobody at it.
    let unattended = (!std::env::args_os().any(|word| word == "--attended")).then_some("--unattended");
    #[allow(clippy::zombie_processes)] // Below, together with all others.
    let child = Command::new(std::env::current_exe()?).args(arguments).args(unattended).spawn()?;
    let child = Pid::from_child(&child);
    for signal in signals.forever() {
        if signal != SIGCHLD {
            if let Some(signal) = Signal::from_named_raw(signal) {
                // It may just have ended.
                let _ = kill_process(child, signal);
            }
            continue;
        }
        while let Ok(Some((ended, status))) = wait(WaitOptions::NOHANG) {
            if ended == child {
                return Ok(ExitStatus::from_raw(status.as_raw()));
            }
        }
    }
    Err(CliError::Failed("process 1 receives no signals any more".to_owned()))
}
