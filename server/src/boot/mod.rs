//! The daemon from its first moment to its last.
//!
//! [`run`] is a daemon in a process of its own, [`embed`] one in another program. `live` reads as the life of both:
//! `prepare` takes the project, the lock and the configuration, and changes nothing that others see;
//! `start` builds the engine on the store, and the parts of the list in `parts` around it; `end` takes them down in
//! order.

#[cfg(test)]
mod config_tests;
mod end;
mod error;
mod hang_up;
mod living;
mod options;
mod parts;
mod prepare;
mod requests;
mod runtime;
mod signals;
mod start;
#[cfg(test)]
mod topics_tests;

use aiwg_shim::Process;
use futures::FutureExt;
use serde::{Deserialize, Serialize};

pub use self::{
    error::BootError,
    living::{is_running, last_holder, living_agents},
    options::Options,
    parts::{load_config, parse_config},
    runtime::runtime,
};
use self::{error::system, prepare::Prepared, requests::Requests, signals::Signals, start::Daemon};
pub use crate::runs::{AGENT_ENV, TASK_ENV};
use crate::{
    allocator::{give_back_what_is_free, give_back_what_is_large},
    code_pages,
    lifecycle::{Host, Lock, release_signals, report_ready},
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
    /// The other hosts that have its store, each with its name and place; empty where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares_with: Vec<String>,
}

/// Runs a daemon, as the process that calls it, until it is stopped. `ready` is called once it answers. The process is
/// the daemon's: its signals, traces, limits and orphans. To be called by its first thread, before there is another
/// one.
///
/// # Errors
/// It could not start; nothing was changed then but for directories that were made.
pub async fn run(options: Options, ready: impl FnOnce(Ready)) -> Result<Ended, BootError> {
    give_back_what_is_large();
    Process::name_daemon();
    // First of all: while it restarts, as the same process, a signal may well come.
    let signals = Signals::receive()
        .and_then(|signals| release_signals().map(|()| signals))
        .map_err(system("signals cannot be received"))?;
    live(Host::Own, Requests::Signals(signals), options, ready).await
}

/// Runs a daemon in a program with other purposes, until `stop` ends or a client stops it; its agents end with it then.
/// `ready` is called once it answers.
///
/// Nothing of the process is the daemon's, so that a program may run several. It takes no signals; its traces go to the
/// program's subscriber, and not into a `daemon.log`; the limit of open files stays; the service manager hears nothing
/// of it; and processes that a killed shim leaves behind go to process 1. [`Ended::Restart`] says that a client has
/// asked for a restart, which is the program's to carry out. Processes that the program starts itself are no clients
/// that the daemon could tell from its agents.
///
/// The program is also the shim of its agents, unless it is `aiwg`: where [`aiwg_shim::is_role`] and
/// [`Process::current_is_a_daemons`], its `main` does nothing but exit with [`aiwg_shim::run`].
///
/// # Errors
/// It could not start; nothing was changed then but for directories that were made.
pub async fn embed(
    options: Options,
    stop: impl Future<Output = ()>,
    ready: impl FnOnce(Ready),
) -> Result<Ended, BootError> {
    live(Host::Shared, Requests::Program(stop.boxed_local().fuse()), options, ready).await
}

async fn live(
    host: Host,
    mut requests: Requests<'_>,
    options: Options,
    ready: impl FnOnce(Ready),
) -> Result<Ended, BootError> {
    let daemon = Daemon::start(Prepared::by(&options, host)?, &options)?;
    daemon.look_at_files().await;
    daemon.look_at_status().await;
    report_ready(host);
    ready(daemon.ready().await);
    if host == Host::Own {
        // The start has needed more than the daemon that waits.
        give_back_what_is_free();
        code_pages::release();
    }
    let how = daemon.until_asked_to_end(&mut requests).await;
    Ok(daemon.end(how, &mut requests).await)
}
