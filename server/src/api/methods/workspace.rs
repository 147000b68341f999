use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aiwg_model::{RunId, RunRow, TaskNo, TaskRow};
use aiwg_protocol::{
    ApiError, ErrorKind,
    types::{
        DiffFile, NoParams, Task, TaskApplied, TaskApplyParams, TaskDiff, TaskDiffParams, TaskState,
        TaskWorkspace, WorkspaceList, WorkspacePruneParams, WorkspacePruned, WorkspaceResult, WorkspaceTree,
    },
};
use aiwg_store::Reader;
use aiwg_worktrees::{Commit, FileNumbers, Kind, Repository, ResultRef, Slot as Tree};

use super::{check, host::is_here};
use crate::{
    api::Handler,
    engine::{Brought, EngineError, TreeUse, latest_kept, tree_uses},
    runs::{
        Place, Wanted, apply, bring_here, explained, forget_sent, in_words, keep_late, keep_now,
        leave_to_person, wanted,
    },
};

/// The time for a step of git for a diff: someone waits for it, and a thread of the daemon with him.
const DIFF_WITHIN: Duration = Duration::from_secs(60);

/// The longest diff, in bytes.
const LONGEST_DIFF: usize = 1024 * 1024;

/// The most files that an answer names, and the most bytes of their names.
const MOST_FILES: usize = 10_000;
const LONGEST_NAMES: usize = 1024 * 1024;

pub(crate) async fn task_diff(handler: &Handler, params: TaskDiffParams) -> Result<TaskDiff, ApiError> {
    check::launch(params.launch)?;
    let wanted = result_here(handler, check::task_no(&params.task_id)?, params.launch).await?;
    let context = Arc::clone(&handler.context);
    let diff = move || diff(&context.workspaces.repository()?.with_time(DIFF_WITHIN), &wanted);
    let diff = handler.apart(diff).await??;
    handler.keep(diff).await
}

fn diff(repository: &Repository, wanted: &Wanted) -> Result<TaskDiff, ApiError> {
    let (from, commit) = (commit(&wanted.from)?, commit(&wanted.kept.commit)?);
    let diff = repository.diff(&from, &commit, LONGEST_DIFF);
    let diff = diff.map_err(|error| no_result(&explained(repository, &commit, &error)))?;
    let sum = |of: fn(&FileNumbers) -> Option<u64>| diff.files.iter().filter_map(of).sum();
    let (insertions, deletions) = (sum(|file| file.insertions), sum(|file| file.deletions));
    let file = |file: FileNumbers| DiffFile {
        path: file.path,
        insertions: file.insertions,
        deletions: file.deletions,
    };
    let count = diff.files.len();
    let files = named(diff.files, |file| file.path.len());
    let is_cut = diff.is_cut || files.len() < count;
    Ok(TaskDiff {
        task_id: wanted.run.task.to_string(),
        launch: wanted.run.n,
        base: wanted.from.clone(),
        commit: wanted.kept.commit.clone(),
        files: files.into_iter().map(file).collect(),
        insertions,
        deletions,
        diff: String::from_utf8_lossy(&diff.text).into_owned(),
        is_cut,
    })
}

/// The first of these files, as many as an answer names.
fn named<T>(mut files: Vec<T>, length: impl Fn(&T) -> usize) -> Vec<T> {
    let mut bytes = 0;
    let does_fit = |file: &&T| {
        bytes += length(file);
        bytes <= LONGEST_NAMES
    };
    let fit = files.iter().take(MOST_FILES).take_while(does_fit).count();
    files.truncate(fit);
    files
}

pub(crate) async fn task_apply(handler: &Handler, params: TaskApplyParams) -> Result<TaskApplied, ApiError> {
    check::launch(params.launch)?;
    let wanted = result_here(handler, check::task_no(&params.task_id)?, params.launch).await?;
    // Where there can be none, nothing is said of a conflict.
    let context = Arc::clone(&handler.context);
    handler.apart(move || context.workspaces.repository().map(drop)).await??;
    let (task_id, launch) = (wanted.run.task.to_string(), wanted.run.n);
    // Whoever asked may go away: what is begun is done, and noted.
    let context = Arc::clone(&handler.context);
    let applied = tokio::spawn(async move { apply(&context, wanted).await }).await;
    let applied = applied.map_err(|error| ApiError::new(ErrorKind::InternalError, error.to_string()))?;
    let (paths, conflict) = match applied {
        Brought::Applied(paths) => (paths, None),
        Brought::Conflict(conflict) => (Vec::new(), Some(conflict)),
        Brought::Branch(_) | Brought::Patch(_) => (Vec::new(), None),
    };
    let paths = named(paths, String::len);
    Ok(TaskApplied { task_id, launch, applied: conflict.is_none(), paths, conflict })
}

/// The same, once it is in this host's repository: what another host has made is fetched.
async fn result_here(handler: &Handler, no: TaskNo, launch: Option<u32>) -> Result<Wanted, ApiError> {
    let wanted = match result_of(handler, no, launch).await {
        Ok(wanted) => wanted,
        // Where it has run elsewhere, that host may know more.
        Err(error) => return Err(is_here(handler, no).await.err().unwrap_or(error)),
    };
    match bring_here(&handler.context, &wanted).await {
        Ok(()) => Ok(wanted),
        Err(why) => is_here(handler, no).await.map(|()| wanted).map_err(|error| {
            let message = format!("{}: {why}", error.message);
            ApiError { message, ..error }
        }),
    }
}

/// The result of a task: that of the run of this number, or of its latest one that has left any.
async fn result_of(handler: &Handler, no: TaskNo, launch: Option<u32>) -> Result<Wanted, ApiError> {
    let read = move |reader: &dyn Reader| Ok((reader.task(no)?, reader.runs(no)?));
    let (task, runs) = handler.read(read).await?;
    let task = task.ok_or(EngineError::TaskNotFound(no))?;
    if let Some((wanted, _)) = wanted(&task, &runs, launch) {
        return Ok(wanted);
    }
    if let Some((run, place)) = unkept(&task, &runs, launch) {
        is_here(handler, no).await?;
        let why = |why: String| no_result(&format!("what {run} has left could not be kept: {why}"));
        keep_late(&handler.context, run, place).await.map_err(why)?;
        let (task, runs) = handler.read(read).await?;
        if let Some((wanted, _)) = task.and_then(|task| wanted(&task, &runs, launch)) {
            return Ok(wanted);
        }
    }
    let why = match (&task.spec.terms.tree, task.state) {
        (None, _) => format!(
            "{no} works in the project's own directory, so nobody knows what it has changed: submit it with \"worktree\" as its workspace"
        ),
        (Some(_), TaskState::Queued | TaskState::Running) => {
            format!("{no} has left nothing yet: what is in its work tree is kept when a run of it has ended")
        }
        (Some(_), _) => {
            format!("{no} has left nothing in a work tree that is kept; `aiwg task get {no}` says more")
        }
    };
    Err(no_result(&why))
}

/// The run with this number of a task that has ended, or its latest one, if what it has left could not be kept.
fn unkept(task: &TaskRow, runs: &[RunRow], launch: Option<u32>) -> Option<(RunId, Place)> {
    let has_failed = |run: &&RunRow| run.tree.as_ref().is_some_and(|tree| tree.error.is_some());
    let is_asked_for = |run: &&RunRow| launch.is_none_or(|launch| run.id.n == launch);
    let run = runs.iter().rev().filter(has_failed).find(is_asked_for)?;
    let from = task.spec.terms.tree.as_ref()?.from.as_deref();
    Some((run.id, Place::of(run, from)?)).filter(|_| task.state.is_final())
}

fn no_result(why: &str) -> ApiError {
    ApiError::new(ErrorKind::TaskHasNoResult, why)
}

fn commit(hash: &str) -> Result<Commit, ApiError> {
    Commit::of(hash).ok_or_else(|| no_result(&format!("{hash:?} is no commit")))
}

/// The work tree of a task with what its runs say of it.
pub(super) fn workspace(row: &TaskRow, runs: &[RunRow]) -> Option<TaskWorkspace> {
    let terms = row.spec.terms.tree.as_ref()?;
    let last = runs.iter().rev().find_map(|run| run.tree.as_ref());
    let result =
        latest_kept(runs).zip(terms.from.as_deref()).map(|((run, kept), from)| kept.to_wire(run.n, from));
    let dir = runs.iter().rev().find_map(|run| run.tree.as_ref()?.dir.clone());
    let error = last.and_then(|tree| tree.error.clone());
    Some(TaskWorkspace { dir, result, error, ..terms.to_wire() })
}

/// True if what a task has changed in its work tree is to come back, and has not yet.
pub(super) fn is_coming_back(task: &Task) -> bool {
    let result = task.workspace.as_ref().and_then(|workspace| workspace.result.as_ref());
    let is_open = |result: &WorkspaceResult| {
        let WorkspaceResult { branch, patch, applied, conflict, unsent, .. } = result;
        // It waits for the remote, for as long as that takes.
        result.files > 0
            && unsent.is_none()
            && branch.is_none()
            && patch.is_none()
            && applied.is_none()
            && conflict.is_none()
    };
    task.state == TaskState::Completed && result.is_some_and(is_open)
}

/// Keeps what a person has changed in the work tree of a task that is being given back as done.
pub(super) async fn keep_of_person(handler: &Handler, no: TaskNo) -> Result<(), ApiError> {
    let read = move |reader: &dyn Reader| Ok(reader.task(no)?.zip(Some(reader.runs(no)?)));
    let Some((task, runs)) = handler.read(read).await? else { return Ok(()) };
    let is_persons = task.spec.terms.taken.is_some() && task.state == TaskState::Queued;
    let from = task.spec.terms.tree.as_ref().and_then(|tree| tree.from.as_deref());
    let place = runs.iter().rev().find(|run| run.id.n == task.launch).and_then(|run| Place::of(run, from));
    let Some(place) = place.filter(|_| is_persons) else { return Ok(()) };
    let (context, run) = (Arc::clone(&handler.context), RunId { task: no, n: task.launch });
    let kept = handler
        .apart(move || {
            leave_to_person(&context.workspaces, run, place.number);
            keep_now(&context.workspaces, run, &place).map_err(in_words)
        })
        .await?;
    let (kept, why) = match kept {
        Ok((kept, why)) => (Some(kept), why),
        Err(why) => (None, Some(why)),
    };
    handler.command(handler.context.engine.note_kept(run, (kept, why), false)).await
}

pub(crate) async fn workspace_list(handler: &Handler, _: NoParams) -> Result<WorkspaceList, ApiError> {
    let host = handler.context.engine.host().map(str::to_owned);
    let uses = handler.read(move |reader: &dyn Reader| tree_uses(reader, host.as_deref())).await?;
    let context = Arc::clone(&handler.context);
    let dir = context.workspaces.home().map(|home| home.display().to_string()).unwrap_or_default();
    // Whoever has none is not asked for git.
    let has_any = !uses.is_empty() || context.workspaces.home().is_some_and(|home| home.exists());
    if !has_any {
        let unusable = handler.apart(move || context.workspaces.repository().err()).await?;
        let unusable = unusable.map(|why| why.to_string());
        return Ok(WorkspaceList { dir, trees: Vec::new(), results: 0, unusable });
    }
    let listed = handler
        .apart(move || -> Result<(Vec<Tree>, u64), String> {
            let repository = context.workspaces.repository().map_err(|error| error.to_string())?;
            let repository = repository.with_time(DIFF_WITHIN);
            let said = |error: aiwg_worktrees::Error| error.to_string();
            let results = repository.results().map_err(said)?;
            let results = results.iter().filter(|found| found.kind == Kind::Result).count();
            Ok((repository.slots().map_err(said)?, u64::try_from(results).unwrap_or(u64::MAX)))
        })
        .await?;
    let (trees, results) = match listed {
        Ok(listed) => listed,
        Err(why) => return Ok(WorkspaceList { dir, trees: Vec::new(), results: 0, unusable: Some(why) }),
    };
    let mut uses: BTreeMap<u32, TreeUse> = uses.into_iter().map(|found| (found.number, found)).collect();
    let tree = |tree: Tree| {
        let used = uses.remove(&tree.n);
        let task = used.as_ref().map(|used| used.task).filter(|task| task.0 > 0);
        let is_running = task.is_some_and(|task| handler.context.running.launch(task).is_some());
        WorkspaceTree {
            number: tree.n,
            dir: tree.dir.display().to_string(),
            task_id: task.map(|task| task.to_string()),
            is_running,
            broken: used.and_then(|used| used.broken).or(tree.broken),
        }
    };
    Ok(WorkspaceList { dir, trees: trees.into_iter().map(tree).collect(), results, unusable: None })
}

pub(crate) async fn workspace_prune(
    handler: &Handler,
    params: WorkspacePruneParams,
) -> Result<WorkspacePruned, ApiError> {
    let context = Arc::clone(&handler.context);
    let mut pruned =
        WorkspacePruned { removed: Vec::new(), kept: Vec::new(), failed: Vec::new(), forgotten: 0 };
    if context.workspaces.home().is_none_or(|home| !home.exists()) && params.results != Some(true) {
        return Ok(pruned);
    }
    let repository = handler.apart(move || context.workspaces.repository()).await??;
    let its = repository.clone();
    let trees = handler.apart(move || its.slots()).await?;
    for n in trees.map_err(|error| unusable(&error))?.into_iter().map(|tree| tree.n) {
        if !handler.command(handler.context.engine.claim_tree(n)).await? {
            pruned.kept.push(n);
            continue;
        }
        let its = repository.clone();
        match handler.apart(move || its.remove(n)).await? {
            // Somebody else may just have done so.
            Ok(()) | Err(aiwg_worktrees::Error::NoSuchSlot { .. }) => {
                handler.command(handler.context.engine.give_up_tree(n, None)).await?;
                pruned.removed.push(n);
            }
            Err(error) => {
                let why = error.to_string();
                handler.command(handler.context.engine.give_up_tree(n, Some(why.clone()))).await?;
                pruned.failed.push(why);
            }
        }
    }
    if params.results == Some(true) {
        pruned.forgotten = forget(handler, repository).await?;
        let sent = forget_sent(&handler.context).await;
        pruned.failed.extend(sent.err().map(|error| error.to_string()));
    }
    Ok(pruned)
}

fn unusable(error: &aiwg_worktrees::Error) -> ApiError {
    ApiError::new(ErrorKind::WorkspaceUnusable, error.to_string())
}

/// Forgets the results of all tasks that have ended.
async fn forget(handler: &Handler, repository: Repository) -> Result<u64, ApiError> {
    let its = repository.clone();
    let results = handler.apart(move || its.results()).await?.map_err(|error| unusable(&error))?;
    let names = handler.read(move |reader| ended(reader, results)).await?;
    let forgotten = names.iter().filter(|name| name.starts_with("refs/aiwg/tasks/")).count();
    handler.apart(move || repository.forget(&names)).await?.map_err(|error| unusable(&error))?;
    Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
}

/// The names of the results of tasks that have ended, or are forgotten.
fn ended(reader: &dyn Reader, results: Vec<ResultRef>) -> aiwg_store::Result<Vec<String>> {
    let mut names = Vec::new();
    for ResultRef { name, of, .. } in results {
        let no = of.and_then(|(task, _)| task.parse::<TaskNo>().ok());
        let Some(no) = no else { continue };
        if reader.task(no)?.is_none_or(|task| task.state.is_final()) {
            names.push(name);
        }
    }
    Ok(names)
}
