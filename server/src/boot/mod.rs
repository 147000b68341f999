//! The daemon from its first moment to its last.
//!
//! [`run`] reads as its life: `prepare` takes the project, the lock and the configuration, and changes nothing that others see;
//! `start` builds the engine on the store, and the parts of the list in `parts` around it; `end` takes them down in order.

#[cfg(test)]
mod config_tests;
mod end;
mod error;
mod hang_up;
mod living;
mod options;
mod parts;
mod prepare;
mod signals;
mod start;

use aiwg_shim::Process;
use serde::{Deserialize, Serialize};

pub use self::{
    error::BootError,
    living::{is_running, last_holder, living_agents},
    options::Options,
    parts::{load_config, parse_config},
};
use self::{error::system, prepare::Prepared, signals::Signals, start::Daemon};
pub use crate::runs::{AGENT_ENV, TASK_ENV};
use crate::{
    allocator::give_back_what_is_large,
    lifecycle::{Lock, release_signals, report_ready},
};

/// The reason for which a daemon has ended.
#[derive(Debug)]
pub enum Ended {
    /// For good.
    Stopped,
    /// Since its project, or a file that it keeps there, was taken away: the report.
    Lost(String),
    /// Since it cannot go on, through a fault of its own: which.
    Failed(String),
    /// To restart, as the same process, which keeps the lock meanwhile: its agents go on, and are children of it.
    Restart(Lock),
}

/// A daemon that answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// Its process.
    pub pid: u32,
    /// Its socket.
    pub socket: String,
    /// The problems that a person should look at, although it runs.
    pub warnings: Vec<String>,
    /// The differences to the configuration that was in force before, a line each.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// Runs a daemon until it is stopped. `ready` is called once it answers.
///
/// # Errors
/// It could not start; nothing was changed then but for directories that were made.
pub async fn run(options: Options, ready: impl FnOnce(Ready)) -> Result<Ended, BootError> {
    give_back_what_is_large();
    Process::name_daemon();
    // First of all: while it restarts, as the same process, a signal may well come.
    let mut signals = Signals::receive()
        .and_then(|signals| release_signals().map(|()| signals))
        .map_err(system("signals cannot be received"))?;
    let daemon = Daemon::start(Prepared::by(&options)?, &options)?;
    daemon.look_at_files().await;
    report_ready();
    ready(daemon.ready());
    let how = daemon.until_asked_to_end(&mut signals).await;
    Ok(daemon.end(how, &mut signals).await)
}
