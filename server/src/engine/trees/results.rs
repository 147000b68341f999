//! What runs have left in their work trees, and the ways in which it comes back into the project.

use aiwg_model::{Cursor, KeptTree, Order, RunId, RunRow, RunTree, TaskNo, TaskRow, TreeTerms};
use aiwg_protocol::types::{
    Json, TaskAppliedEvent, TaskConflictEvent, TaskState, Timestamp, WorkspaceConflict,
};
use aiwg_store::Reader;
use serde::{Deserialize, Serialize};

use super::travel::key_on;
use crate::engine::{
    EngineError,
    cursors::Cursors,
    hosts::Hosts,
    memory::Memory,
    transaction::{Failure, Transaction},
};

/// The source of the cursors of changes that are to come back, by their tasks.
pub(super) const PENDING: &str = "tree_back";

/// The source of the cursors of changes that were applied to the project's files of late, by their tasks.
pub(in crate::engine) const APPLIED: &str = "tree_applied";

/// Time for which changes that were applied are known as such, in milliseconds: longer than any change is gathered before it is published.
const APPLIED_MS: u64 = 15 * 60_000;

/// The most paths of an event.
const MOST_PATHS: usize = 100;

/// The way in which the changes of a task have come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Brought {
    /// As this branch.
    Branch(String),
    /// As the patch of this path.
    Patch(String),
    /// The project's own files were changed: these.
    Applied(Vec<String>),
    /// Not at all.
    Conflict(WorkspaceConflict),
}

/// The time in which changes were applied.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AppliedPeriod {
    /// The rule that made the task; empty for none.
    rule: String,
    depth: u32,
    from: Timestamp,
    /// None while they are being applied.
    #[serde(default)]
    until: Option<Timestamp>,
}

/// The runs whose changes are to come back, in the order of their tasks.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn to_bring(reader: &dyn Reader, host: Option<&str>) -> aiwg_store::Result<Vec<RunId>> {
    let run =
        |(task, n): (String, String)| Some(RunId { task: TaskNo(task.parse().ok()?), n: n.parse().ok()? });
    let pending = Hosts::of(host).own_of(reader.cursors(PENDING)?);
    let mut runs: Vec<RunId> = pending.into_iter().filter_map(run).collect();
    runs.sort_unstable();
    Ok(runs)
}

/// The tasks whose changes were being applied to the project's files when an earlier daemon ended.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn being_applied(reader: &dyn Reader, host: Option<&str>) -> aiwg_store::Result<Vec<TaskNo>> {
    let is_open =
        |value: &str| serde_json::from_str::<AppliedPeriod>(value).is_ok_and(|period| period.until.is_none());
    let applied = Hosts::of(host).own_of(reader.cursors(APPLIED)?);
    let open = applied.into_iter().filter(|(_, value)| is_open(value));
    Ok(open.filter_map(|(task, _)| Some(TaskNo(task.parse().ok()?))).collect())
}

/// The latest of these runs that has left something in a work tree.
pub(crate) fn latest_kept(runs: &[RunRow]) -> Option<(RunId, &KeptTree)> {
    runs.iter().rev().find_map(|run| Some((run.id, run.tree.as_ref()?.kept.as_ref()?)))
}

/// Has the changes count as their tasks' own that were applied of late.
pub(in crate::engine) fn load_applied(cursors: &mut Cursors, hosts: &Hosts, memory: &mut Memory) {
    for (task, value) in hosts.own_of(cursors.take(APPLIED)) {
        let (Ok(task), Ok(period)) =
            (task.parse().map(TaskNo), serde_json::from_str::<AppliedPeriod>(&value))
        else {
            continue;
        };
        memory.started(&period.rule, task, period.depth, period.from);
        if let Some(until) = period.until {
            memory.stopped(&period.rule, task, until);
        }
    }
}

impl Transaction<'_> {
    pub(super) fn note_tree(&mut self, run: RunId, tree: &RunTree, from: &str) -> Result<(), Failure> {
        let task = self.current(run)?;
        self.store.set_tree(run, tree)?;
        if let Some(TreeTerms { from: None, .. }) = &task.spec.terms.tree {
            let mut terms = task.spec.terms.clone();
            terms.tree = terms.tree.map(|tree| TreeTerms { from: Some(from.to_owned()), ..tree });
            self.store.set_terms(run.task, &terms)?;
        }
        Ok(())
    }

    pub(super) fn note_kept(
        &mut self,
        run: RunId,
        (kept, why): (Option<&KeptTree>, Option<&str>),
        is_set_up: bool,
    ) -> Result<(), Failure> {
        // Where a person has it, it is not running.
        let is_latest = |task: &TaskRow| !task.state.is_final() && task.launch == run.n;
        if !self.store.task_if_readable(run.task)?.is_some_and(|task| is_latest(&task)) {
            return Err(EngineError::RunIsOver(run).into());
        }
        if self.was_given_up(run)? {
            return Err(EngineError::RunIsOver(run).into());
        }
        let Some(tree) = self.tree_of_run(run)? else { return Ok(()) };
        if is_set_up && let Some(mark) = &tree.set_up {
            self.note_set_up(tree.number, mark)?;
        }
        if kept.is_some() {
            self.is_to_push(run)?;
        }
        let (kept, error) = (kept.cloned().or(tree.kept), why.map(str::to_owned));
        Ok(self.store.set_tree(run, &RunTree { kept, error, ..tree })?)
    }

    /// True if a run has been given up with its host, and its task goes on without it. What a person has changed after a run is kept.
    fn was_given_up(&self, run: RunId) -> aiwg_store::Result<bool> {
        if self.state.hosts.me().is_none() {
            return Ok(false);
        }
        let is_over =
            self.store.runs(run.task)?.iter().any(|found| found.id == run && found.ended_at.is_some());
        let task = self.store.task_if_readable(run.task)?;
        Ok(is_over && task.is_none_or(|task| task.spec.terms.taken.is_none()))
    }

    pub(super) fn note_kept_late(&mut self, run: RunId, kept: &KeptTree) -> aiwg_store::Result<()> {
        let Some(tree) = self.tree_of_run(run)?.filter(|tree| tree.kept.is_none()) else { return Ok(()) };
        self.is_to_push(run)?;
        self.store.set_tree(run, &RunTree { kept: Some(kept.clone()), error: None, ..tree })?;
        match self.store.task_if_readable(run.task)? {
            Some(task) => self.bring_back(&task, task.state),
            None => Ok(()),
        }
    }

    pub(super) fn tree_of_run(&self, run: RunId) -> aiwg_store::Result<Option<RunTree>> {
        let runs = self.store.runs(run.task)?;
        Ok(runs.into_iter().find(|found| found.id == run).and_then(|found| found.tree))
    }

    /// Has the changes of a task come back that ends like this, if it has made any in a work tree.
    pub(in crate::engine) fn bring_back(&mut self, task: &TaskRow, end: TaskState) -> aiwg_store::Result<()> {
        let Some(terms) = task.spec.terms.tree.as_ref().filter(|_| end == TaskState::Completed) else {
            return Ok(());
        };
        let runs = self.store.runs(task.no)?;
        let Some((run, kept)) = latest_kept(&runs).filter(|(_, kept)| kept.files > 0) else { return Ok(()) };
        let ran_on = runs.iter().find(|found| found.id == run).and_then(|found| found.host.as_deref());
        // Where it cannot be yet, it comes back once it has been pushed.
        let Some(host) = self.comes_back_on(terms, ran_on, kept) else { return Ok(()) };
        let key = key_on(host.as_deref(), &run.task.0.to_string());
        self.store.move_cursor(&Cursor::moved(PENDING, key, run.n.to_string()))?;
        if host.as_deref() == self.state.hosts.me() {
            self.effects.orders.push(Order::Bring(run));
        }
        Ok(())
    }

    pub(super) fn begin_applying(&mut self, run: RunId) -> aiwg_store::Result<()> {
        let Some(task) = self.store.task_if_readable(run.task)? else { return Ok(()) };
        let rule = task.spec.rule.clone().unwrap_or_default();
        let depth = task.spec.cause.as_ref().map_or(0, |cause| cause.depth);
        let period = AppliedPeriod { rule, depth, from: self.now, until: None };
        self.note_applied(run.task, &period)?;
        self.state.memory.started(&period.rule, run.task, depth, self.now);
        Ok(())
    }

    fn note_applied(&mut self, task: TaskNo, period: &AppliedPeriod) -> aiwg_store::Result<()> {
        let value = serde_json::to_string(period).unwrap_or_default();
        let moved = Cursor::moved(APPLIED, self.state.hosts.key_of(&task.0.to_string()), value);
        self.store.move_cursor(&Cursor { until: Some(self.now.after_ms(APPLIED_MS)), ..moved })
    }

    pub(super) fn brought(&mut self, run: RunId, how: &Brought) -> aiwg_store::Result<()> {
        let pending = Cursor::moved(PENDING, self.state.hosts.key_of(&run.task.0.to_string()), "");
        self.store.move_cursor(&Cursor { value: None, ..pending })?;
        self.end_applying(run.task)?;
        let Some(tree) = self.tree_of_run(run)? else { return Ok(()) };
        let Some(mut kept) = tree.kept.clone() else { return Ok(()) };
        match how {
            Brought::Branch(name) => kept.branch = Some(name.clone()),
            Brought::Patch(path) => kept.patch = Some(path.clone()),
            Brought::Applied(_) => (kept.applied, kept.conflict) = (Some(self.now), None),
            Brought::Conflict(conflict) => kept.conflict = Some(conflict.clone()),
        }
        let commit = kept.commit.clone();
        self.store.set_tree(run, &RunTree { kept: Some(kept), ..tree })?;
        self.publish_brought(run, commit, how)
    }

    /// Says how the changes of a run have come back, where that has changed the project's files, or should have.
    fn publish_brought(&mut self, run: RunId, commit: String, how: &Brought) -> aiwg_store::Result<()> {
        let Some(task) = self.store.task_if_readable(run.task)? else { return Ok(()) };
        let (task_id, launch) = (run.task.to_string(), run.n);
        let rule = task.spec.cause.as_ref().and_then(|cause| cause.rule.clone());
        let first = |paths: &[String]| paths.iter().take(MOST_PATHS).cloned().collect();
        let (topic, payload) = match how {
            Brought::Branch(_) | Brought::Patch(_) => return Ok(()),
            Brought::Applied(paths) => {
                let paths = first(paths);
                (
                    "task:applied",
                    Json::new(&TaskAppliedEvent { task_id: task_id.clone(), launch, commit, rule, paths }),
                )
            }
            Brought::Conflict(WorkspaceConflict { paths, why }) => {
                let (paths, why) = (first(paths), why.clone());
                let event = TaskConflictEvent { task_id: task_id.clone(), launch, commit, rule, paths, why };
                ("task:conflict", Json::new(&event))
            }
        };
        self.publish_about(task_id, &task.spec, topic.to_owned(), payload.unwrap_or_default());
        Ok(())
    }

    pub(super) fn end_applying(&mut self, task: TaskNo) -> aiwg_store::Result<()> {
        let Some(value) = self.store.cursor(APPLIED, &self.state.hosts.key_of(&task.0.to_string()))? else {
            return Ok(());
        };
        let Ok(period) = serde_json::from_str::<AppliedPeriod>(&value) else { return Ok(()) };
        if period.until.is_none() {
            self.state.memory.stopped(&period.rule, task, self.now);
            self.note_applied(task, &AppliedPeriod { until: Some(self.now), ..period })?;
        }
        Ok(())
    }
}
