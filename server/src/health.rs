//! What is not well, as everyone may report and `daemon.status` shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiwg_protocol::types::{self, HealthCheck, Issue, Timestamp};

/// The kinds of trouble. Each stands at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueKind {
    /// The database cannot be written.
    Storage,
    /// The database was, or is, damaged.
    Damage,
    /// No agents can be started, since the system is short of something.
    Shortage,
    /// Rows of the database cannot be read.
    Rows,
    /// Another daemon's tasks could not be taken over.
    Import,
    /// The configuration asks for what is not there.
    Config,
    /// The file of the configuration says something else than what is in force.
    ConfigChanged,
    /// A rule has tripped.
    Automation,
    /// `events/` could not be written.
    EventLog,
    /// `tasks.json` could not be written.
    TasksFile,
    /// `heartbeat` or `state.json` could not be written.
    StatusFiles,
    /// The log cannot be written or rotated.
    Log,
    /// Something else is in the place of the socket.
    Socket,
    /// The project is on a file system that others can write to as well.
    FileSystem,
    /// What the daemon stands on was taken away.
    Ground,
    /// Files cannot be watched as they should.
    Watch,
    /// The program that runs agents is not there.
    Agent,
    /// Connections could not be taken.
    Connections,
    /// There are as many connections as there may be, of all or of agents.
    ConnectionLimit,
    /// The action `health-check` has found something.
    HealthCheck,
}

impl IssueKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Storage => "storage",
            Self::Damage => "damage",
            Self::Shortage => "shortage",
            Self::Rows => "rows",
            Self::Import => "import",
            Self::Config => "config",
            Self::ConfigChanged => "config_changed",
            Self::Automation => "automation",
            Self::EventLog => "event_log",
            Self::TasksFile => "tasks_file",
            Self::StatusFiles => "status_files",
            Self::Log => "log",
            Self::Connections => "connections",
            Self::ConnectionLimit => "connection_limit",
            Self::Socket => "socket",
            Self::FileSystem => "file_system",
            Self::Ground => "ground",
            Self::Watch => "watch",
            Self::Agent => "agent",
            Self::HealthCheck => "health_check",
        }
    }
}

/// The troubles of a daemon. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    issues: Arc<Mutex<Vec<(IssueKind, Issue)>>>,
    last_check: Arc<Mutex<Option<HealthCheck>>>,
}

impl Health {
    /// Notes a trouble; `message` says what it is and what to do about it.
    pub fn report(&self, kind: IssueKind, message: impl Into<String>) {
        let message = message.into();
        let mut issues = self.lock();
        match issues.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, issue)) => issue.message = message,
            None => {
                issues.push((kind, Issue { kind: kind.name().to_owned(), message, since: Timestamp::now() }))
            }
        }
    }

    /// The trouble is over.
    pub fn clear(&self, kind: IssueKind) {
        self.lock().retain(|(known, _)| *known != kind);
    }

    /// All that is not well.
    pub fn issues(&self) -> Vec<Issue> {
        self.lock().iter().map(|(_, issue)| issue.clone()).collect()
    }

    /// The sum of it.
    pub fn state(&self) -> types::Health {
        if self.lock().is_empty() { types::Health::Healthy } else { types::Health::Degraded }
    }

    /// Notes what the action `health-check` has found.
    pub(crate) fn note_check(&self, check: HealthCheck) {
        *self.last_check.lock().unwrap_or_else(PoisonError::into_inner) = Some(check);
    }

    /// What the action `health-check` found last.
    pub(crate) fn last_check(&self) -> Option<HealthCheck> {
        self.last_check.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(IssueKind, Issue)>> {
        self.issues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
