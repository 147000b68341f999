//! The way over which what tasks in work trees begin with and leave goes to other hosts: the repository's remote, as it was found, and how it stands.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aiwg_worktrees::{Commit, Error, Fleet, Remote, Use};
use tokio::sync::Notify;

/// The repository's remote with the name under which those that share the store have their refs there.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// The remote.
    pub(crate) remote: Remote,
    /// The name.
    pub(crate) fleet: Fleet,
}

/// The route of this host, as its parts share it.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    state: Mutex<State>,
    /// Rung when there is something to be sent, or trouble.
    woken: Notify,
}

#[derive(Debug, Default)]
struct State {
    route: Option<Arc<Route>>,
    is_open: bool,
    trouble: Option<String>,
}

impl Route {
    /// Gives a transfer no longer than this.
    pub(crate) fn within(&self, within: Duration) -> Self {
        Self { remote: self.remote.clone().with_time(within), fleet: self.fleet.clone() }
    }

    /// Puts the result of a run on the remote. Gives its name there.
    ///
    /// # Errors
    /// It cannot be reached, or does not take it.
    pub(crate) fn push_result(&self, of: Use<'_>, from: &Commit, result: &Commit) -> Result<String, Error> {
        self.remote.push_result(&self.fleet, of, from, result)?;
        self.fleet.result(of.task, of.launch)
    }
}

impl Routes {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The route; none where there is no other host, or no remote.
    pub(crate) fn get(&self) -> Option<Arc<Route>> {
        self.lock().route.clone()
    }

    /// The same, if it is known to be open.
    pub(crate) fn open(&self) -> Option<Arc<Route>> {
        let state = self.lock();
        state.route.clone().filter(|_| state.is_open)
    }

    /// Notes the route, and whether it is open.
    pub(crate) fn set(&self, route: Option<Arc<Route>>, is_open: bool) {
        let mut state = self.lock();
        (state.route, state.is_open) = (route, is_open);
    }

    /// Notes that it could not be gone, and why.
    pub(crate) fn met(&self, why: String) {
        let mut state = self.lock();
        (state.is_open, state.trouble) = (false, Some(why));
        drop(state);
        self.wake();
    }

    /// The reason for which it could not be gone, since this was last asked.
    pub(crate) fn take_trouble(&self) -> Option<String> {
        self.lock().trouble.take()
    }

    /// Says that there may be something to be sent.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }

    /// Waits for that.
    pub(crate) async fn woken(&self) {
        self.woken.notified().await;
    }
}
