//! Removing what nobody needs on the remote: bases of tasks that have ended, and results that are not to be kept any longer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_model::TaskNo;
use aiwg_protocol::types::Timestamp;
use aiwg_store::Reader;
use aiwg_worktrees::{Error, Travelling, Whose};

use super::{Traveller, bases::removed};
use crate::{beside::beside, context::Context, workspaces::Route};

/// Time between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

impl Traveller {
    /// Sweeps, if it is time, and this host is the one that does what only one of them does.
    pub(super) async fn sweep(&mut self, context: &Arc<Context>, route: &Arc<Route>) -> Result<(), Error> {
        let is_due = self.swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY);
        if !is_due || !*context.engine.leads().borrow() {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let days = context.settings.get().config.retention.result_days;
        let now = context.engine.now().as_millis();
        let before = days.map(|days| Timestamp::from_millis(now.saturating_sub(i64::from(days) * DAY_MS)));
        let names = unneeded(context, route, before).await?;
        if !names.is_empty() {
            tracing::info!(refs = names.len(), "removed from the remote, as nobody needs them");
        }
        removed(route, names).await
    }
}

/// Removes the results of all tasks that have ended from the remote, if there is one.
///
/// # Errors
/// It cannot be reached.
pub(crate) async fn forget_sent(context: &Arc<Context>) -> Result<(), Error> {
    let Some(route) = context.workspaces.routes.get() else { return Ok(()) };
    let names = unneeded(context, &route, Some(Timestamp::from_millis(i64::MAX))).await?;
    removed(&route, names).await
}

/// The names of what nobody needs: results are kept of tasks that have ended after `before`, or all of them.
async fn unneeded(
    context: &Arc<Context>,
    route: &Arc<Route>,
    before: Option<Timestamp>,
) -> Result<Vec<String>, Error> {
    let on = Arc::clone(route);
    let there = beside(move || on.remote.refs(&on.fleet)).await?;
    Ok(context.read(move |reader| old(reader, there, before)).await.unwrap_or_default())
}

fn old(
    reader: &dyn Reader,
    there: Vec<Travelling>,
    before: Option<Timestamp>,
) -> aiwg_store::Result<Vec<String>> {
    let mut names = Vec::new();
    for Travelling { name, whose, .. } in there {
        let (task, is_base) = match whose {
            Whose::Base(task) => (task, true),
            Whose::Result(task, _) => (task, false),
        };
        let Ok(no) = task.parse::<TaskNo>() else { continue };
        let is_old = match reader.task(no)? {
            None => true,
            Some(task) if !task.state.is_final() => false,
            Some(_) if is_base => true,
            Some(task) => task.completed_at.zip(before).is_some_and(|(ended, before)| ended < before),
        };
        if is_old {
            names.push(name);
        }
    }
    Ok(names)
}
