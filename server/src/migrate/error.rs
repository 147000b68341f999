//! The reasons for which a store is not moved, in words.

use std::{io, path::PathBuf};

use aiwg_store::{ErrorKind, StoreError};

use crate::{lifecycle::Holder, recovery::RecoveryError, state::StateError};

/// The number of tables that are named in an error.
const NAMED: usize = 4;

/// The reason for which a store was not moved. It is where it was.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The project's directory cannot be used.
    #[error("the project {path} cannot be used: {source}", path = path.display())]
    Project {
        /// The directory.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// An agent asks for it.
    #[error("this is a process of an agent, which may not move the store of its project; a person may")]
    NotAPersons,
    /// The destination is none.
    #[error("--to {0}; or \"sqlite\", for the project's own directory")]
    Address(String),
    /// The project has never had a daemon.
    #[error(
        "there is nothing to move: {} is not there, so no daemon has been here yet. Have the configuration name the store (\"store\"), and start the daemon",
        .0.display()
    )]
    NothingThere(PathBuf),
    /// The lock cannot be taken.
    #[error("the lock {path} could not be taken: {source}", path = path.display())]
    Lock {
        /// The lock's file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A daemon runs.
    #[error("{}", runs(.0.as_ref()))]
    Runs(Option<Holder>),
    /// Agents run.
    #[error(
        "agents still run, those of {}, and would go on with what they know of the store before: `aiwg daemon start` goes on with them; let them end, or cancel them, \
         then `aiwg daemon stop`, and move the store",
        .0.join(", ")
    )]
    AgentsLive(Vec<String>),
    /// Whether agents run is not known.
    #[error("whether agents still run is not known: {source}")]
    Actions {
        /// The reason.
        source: io::Error,
    },
    /// The state is not this directory's own, or cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The database in the directory is damaged.
    #[error("the database {} is damaged ({why}): `aiwg daemon start` sets it aside, and says what to do", database.display())]
    Damaged {
        /// The database.
        database: PathBuf,
        /// The evidence.
        why: String,
    },
    /// The other place has something in it.
    #[error("{}", not_empty(place, found))]
    NotEmpty {
        /// The place.
        place: String,
        /// What is there.
        found: Vec<(&'static str, u64)>,
    },
    /// Nobody says how the store is reached.
    #[error(
        "the store is in {0}, and neither AIWG_STORE nor \"store\" of the configuration has its address: set AIWG_STORE to that, and try again"
    )]
    NoAddress(String),
    /// One of the stores cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It has begun, and one of the stores could not be read or written.
    #[error(
        "the store could not be moved from {from} to {to}: {source}. It is where it was, {from}; once that is mended, the same command begins again"
    )]
    Broken {
        /// Where it was.
        from: String,
        /// Where it was to be.
        to: String,
        /// The reason.
        source: StoreError,
    },
    /// The notes of the host cannot be read or written.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// Anything else that stands against it.
    #[error("{0}")]
    Refused(String),
}

impl MigrateError {
    /// The same, of a move between these places.
    pub(super) fn between(self, from: &str, to: &str) -> Self {
        match self {
            Self::Store(source) if source.kind() != ErrorKind::Foreign => {
                Self::Broken { from: from.to_owned(), to: to.to_owned(), source }
            }
            other => other,
        }
    }
}

pub(super) fn refused(why: impl Into<String>) -> MigrateError {
    MigrateError::Refused(why.into())
}

pub(super) fn cannot(what: &'static str) -> impl FnOnce(io::Error) -> MigrateError {
    move |error| MigrateError::Refused(format!("{what}: {error}"))
}

pub(super) fn runs(holder: Option<&Holder>) -> String {
    use crate::lifecycle::Phase;
    let process = holder.map_or_else(String::new, |holder| format!(" (process {})", holder.process.pid));
    match holder.map(|holder| holder.phase) {
        Some(Phase::Moves) => format!("the store of this project is just being moved{process}"),
        _ => format!("the daemon of this project runs{process}: `aiwg daemon stop`, then move the store"),
    }
}

pub(super) fn not_empty(place: &str, found: &[(&'static str, u64)]) -> String {
    let named: Vec<String> = found.iter().take(NAMED).map(|(what, rows)| format!("{rows} {what}")).collect();
    let more = if found.len() > NAMED { ", ..." } else { "" };
    format!(
        "{place} is not empty, and nothing there is replaced: it holds {}{more}. Name another place, as by ?project=NAME, or look whether anybody needs that, and \
         remove it (docs/fleet.md says how)",
        named.join(", ")
    )
}
