//! The work tree of a run: made ready before it, and kept after it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aiwg_model::{KeptTree, RunId, RunRow, TaskNo, TreeOrder};
use aiwg_worktrees::{Commit, Error, Repository, Use};
use tokio::time::sleep;

use super::{
    Shared,
    launch::RETRY,
    travel::{Unfetched, fetch},
};
use crate::{
    beside::beside,
    context::Context,
    engine::EngineError,
    health::IssueKind,
    workspaces::{NoTrees, Workspaces},
};

/// The project can have no work trees, and a task asks for one.
const NO_TREES_ISSUE: IssueKind = IssueKind::named("workspace");

/// What a run has left in its work tree could not be kept.
const NOT_KEPT_ISSUE: IssueKind = IssueKind::named("workspace_not_kept");

/// The base that is the project's files as they are.
const SNAPSHOT: &str = "snapshot";

/// The base that is the latest commit.
const HEAD: &str = "head";

/// The number of times that what a run has left is tried to be kept, where git fails, or the system or another process is in the way.
const TRIES: u32 = 10;

/// The place in a work tree where a run works.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The number of the work tree.
    pub(crate) number: u32,
    /// The directory in it that stands for the project.
    pub(super) dir: PathBuf,
    /// The commit from which the task has begun.
    pub(super) from: Commit,
}

/// A work tree that is ready for a run.
pub(super) struct ReadyTree {
    /// The place of the run.
    pub(super) place: Place,
    /// True if nothing is left in it of an earlier run.
    pub(super) is_new: bool,
    /// A hash of the files that say what has to be installed.
    pub(super) lock_files: String,
}

/// The reason for which a run has no work tree.
#[derive(Debug)]
pub(crate) enum NoTree {
    /// The project can have none.
    Unusable(NoTrees),
    /// The task cannot have it: its base is not there, or conflicts.
    Task(Error),
    /// Nobody can work in this one: another one may do.
    Broken(u32, String),
    /// Git fails, in making this one ready if it is named: perhaps only now, or only there.
    Git(Option<u32>, Error),
    /// There is no room.
    Full(Error),
    /// Someone else is in the way for now.
    Later(Error),
    /// What it is to begin with is on another host, and cannot be had here.
    Away(Unfetched),
}

impl From<Error> for NoTree {
    fn from(error: Error) -> Self {
        match error {
            Error::Unusable(why) => Self::Unusable(why.into()),
            Error::Broken { n, ref why, .. } => Self::Broken(n, why.clone()),
            Error::NoSpace { .. } => Self::Full(error),
            Error::Locked { .. } | Error::Busy { .. } => Self::Later(error),
            Error::Git { .. } => Self::Git(None, error),
            error => Self::Task(error),
        }
    }
}

impl Place {
    /// For people: what is known of it.
    pub(super) fn to_text(&self) -> String {
        serde_json::json!({ "number": self.number, "dir": self.dir, "base": self.from.hash() }).to_string()
    }

    /// That of a run which an earlier daemon has begun; none if it had none yet.
    pub(crate) fn of(run: &RunRow, from: Option<&str>) -> Option<Self> {
        let tree = run.tree.as_ref()?;
        Some(Self { number: tree.number, dir: tree.dir.as_ref()?.into(), from: Commit::of(from?)? })
    }
}

/// Makes the work tree ready for a run: with the files with which its task begins, or goes on.
pub(super) fn make_ready(
    workspaces: &Workspaces,
    order: &TreeOrder,
    run: RunId,
) -> Result<ReadyTree, NoTree> {
    match made_ready(workspaces, order, run) {
        // Someone may have ended git.
        Err(NoTree::Git(..)) => made_ready(workspaces, order, run),
        made => made,
    }
}

fn made_ready(workspaces: &Workspaces, order: &TreeOrder, run: RunId) -> Result<ReadyTree, NoTree> {
    let repository = workspaces.repository().map_err(NoTree::Unusable)?;
    let task = run.task.to_string();
    let of = Use { task: &task, launch: run.n };
    let known = order.terms.from.as_deref().and_then(Commit::of);
    fetch(workspaces, &repository, &order.distant).map_err(NoTree::Away)?;
    let from = match &known {
        Some(from) => from.clone(),
        None => first_base(&repository, order.terms.base.as_deref(), &order.before, &mut None)?,
    };
    let resumed = match order.goes_on && known.is_some() {
        // Where it is another's by now, or gone, it is made ready again with what was kept.
        true => repository.resume(order.number, of).ok(),
        false => None,
    };
    let ready = match resumed {
        Some(ready) => ready,
        None => {
            let latest = order.latest.as_deref().and_then(Commit::of);
            let prepared = repository.prepare(order.number, latest.as_ref().unwrap_or(&from), of);
            prepared.map_err(|error| match error.into() {
                NoTree::Git(None, error) => NoTree::Git(Some(order.number), error),
                other => other,
            })?
        }
    };
    // Without a slash at its end, where the project is all of the repository.
    let place = Place { number: order.number, dir: ready.dir.components().collect(), from };
    Ok(ReadyTree { place, is_new: ready.is_new, lock_files: ready.lock_files })
}

/// The commit with which a task begins that has had no run: by its base, or by what the tasks `before` it have left. The project's files are looked at
/// once, for all that have them in `snapshot`.
pub(super) fn first_base(
    repository: &Repository,
    base: Option<&str>,
    before: &[String],
    snapshot: &mut Option<Commit>,
) -> Result<Commit, Error> {
    let before: Vec<Commit> = before.iter().filter_map(|hash| Commit::of(hash)).collect();
    match base {
        Some(HEAD) => return repository.commit_of("HEAD"),
        Some(revision) if revision != SNAPSHOT => return repository.commit_of(revision),
        None if !before.is_empty() => return repository.merged(&before),
        _ => {}
    }
    if let Some(known) = snapshot {
        return Ok(known.clone());
    }
    let taken = repository.snapshot()?.commit;
    Ok(snapshot.insert(taken).clone())
}

/// Clears a work tree in which git fails, so that the next run finds none there; where that cannot be, gives the reason for which nobody can work there.
pub(super) fn clear_away(workspaces: &Workspaces, number: u32, why: &str) -> Option<String> {
    let removed = workspaces.repository().map(|repository| repository.remove(number));
    match removed {
        Ok(Ok(()) | Err(Error::NoSuchSlot { .. })) => None,
        Ok(Err(error)) => Some(format!("{why}; and it cannot be removed: {error}")),
        Err(_) => Some(why.to_owned()),
    }
}

/// Says in the health why there can be no work trees, until one is ready.
pub(super) fn report_unusable(shared: &Shared, why: Option<&NoTrees>) {
    match why {
        Some(why) => {
            shared.context.health.report(NO_TREES_ISSUE, format!("a task asks for a work tree: {why}"))
        }
        None => shared.context.health.clear(NO_TREES_ISSUE),
    }
}

/// Says in the health why a task waits for its work tree, until one is ready.
pub(super) fn report_delay(shared: &Shared, task: TaskNo, why: &Error) {
    let words = format!("{task} waits for its work tree, which is tried again: {why}");
    shared.context.health.report(NO_TREES_ISSUE, words);
}

/// Keeps what a run has left in its work tree, whatever came of it, and tells the engine; also if what is set up before it was.
pub(super) async fn keep(shared: &Shared, run: RunId, place: &Place, is_set_up: bool) {
    let mut tries = 1;
    let kept = loop {
        match kept(shared, run, place).await {
            Err(NoTree::Full(_) | NoTree::Later(_) | NoTree::Git(..)) if tries < TRIES => {
                tries += 1;
                sleep(RETRY).await;
            }
            kept => break kept,
        }
    };
    let (kept, why) = match kept {
        Ok((kept, why)) => (Some(kept), why),
        Err(why) => (None, Some(in_words(why))),
    };
    match &why {
        Some(why) => {
            tracing::error!(%run, number = place.number, %why, "what it has left in its work tree could not be kept");
            let words = format!("what {run} has left in {} could not be kept: {why}", place.dir.display());
            shared.context.health.report(NOT_KEPT_ISSUE, words);
        }
        None => shared.context.health.clear(NOT_KEPT_ISSUE),
    }
    while shared
        .context
        .engine
        .note_kept(run, (kept.clone(), why.clone()), is_set_up)
        .await
        .is_err_and(|error: EngineError| error.is_storage())
    {
        sleep(RETRY).await;
    }
}

async fn kept(shared: &Shared, run: RunId, place: &Place) -> Result<(KeptTree, Option<String>), NoTree> {
    let (context, place) = (shared.context.clone(), place.clone());
    beside(move || keep_now(&context.workspaces, run, &place)).await
}

/// Keeps what is in a work tree now, as the result of a run; with the reason for which that is not all of it.
pub(crate) fn keep_now(
    workspaces: &Workspaces,
    run: RunId,
    place: &Place,
) -> Result<(KeptTree, Option<String>), NoTree> {
    let repository = workspaces.repository().map_err(NoTree::Unusable)?;
    let task = run.task.to_string();
    let kept = repository.keep(place.number, Use { task: &task, launch: run.n }, &place.from)?;
    let why = match (kept.is_tree_gone, kept.left_out.as_slice()) {
        (_, [first, rest @ ..]) => Some(format!("{first} cannot be read, nor can {} more files", rest.len())),
        (true, _) => Some("its directory was removed: what it had not committed is lost".to_owned()),
        (false, []) => None,
    };
    let kept = KeptTree {
        name: kept.name,
        commit: kept.commit.hash().to_owned(),
        files: kept.files,
        insertions: kept.insertions,
        deletions: kept.deletions,
        ..KeptTree::default()
    };
    Ok((kept, why))
}

/// Keeps what a run of a task that has ended has left, where that was not possible at its end, since the disk was full say; or finds that whoever had
/// the work tree next has kept it.
///
/// # Errors
/// It is still not possible.
pub(crate) async fn keep_late(context: &Arc<Context>, run: RunId, place: Place) -> Result<(), String> {
    let its = Arc::clone(context);
    match beside(move || keep_now(&its.workspaces, run, &place).map_err(in_words)).await? {
        (_, Some(why)) => Err(why),
        (kept, None) => {
            context.engine.note_kept_late(run, kept).await.map_err(|error| error.to_string())?;
            context.health.clear(NOT_KEPT_ISSUE);
            Ok(())
        }
    }
}

/// Notes that a person works in the work tree of a run that was kept: whatever is changed there is kept before anyone else has it.
pub(crate) fn leave_to_person(workspaces: &Workspaces, run: RunId, number: u32) {
    let task = run.task.to_string();
    let left = workspaces.repository().map_err(|error| error.to_string()).and_then(|found| {
        found.resume(number, Use { task: &task, launch: run.n }).map_err(|error| error.to_string())
    });
    if let Err(error) = left {
        tracing::warn!(%run, number, %error, "what a person changes in its work tree may not be kept");
    }
}

pub(crate) fn in_words(why: NoTree) -> String {
    match why {
        NoTree::Unusable(why) => why.to_string(),
        NoTree::Broken(number, why) => format!("the work tree {number} cannot be used: {why}"),
        NoTree::Task(error) | NoTree::Git(_, error) | NoTree::Full(error) | NoTree::Later(error) => {
            error.to_string()
        }
        NoTree::Away(away) => away.why,
    }
}

/// The program of an agent's command as it is found from the project's own directory: what an agent has changed in a work tree is not run in its place.
pub(super) fn of_project(mut command: Vec<String>, root: &Path) -> Vec<String> {
    if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
        *program = root.join(&*program).display().to_string();
    }
    command
}
