//! Why an agent could not be started, and what to do about it.

use std::io;

use aiwg_fs::is_shortage;
use aiwg_protocol::config::AgentConfig;
use aiwg_shim::SpawnError;

use crate::{
    profiles,
    runs::{Shared, launch::End, outcome::could_not_start, shortage::what_to_do},
};

/// The end of what cannot be started for a reason of the daemon's own: it has failed, unless the system is only short of something.
pub(super) fn not_started(error: &io::Error) -> End {
    if is_shortage(error) {
        End::NotStarted(format!("{error}: {}", what_to_do(error.kind())))
    } else {
        End::of(could_not_start(error))
    }
}

/// Why no task can have a directory, and what to do about it.
pub(super) fn no_place(error: &io::Error, shared: &Shared) -> String {
    if is_shortage(error) {
        return format!("{error}: {}", what_to_do(error.kind()));
    }
    let dir = shared.context.project.actions_dir();
    format!("{error}: see that {} is a directory which the daemon may write to", dir.display())
}

/// Why the shim could not start the agent for now, and what to do about it.
pub(super) fn lacks(error: &SpawnError, agent: &AgentConfig) -> String {
    if error.is_being_written() {
        let program = agent.command.first().map_or("", String::as_str);
        return format!(
            "{program:?} is being written to, by an update say: let that come to its end, or end it"
        );
    }
    if error.is_lease_over() {
        return format!(
            "{}: the store has not heard of this host for too long; it is said to it again each 10 seconds",
            error.message
        );
    }
    format!("{}: {}", error.message, what_to_do(io::Error::from_raw_os_error(error.errno).kind()))
}

/// The configuration had the profile when the task was to start, and has been reloaded since.
pub(super) fn no_profile(name: Option<&str>) -> io::Error {
    io::Error::other(profiles::no_profile(name.unwrap_or_default()))
}
