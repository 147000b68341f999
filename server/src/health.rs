//! The issues of the daemon, as each part reports them and `daemon.status` shows them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aiwg_protocol::types::{self, HealthCheck, Issue, Timestamp};

/// A kind of issue, by its name on the wire. Each part defines its own; those of several parts are here. There is at most one issue of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueKind(&'static str);

impl IssueKind {
    /// The database cannot be written.
    pub const STORAGE: Self = Self::named("storage");
    /// The database was, or is, damaged.
    pub const DAMAGE: Self = Self::named("damage");
    /// No agents can be started, since the system is short of something.
    pub const SHORTAGE: Self = Self::named("shortage");
    /// An account of agents needs a person.
    pub const ACCOUNT: Self = Self::named("account");
    /// A rule has not succeeded in the time in which that is expected.
    pub const EXPECTED: Self = Self::named("expect");
    /// A rule has tripped.
    pub const AUTOMATION: Self = Self::named("automation");

    /// The kind of this name.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    const fn name(self) -> &'static str {
        self.0
    }
}

/// The issues of a daemon. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    issues: Arc<Mutex<Vec<(IssueKind, Issue)>>>,
    last_check: Arc<Mutex<Option<HealthCheck>>>,
}

impl Health {
    /// Reports an issue, or changes its message. `message` names the problem and the remedy.
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

    /// Removes the issue of this kind, if there is one.
    pub fn clear(&self, kind: IssueKind) {
        self.lock().retain(|(known, _)| *known != kind);
    }

    /// All issues, in the order of their reports.
    pub fn issues(&self) -> Vec<Issue> {
        self.lock().iter().map(|(_, issue)| issue.clone()).collect()
    }

    /// The state of the daemon: degraded while there is any issue.
    pub fn state(&self) -> types::Health {
        if self.lock().is_empty() { types::Health::Healthy } else { types::Health::Degraded }
    }

    /// Records the result of the action `health-check`.
    pub(crate) fn note_check(&self, check: HealthCheck) {
        *self.last_check.lock().unwrap_or_else(PoisonError::into_inner) = Some(check);
    }

    /// The last result of the action `health-check`.
    pub(crate) fn last_check(&self) -> Option<HealthCheck> {
        self.last_check.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(IssueKind, Issue)>> {
        self.issues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
