//! A project, apart from its tasks.

use aiwg_client::types::{BudgetBound, BudgetStatus, DaemonStatus, Health, Timestamp};

use crate::text::one_line;

/// How the way to a daemon stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nobody has answered yet.
    Connecting,
    Up,
    /// It is tried again and again.
    Away {
        since: Timestamp,
        why: String,
    },
}

/// What a daemon says of itself, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Overview {
    pub(crate) running: u32,
    /// Tasks that run on other hosts.
    pub(crate) elsewhere: u32,
    pub(crate) slots: u32,
    pub(crate) queued: u64,
    pub(crate) total: u64,
    pub(crate) is_paused: bool,
    pub(crate) is_draining: bool,
    /// What needs a person; empty where nothing does.
    pub(crate) issues: Vec<String>,
}

/// A project that is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) link: Link,
    pub(crate) overview: Option<Overview>,
    pub(crate) budget: Option<BudgetStatus>,
    /// The id of the oldest task of those pages that join the newest one; none before the first page.
    pub(crate) oldest: Option<String>,
    /// The number of the newest task that is known.
    pub(crate) newest: u64,
    /// True if there are older tasks than that.
    pub(crate) has_older: bool,
    pub(crate) is_loading: bool,
    /// The number of its last event.
    pub(crate) last_event: u64,
    /// The number of the oldest event that is known; none before the first one.
    pub(crate) oldest_event: Option<u64>,
    /// True if there may be older events than that.
    pub(crate) has_older_events: bool,
    pub(crate) is_loading_events: bool,
}

impl Project {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: one_line(name, 200),
            link: Link::Connecting,
            overview: None,
            budget: None,
            oldest: None,
            newest: 0,
            has_older: false,
            is_loading: false,
            last_event: 0,
            oldest_event: None,
            has_older_events: false,
            is_loading_events: false,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.link == Link::Up
    }

    pub(crate) fn take_status(&mut self, status: &DaemonStatus) {
        let supervisor = &status.subsystems.supervisor;
        let needs_someone = status.health != Health::Healthy;
        if self.name.is_empty() {
            // Of a daemon that only a socket leads to.
            self.name = one_line(status.project.rsplit('/').next().unwrap_or_default(), 200);
        }
        let issues = status.issues.iter().filter(|_| needs_someone);
        self.overview = Some(Overview {
            running: supervisor.running.saturating_sub(supervisor.running_elsewhere.unwrap_or_default()),
            elsewhere: supervisor.running_elsewhere.unwrap_or_default(),
            slots: supervisor.max_concurrency,
            queued: supervisor.queued,
            total: status.stats.total,
            is_paused: supervisor.paused_since.is_some(),
            is_draining: supervisor.draining_since.is_some(),
            issues: issues.map(|issue| one_line(&issue.message, 1000)).collect(),
        });
    }

    /// The bounds for all tasks of the project.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = &BudgetBound> {
        self.budget.iter().flat_map(|budget| &budget.bounds).filter(|bound| bound.rule.is_none())
    }

    /// The bounds of rules in which nothing is left.
    pub(crate) fn exhausted_rules(&self) -> impl Iterator<Item = &str> {
        let all = self.budget.iter().flat_map(|budget| &budget.bounds);
        all.filter(|bound| bound.left_usd <= 0.0).filter_map(|bound| bound.rule.as_deref())
    }
}
