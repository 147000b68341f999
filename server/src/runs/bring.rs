//! Bringing back what tasks have changed in their work trees, one after the other.

use std::{sync::Arc, time::Duration};

use aiwg_fs::Dir;
use aiwg_model::{KeptTree, RunId, TaskRow};
use aiwg_protocol::types::{WorkspaceBack, WorkspaceConflict};
use aiwg_store::Reader;
use aiwg_worktrees::{Applied, Commit, Error, Repository};
use rustix::fs::OFlags;
use tokio::{sync::mpsc, time::sleep};

use super::{Shared, launch::RETRY, travel::bring_here};
use crate::{
    beside::beside,
    context::Context,
    engine::{Brought, EngineError, being_applied, latest_kept, to_bring},
    project::make_private_dir,
};

/// The name of a patch in its run's directory.
const PATCH_FILE: &str = "changes.patch";

/// Time until what could not be fetched from the remote is tried again.
const FETCH_AGAIN: Duration = Duration::from_secs(10);

/// The most paths of a conflict that are kept.
const MOST_PATHS: usize = 100;

/// What is to be brought back.
pub(crate) struct Wanted {
    pub(crate) run: RunId,
    pub(crate) kept: KeptTree,
    /// The commit from which its task has begun.
    pub(crate) from: String,
    /// The host on which it was made; none where there is only one.
    pub(crate) ran_on: Option<String>,
    /// The host that has taken its task in.
    pub(crate) taken_by: Option<String>,
}

/// Brings back the changes of the runs that an earlier daemon has left, and then those that are asked for.
pub(super) async fn bring_back(
    shared: Arc<Shared>,
    mut runs: mpsc::UnboundedReceiver<RunId>,
    again: mpsc::WeakUnboundedSender<RunId>,
) {
    let context = &shared.context;
    let host = context.engine.host().map(str::to_owned);
    let read = |host: Option<String>| move |reader: &dyn Reader| to_bring(reader, host.as_deref());
    let left = context.read(read(host.clone())).await.unwrap_or_default();
    // Nobody applies anything meanwhile.
    let turn = context.workspaces.turn_to_apply().await;
    let read = move |reader: &dyn Reader| being_applied(reader, host.as_deref());
    let half_applied = context.read(read).await.unwrap_or_default();
    if !left.is_empty() || !half_applied.is_empty() {
        recover(context).await;
    }
    for task in half_applied {
        // Those that are to come back by themselves are applied again below.
        if !left.iter().any(|run| run.task == task) {
            while context.engine.end_applying(task).await.is_err_and(|error| error.is_storage()) {
                sleep(RETRY).await;
            }
        }
    }
    drop(turn);
    for run in left {
        bring(context, run, &again).await;
    }
    while let Some(run) = runs.recv().await {
        bring(context, run, &again).await;
    }
}

/// Undoes what an earlier daemon was in the middle of.
async fn recover(context: &Arc<Context>) {
    let its = Arc::clone(context);
    let recovered = move || -> Result<bool, String> {
        let repository = its.workspaces.repository().map_err(|error| error.to_string())?;
        repository.recover().map_err(|error| error.to_string())
    };
    match beside(recovered).await {
        Ok(true) => tracing::info!("what an earlier daemon had half applied is undone, and is applied again"),
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "what an earlier daemon had half applied could not be undone"),
    }
}

async fn bring(context: &Arc<Context>, run: RunId, again: &mpsc::WeakUnboundedSender<RunId>) {
    let wanted = loop {
        let host = context.engine.host().map(str::to_owned);
        let read = move |reader: &dyn Reader| {
            // An earlier daemon has left it, and an order of this one is about it as well.
            let is_pending = to_bring(reader, host.as_deref())?.contains(&run);
            Ok((is_pending, reader.task(run.task)?, reader.runs(run.task)?))
        };
        match context.read(read).await {
            Ok((false, ..)) => return,
            Ok((true, task, runs)) => break task.and_then(|task| wanted(&task, &runs, Some(run.n))),
            Err(_) => sleep(RETRY).await,
        }
    };
    if let Some((wanted, _)) = &wanted
        && let Err(why) = bring_here(context, wanted).await
    {
        tracing::warn!(%run, %why, "what it has left could not be fetched, which is tried again");
        let again = again.clone();
        tokio::spawn(async move {
            sleep(FETCH_AGAIN).await;
            again.upgrade().map(|again| again.send(run));
        });
        return;
    }
    let how = match wanted {
        Some((wanted, back)) => match back {
            WorkspaceBack::Apply => return drop(apply(context, wanted).await),
            back => brought(context, wanted, back).await,
        },
        // It was forgotten meanwhile.
        None => conflict("what it has left is not known any more".to_owned()),
    };
    note(context, run, how).await;
}

/// The result of a task's run with this number, or of its latest one that has left any, and the way in which it comes back.
pub(crate) fn wanted(
    task: &TaskRow,
    runs: &[aiwg_model::RunRow],
    n: Option<u32>,
) -> Option<(Wanted, WorkspaceBack)> {
    let tree = task.spec.terms.tree.as_ref()?;
    let (run, kept) = match n {
        Some(n) => {
            let run = runs.iter().find(|run| run.id.n == n)?;
            (run.id, run.tree.as_ref()?.kept.as_ref()?)
        }
        None => latest_kept(runs)?,
    };
    let ran_on = runs.iter().find(|found| found.id == run).and_then(|found| found.host.clone());
    let (from, taken_by) = (tree.from.clone()?, tree.taken_by.clone());
    Some((Wanted { run, kept: kept.clone(), from, ran_on, taken_by }, tree.back))
}

/// Makes a branch or a patch.
async fn brought(context: &Arc<Context>, wanted: Wanted, back: WorkspaceBack) -> Brought {
    let its = Arc::clone(context);
    let made = move || -> Result<Brought, String> {
        let repository = its.workspaces.repository().map_err(|error| error.to_string())?;
        let (from, commit) = commits(&wanted)?;
        if back == WorkspaceBack::Branch {
            let name =
                twice((&repository, &commit), || repository.branch(&wanted.run.task.to_string(), &commit))?;
            return Ok(Brought::Branch(name));
        }
        let task = its.project.action_dir(wanted.run.task);
        let dir = task.join(wanted.run.dir());
        if wanted.ran_on.as_deref() != its.engine.host() {
            // It ran elsewhere, and there is nothing of it here.
            for dir in [&task, &dir] {
                make_private_dir(dir)
                    .map_err(|error| format!("{} cannot be made: {error}", dir.display()))?;
            }
        }
        patch(&repository, (&from, &commit), &wanted, &dir)
    };
    beside(made).await.unwrap_or_else(conflict)
}

fn patch(
    repository: &Repository,
    (from, commit): (&Commit, &Commit),
    wanted: &Wanted,
    dir: &std::path::Path,
) -> Result<Brought, String> {
    let path = dir.join(PATCH_FILE);
    let said = |source| Error::Io { doing: "write the patch", path: path.clone(), source };
    let subject = format!("Result of {}, run {}", wanted.run.task, wanted.run.n);
    twice((repository, commit), || {
        let held = Dir::open_own(dir).map_err(said)?;
        let file = held.open_private(PATCH_FILE.as_ref(), OFlags::CREATE | OFlags::TRUNC).map_err(said)?;
        repository.patch(from, commit, &subject, &file)
    })?;
    Ok(Brought::Patch(path.display().to_string()))
}

/// Does it once more where git fails, which someone may have ended.
fn twice<T>(
    (repository, result): (&Repository, &Commit),
    step: impl Fn() -> Result<T, Error>,
) -> Result<T, String> {
    let done = match step() {
        Err(Error::Git { .. }) => step(),
        done => done,
    };
    done.map_err(|error| explained(repository, result, &error))
}

/// The reason for which something cannot be done with a result: it may have been forgotten.
pub(crate) fn explained(repository: &Repository, result: &Commit, error: &Error) -> String {
    match error {
        Error::Git { .. } if repository.commit_of(result.hash()).is_err() => format!(
            "the commit {result} has been forgotten, as `retention.result_days` or `aiwg workspace prune --results` has it, and git has removed it"
        ),
        error => error.to_string(),
    }
}

fn commits(wanted: &Wanted) -> Result<(Commit, Commit), String> {
    let commit = |hash: &str| Commit::of(hash).ok_or_else(|| format!("{hash:?} is no commit"));
    Ok((commit(&wanted.from)?, commit(&wanted.kept.commit)?))
}

/// Applies a result to the project's own files, which count as changed by its task; and says so.
pub(crate) async fn apply(context: &Arc<Context>, wanted: Wanted) -> Brought {
    let _turn = context.workspaces.turn_to_apply().await;
    let run = wanted.run;
    while context.engine.begin_applying(run).await.is_err_and(|error| error.is_storage()) {
        sleep(RETRY).await;
    }
    let its = Arc::clone(context);
    let applied = move || -> Result<Brought, String> {
        let repository = its.workspaces.repository().map_err(|error| error.to_string())?;
        let (from, commit) = commits(&wanted)?;
        Ok(match twice((&repository, &commit), || repository.apply(&from, &commit))? {
            Applied::Done { paths } => Brought::Applied(paths),
            Applied::Conflict { mut paths, why } => {
                paths.truncate(MOST_PATHS);
                Brought::Conflict(WorkspaceConflict { paths, why: why.to_string() })
            }
        })
    };
    let how = beside(applied).await.unwrap_or_else(conflict);
    note(context, run, how.clone()).await;
    how
}

fn conflict(why: String) -> Brought {
    Brought::Conflict(WorkspaceConflict { paths: Vec::new(), why })
}

async fn note(context: &Context, run: RunId, how: Brought) {
    if let Brought::Conflict(conflict) = &how {
        tracing::warn!(%run, why = conflict.why, paths = ?conflict.paths, "what it has changed in its work tree could not be brought back");
    }
    while context.engine.brought(run, how.clone()).await.is_err_and(|error: EngineError| error.is_storage()) {
        sleep(RETRY).await;
    }
}
