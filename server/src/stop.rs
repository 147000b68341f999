//! How a daemon is asked to end.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// How a daemon is to end. What comes later here counts for more: who is told that it stops must not find one that restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// Without its agents, to restart at once and go on with them.
    Restart,
    /// Without its agents: the next start goes on with them.
    KeepAgents,
    /// With its agents.
    EndAgents,
}

/// The wishes for the daemon's end that have come so far.
pub(crate) struct StopRequests {
    asked: watch::Sender<Option<Stop>>,
    restarts_attended: AtomicBool,
}

impl StopRequests {
    pub(crate) fn new() -> Self {
        Self { asked: watch::Sender::new(None), restarts_attended: AtomicBool::new(false) }
    }

    /// Has the daemon end, as the one who asks for most wants it to.
    pub(crate) fn ask(&self, how: Stop) {
        self.asked.send_if_modified(|asked| {
            let is_more = asked.is_none_or(|before| before < how);
            if is_more {
                *asked = Some(how);
            }
            is_more
        });
    }

    /// Has the daemon restart. `is_attended` tells that a person asks, who so puts a changed configuration in force.
    pub(crate) fn ask_for_restart(&self, is_attended: bool) {
        self.restarts_attended.fetch_or(is_attended, Ordering::Relaxed);
        self.ask(Stop::Restart);
    }

    /// True if a person has asked for the restart.
    pub(crate) fn restarts_attended(&self) -> bool {
        self.restarts_attended.load(Ordering::Relaxed)
    }

    /// What is asked for most, so far.
    pub(crate) fn so_far(&self) -> Option<Stop> {
        *self.asked.borrow()
    }

    /// Waits until the daemon is asked to end.
    pub(crate) async fn asked(&self) -> Stop {
        let mut asked = self.asked.subscribe();
        // Its sender lives as long as this.
        asked.wait_for(Option::is_some).await.ok().and_then(|how| *how).unwrap_or(Stop::EndAgents)
    }
}
