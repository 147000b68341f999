//! What is not well, as everyone may report and `daemon.status` shows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiwg_protocol::types::{self, HealthCheck, Issue, Timestamp};

/// A kind of trouble, by its name on the wire: whatever can be in trouble brings its own. Each stands at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueKind(&'static str);

#[allow(non_upper_case_globals)] // They read as the kinds that they are.
impl IssueKind {
    /// The database cannot be written.
    pub const Storage: Self = Self::named("storage");
    /// The database was, or is, damaged.
    pub const Damage: Self = Self::named("damage");
    /// No agents can be started, since the system is short of something.
    pub const Shortage: Self = Self::named("shortage");
    /// Rows of the database cannot be read.
    pub const Rows: Self = Self::named("rows");
    /// Another daemon's tasks could not be taken over.
    pub const Import: Self = Self::named("import");
    /// The configuration asks for what is not there.
    pub const Config: Self = Self::named("config");
    /// The file of the configuration says something else than what is in force.
    pub const ConfigChanged: Self = Self::named("config_changed");
    /// A rule has tripped.
    pub const Automation: Self = Self::named("automation");
    /// `events/` could not be written.
    pub const EventLog: Self = Self::named("event_log");
    /// `tasks.json` could not be written.
    pub const TasksFile: Self = Self::named("tasks_file");
    /// `heartbeat` or `state.json` could not be written.
    pub const StatusFiles: Self = Self::named("status_files");
    /// The log cannot be written or rotated.
    pub const Log: Self = Self::named("log");
    /// Something else is in the place of the socket.
    pub const Socket: Self = Self::named("socket");
    /// The project is on a file system that others can write to as well.
    pub const FileSystem: Self = Self::named("file_system");
    /// What the daemon stands on was taken away.
    pub const Ground: Self = Self::named("ground");
    /// Files cannot be watched as they should.
    pub const Watch: Self = Self::named("watch");
    /// The program that runs agents is not there.
    pub const Agent: Self = Self::named("agent");
    /// Connections could not be taken.
    pub const Connections: Self = Self::named("connections");
    /// There are as many connections as there may be, of all or of agents.
    pub const ConnectionLimit: Self = Self::named("connection_limit");
    /// The action `health-check` has found something.
    pub const HealthCheck: Self = Self::named("health_check");

    /// The kind of this name.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    const fn name(self) -> &'static str {
        self.0
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
