//! The looks at the project's files, before a run and after it. An agent can make one last as long as it may, so it ends with the task.

use std::time::Duration;

use aiwg_git::Look;
use aiwg_model::StopReason;
use aiwg_protocol::config::DaemonConfig;
use tokio::{sync::watch, task::JoinHandle};

use super::{Agent, time::with_pauses};
use crate::{beside::done, runs::Shared};

/// Ends a look with its keeper: when the daemon ends, nobody waits for what comes of it.
pub(in crate::runs) struct Kept<'a>(pub(in crate::runs) &'a Look);

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Agent {
    /// The result of work that belongs to this look and has been begun beside the connections. The look ends when the task is to end, be it since its
    /// time is up; what it has not compared by then is not known, or counts as changed.
    pub(super) async fn looked<T>(
        &self,
        (shared, daemon): (&Shared, &DaemonConfig),
        end: &mut watch::Receiver<Option<StopReason>>,
        look: &Look,
        work: JoinHandle<T>,
    ) -> T {
        let _kept = Kept(look);
        let work = done(work);
        tokio::pin!(work);
        // Before its agent starts its time has not begun.
        let own_limit = self.limit.get().copied().unwrap_or_else(|| self.time_limit(daemon, Duration::ZERO));
        let limit = || with_pauses(own_limit, shared.context.running.paused(self.task.id()));
        // A check has a time of its own, which is over.
        let mut has_limit = !self.is_check;
        loop {
            if is_to_end(*end.borrow_and_update()) {
                look.end();
                return work.await;
            }
            tokio::select! {
                done = &mut work => return done,
                changed = end.changed() => if changed.is_err() {
                    return work.await;
                },
                () = tokio::time::sleep_until(limit()), if has_limit => {
                    has_limit = false;
                    self.order_end(shared, StopReason::Timeout).await;
                }
            }
        }
    }
}

/// True if a task is to end for this reason. One whose agent had reported its result goes on.
fn is_to_end(reason: Option<StopReason>) -> bool {
    reason.is_some_and(|reason| reason != StopReason::Finished)
}
