//! Bringing here what was made on other hosts.

use std::sync::Arc;

use aiwg_model::Distant;
use aiwg_worktrees::{Commit, Error, Repository, Use};

use crate::{
    beside::beside,
    context::Context,
    runs::bring::Wanted,
    workspaces::{Route, Workspaces},
};

/// The reason for which something is not here.
#[derive(Debug)]
pub(crate) struct Unfetched {
    /// The host that has it.
    pub(crate) host: String,
    /// The reason, for people.
    pub(crate) why: String,
    /// True if the remote is to blame.
    pub(crate) is_trouble: bool,
}

/// Brings all of these here that are not. It asks git, and may wait for the remote.
pub(crate) fn fetch(
    workspaces: &Workspaces,
    repository: &Repository,
    all: &[Distant],
) -> Result<(), Unfetched> {
    for one in all {
        let unfetched = |why: String, is_trouble| Unfetched { host: one.host.clone(), why, is_trouble };
        if are_here(repository, one) {
            continue;
        }
        if !one.is_sent {
            return Err(unfetched(
                format!("what {} has left is on the host of its run only", one.task),
                false,
            ));
        }
        let Some(route) = workspaces.routes.get() else {
            return Err(unfetched("the repository's remote is not known".to_owned(), false));
        };
        fetched(&route, one)
            .map_err(|error| unfetched(error.to_string(), matches!(error, Error::Remote { .. })))?;
    }
    Ok(())
}

/// True if no commit of it is missing.
fn are_here(repository: &Repository, one: &Distant) -> bool {
    [&one.commit, &one.from].iter().all(|hash| repository.commit_of(hash).is_ok())
}

fn fetched(route: &Route, one: &Distant) -> Result<(), Error> {
    let commit = |hash: &str| Commit::of(hash).ok_or_else(|| Error::Name(hash.to_owned()));
    let (task, from, result) = (one.task.to_string(), commit(&one.from)?, commit(&one.commit)?);
    match one.launch {
        None => route.remote.fetch_base(&route.fleet, &task, &result),
        Some(launch) => route.remote.fetch_result(&route.fleet, Use { task: &task, launch }, &from, &result),
    }
}

/// Brings a result here that is to come back, or to be shown.
///
/// # Errors
/// It is only on the host of its run, or the remote cannot be reached: the words say which.
pub(crate) async fn bring_here(context: &Arc<Context>, wanted: &Wanted) -> Result<(), String> {
    let elsewhere = wanted.ran_on.clone().filter(|host| context.engine.host().is_some_and(|me| me != host));
    let Some(host) = elsewhere else { return Ok(()) };
    let distant = Distant {
        task: wanted.run.task,
        launch: Some(wanted.run.n),
        commit: wanted.kept.commit.clone(),
        from: wanted.from.clone(),
        host,
        is_sent: wanted.kept.remote_ref.is_some(),
    };
    let its = Arc::clone(context);
    let fetched = move || {
        let repository = its.workspaces.repository().map_err(|error| error.to_string())?;
        fetch(&its.workspaces, &repository, &[distant]).map_err(|error| error.why)
    };
    beside(fetched).await
}
