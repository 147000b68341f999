//! What runs have left here, put where other hosts can have it.

use std::{sync::Arc, time::Duration};

use aiwg_model::RunId;
use aiwg_store::Reader;
use aiwg_worktrees::{Commit, Error, Use};

use super::Traveller;
use crate::{
    beside::beside,
    context::Context,
    engine::{Sent, to_push},
    runs::{
        Shared,
        bring::{Wanted, wanted},
    },
    workspaces::Route,
};

/// Time for which the end of a run waits for its result to be on the remote, so that whoever waits for the task finds it there. After that it is reported
/// all the same.
const AT_END_WITHIN: Duration = Duration::from_secs(20);

/// The most results that are sent in one round.
const AT_ONCE: usize = 50;

impl Traveller {
    /// Puts the results that wait here on the remote. True if there were any.
    pub(super) async fn push_results(
        &self,
        context: &Arc<Context>,
        route: &Arc<Route>,
    ) -> Result<bool, Error> {
        let host = context.engine.host().map(str::to_owned);
        let runs = context.read(move |reader| to_push(reader, host.as_deref())).await.unwrap_or_default();
        let mut has_sent = false;
        for run in runs.into_iter().take(AT_ONCE) {
            match result_of(context, run).await {
                Ok(Some(wanted)) => has_sent |= push(context, route.as_ref().clone(), &wanted).await?,
                // It is forgotten.
                Ok(None) => note(context, run, String::new(), Sent::Never).await,
                Err(()) => {}
            }
        }
        Ok(has_sent)
    }
}

/// Puts the result of a run that is over on the remote, before anybody hears of its end, if its task was taken in by another host. What cannot be done in
/// some seconds is done later.
pub(in crate::runs) async fn send_result(shared: &Shared, run: RunId) {
    let context = &shared.context;
    let Some(route) = context.workspaces.routes.open() else { return };
    if let Ok(Some(wanted)) = result_of(context, run).await
        && wanted.taken_by.as_deref() != context.engine.host()
        && let Err(error) = push(context, route.within(AT_END_WITHIN), &wanted).await
    {
        context.workspaces.routes.met(error.to_string());
    }
    context.workspaces.routes.wake();
}

/// What a run has left; none if nothing is known of it any more.
async fn result_of(context: &Arc<Context>, run: RunId) -> Result<Option<Wanted>, ()> {
    let read = move |reader: &dyn Reader| {
        let runs = reader.runs(run.task)?;
        Ok(reader.task(run.task)?.and_then(|task| wanted(&task, &runs, Some(run.n))))
    };
    let found = context.read(read).await.map_err(|_| ())?;
    Ok(found.map(|(wanted, _)| wanted))
}

/// Puts it there, and notes what has come of it. False if it is not here any more.
async fn push(context: &Arc<Context>, route: Route, wanted: &Wanted) -> Result<bool, Error> {
    let (run, commit) = (wanted.run, wanted.kept.commit.clone());
    let commits = Commit::of(&wanted.from).zip(Commit::of(&commit));
    let its = Arc::clone(context);
    let pushed = beside(move || -> Result<Option<String>, Error> {
        let Ok(repository) = its.workspaces.repository() else { return Ok(None) };
        let Some((from, result)) = commits else { return Ok(None) };
        if repository.commit_of(result.hash()).is_err() {
            return Ok(None);
        }
        let task = run.task.to_string();
        route.push_result(Use { task: &task, launch: run.n }, &from, &result).map(Some)
    });
    match pushed.await {
        Ok(Some(name)) => {
            note(context, run, commit, Sent::As(name)).await;
            Ok(true)
        }
        Ok(None) => {
            note(context, run, commit, Sent::Never).await;
            Ok(false)
        }
        Err(error) => {
            note(context, run, commit, Sent::NotYet(error.to_string())).await;
            Err(error)
        }
    }
}

async fn note(context: &Context, run: RunId, commit: String, how: Sent) {
    // The next round does it again.
    if let Err(error) = context.engine.sent(run, commit, how).await {
        tracing::warn!(%run, %error, "whether its result is on the remote could not be stored");
    }
}
