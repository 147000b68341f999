//! The requests to end the daemon.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

/// The way in which a daemon ends. A later variant overrides an earlier one: a client whose stop was accepted must not find a restarted daemon.
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
    /// The digest of the configuration that a person puts in force with the restart.
    approved: Mutex<Option<String>>,
    /// True if the daemon ends since its queue has drained.
    has_drained: AtomicBool,
}

impl StopRequests {
    pub(crate) fn new() -> Self {
        Self {
            asked: watch::Sender::new(None),
            approved: Mutex::default(),
            has_drained: AtomicBool::new(false),
        }
    }

    /// Asks the daemon to end, in the strongest way that was asked for.
    pub(crate) fn ask(&self, how: Stop) {
        self.asked.send_if_modified(|asked| {
            let is_more = asked.is_none_or(|before| before < how);
            if is_more {
                *asked = Some(how);
            }
            is_more
        });
    }

    /// Asks the daemon to end, since its queue has drained: not where another stop ends the agents already.
    pub(crate) fn ask_since_drained(&self) {
        self.asked.send_if_modified(|asked| {
            let is_first = *asked != Some(Stop::EndAgents);
            if is_first {
                self.has_drained.store(true, Ordering::SeqCst);
                *asked = Some(Stop::EndAgents);
            }
            is_first
        });
    }

    /// True if the daemon ends since its queue has drained.
    pub(crate) fn has_drained(&self) -> bool {
        self.has_drained.load(Ordering::SeqCst)
    }

    /// Asks the daemon to restart. `approved` is the digest of the configuration that a person has seen, and puts in force so; none if no person
    /// asks.
    pub(crate) fn ask_for_restart(&self, approved: Option<String>) {
        if approved.is_some() {
            *self.approved.lock().unwrap_or_else(PoisonError::into_inner) = approved;
        }
        self.ask(Stop::Restart);
    }

    /// The digest of the configuration that a person puts in force with the restart; none if no person has asked for it.
    pub(crate) fn approved(&self) -> Option<String> {
        self.approved.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The strongest request so far.
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
