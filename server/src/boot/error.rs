//! The reasons for which a daemon does not start, in words.

use std::{io, path::PathBuf};

use crate::{
    config::ConfigError,
    lifecycle::{Holder, Phase},
    place::NoAddress,
    recovery::RecoveryError,
    state::StateError,
};

/// The reason for which the daemon did not start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The project's directory cannot be used.
    #[error("the project {path} cannot be used: {source}", path = path.display())]
    Project {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The project is a linked work tree of another one.
    #[error(
        "{project} is a linked work tree of {main}, with a copy of its configuration, so every rule would do its work twice: start the daemon in {main}, \
         or here with `aiwg daemon start --in-worktree`",
        project = project.display(), main = main.display()
    )]
    InWorktree {
        /// The directory.
        project: PathBuf,
        /// The main work tree.
        main: PathBuf,
    },
    /// Another daemon holds the project's lock.
    #[error("{}", already_running(holder.as_ref(), *answers))]
    AlreadyRunning {
        /// The daemon that holds it, as far as it is known.
        holder: Option<Holder>,
        /// True if it answers at its socket.
        answers: bool,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The state in the project was not made here, or cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The address of the store is none.
    #[error(transparent)]
    Address(#[from] NoAddress),
    /// The database cannot be used.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// An agent asks for something that only a person may do.
    #[error("this is a process of an agent, which {0}")]
    NotAnAgents(&'static str),
    /// A call of the system failed.
    #[error("{what}: {source}")]
    System {
        /// The operation that failed.
        what: String,
        /// The reason.
        source: io::Error,
    },
}

fn already_running(holder: Option<&Holder>, answers: bool) -> String {
    let process = holder.map_or_else(String::new, |holder| format!(": process {}", holder.process.pid));
    match holder.map(|holder| holder.phase) {
        Some(Phase::Stops) => format!("the daemon of this project is still stopping{process}"),
        Some(Phase::Restarts) => format!("the daemon of this project is just being restarted{process}"),
        Some(Phase::Moves) => {
            format!("the store of this project is just being moved to another place{process}; start it once that is over")
        }
        _ if answers => {
            format!("a daemon already runs for this project{process}; `aiwg daemon status` shows it")
        }
        Some(Phase::Runs) => format!(
            "a daemon holds this project's lock{process}, but nothing answers at its socket: if it does not within some seconds, \
             `aiwg daemon stop` ends it"
        ),
        None => "a daemon holds this project's lock, but its files were removed, and nothing answers at its socket: it ends within some \
                 seconds, when it notices that"
            .to_owned(),
    }
}

pub(super) fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> BootError {
    let what = what.into();
    move |source| BootError::System { what, source }
}
