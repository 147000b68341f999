//! The work trees of tasks: which of them the next run of a task has, and what becomes of what it leaves there.
//!
//! Work trees and changes that are to come back are cursors of the store: a project without work trees has none, and nothing is looked at for it.

use std::collections::{BTreeMap, BTreeSet};

use aiwg_model::{Cursor, KeptTree, Order, RunId, RunRow, RunTree, TaskNo, TaskRow, TreeOrder, TreeTerms};
use aiwg_protocol::types::{
    Json, TaskAppliedEvent, TaskConflictEvent, TaskState, Timestamp, WorkspaceConflict,
};
use aiwg_store::{Reader, View};
use serde::{Deserialize, Serialize};

use super::{
    Engine, EngineError,
    call::Call,
    memory::Memory,
    transaction::{Failure, Transaction},
};

/// The source of the cursors of work trees, by their numbers.
const TREES: &str = "tree";

/// The source of the cursors of changes that are to come back, by their tasks.
const PENDING: &str = "tree_back";

/// The source of the cursors of changes that were applied to the project's files of late, by their tasks.
const APPLIED: &str = "tree_applied";

/// Time for which changes that were applied are known as such, in milliseconds: longer than any change is gathered before it is published.
const APPLIED_MS: u64 = 15 * 60_000;

/// The reason for which a work tree is not to be used while it is being removed.
const BEING_REMOVED: &str = "it is being removed; `aiwg workspace prune` removes it";

/// The most paths of an event.
const MOST_PATHS: usize = 100;

/// The work trees of the project, as far as tasks have had them.
#[derive(Debug, Default)]
pub(super) struct Trees(BTreeMap<u32, Tenant>);

/// The task that has a work tree, or had it last.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tenant {
    task: TaskNo,
    /// Time at which its latest run there began.
    at: Timestamp,
    /// The reason for which nobody can work there; none if that is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    broken: Option<String>,
    /// The mark of the last set-up that has succeeded there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_up: Option<String>,
}

/// A work tree and the task that has it, or had it last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeUse {
    /// The number of the work tree.
    pub(crate) number: u32,
    /// The task.
    pub(crate) task: TaskNo,
    /// The reason for which nobody can work there.
    pub(crate) broken: Option<String>,
}

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

impl Trees {
    /// Reads it from the store.
    pub(super) fn load(store: &dyn View) -> aiwg_store::Result<Self> {
        Ok(Self(tenants(store.cursors(TREES)?)))
    }

    /// The work tree of the next run of a task that had `before` in its last run, and true if it was the last to work there. `open` has the tasks among
    /// the tenants that have not ended, `busy` those of them that someone works on, `most` is how many there may be.
    fn choose(
        &self,
        task: TaskNo,
        before: Option<u32>,
        (open, busy): (&BTreeSet<TaskNo>, &BTreeSet<TaskNo>),
        most: usize,
    ) -> (u32, bool) {
        let sound = || self.0.iter().filter(|(_, tenant)| tenant.broken.is_none());
        let own = sound().find(|(number, tenant)| tenant.task == task && Some(**number) == before);
        if let Some((number, _)) = own {
            return (*number, true);
        }
        let is_free = |tenant: &Tenant| tenant.task == task || !open.contains(&tenant.task);
        // Programs keep sessions by directory.
        let back = before.filter(|number| {
            sound()
                .any(|(known, tenant)| known == number && (is_free(tenant) || !busy.contains(&tenant.task)))
        });
        if let Some(number) =
            back.or_else(|| sound().find(|(_, tenant)| is_free(tenant)).map(|(number, _)| *number))
        {
            return (number, false);
        }
        let new = || (1..).find(|number| !self.0.contains_key(number)).unwrap_or(u32::MAX);
        if sound().count() < most {
            return (new(), false);
        }
        let parked =
            sound().filter(|(_, tenant)| !busy.contains(&tenant.task)).min_by_key(|(_, tenant)| tenant.at);
        (parked.map_or_else(new, |(number, _)| *number), false)
    }
}

fn tenants(cursors: std::collections::HashMap<String, String>) -> BTreeMap<u32, Tenant> {
    let tenant =
        |(number, value): (String, String)| Some((number.parse().ok()?, serde_json::from_str(&value).ok()?));
    cursors.into_iter().filter_map(tenant).collect()
}

/// The work trees that tasks have had, by their numbers.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn tree_uses(reader: &dyn Reader) -> aiwg_store::Result<Vec<TreeUse>> {
    let of = |(number, Tenant { task, broken, .. })| TreeUse { number, task, broken };
    Ok(tenants(reader.cursors(TREES)?).into_iter().map(of).collect())
}

/// The runs whose changes are to come back, in the order of their tasks.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn to_bring(reader: &dyn Reader) -> aiwg_store::Result<Vec<RunId>> {
    let run =
        |(task, n): (String, String)| Some(RunId { task: TaskNo(task.parse().ok()?), n: n.parse().ok()? });
    let mut runs: Vec<RunId> = reader.cursors(PENDING)?.into_iter().filter_map(run).collect();
    runs.sort_unstable();
    Ok(runs)
}

/// The tasks whose changes were being applied to the project's files when an earlier daemon ended.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn being_applied(reader: &dyn Reader) -> aiwg_store::Result<Vec<TaskNo>> {
    let is_open =
        |value: &str| serde_json::from_str::<AppliedPeriod>(value).is_ok_and(|period| period.until.is_none());
    let open = reader.cursors(APPLIED)?.into_iter().filter(|(_, value)| is_open(value));
    Ok(open.filter_map(|(task, _)| Some(TaskNo(task.parse().ok()?))).collect())
}

/// The latest of these runs that has left something in a work tree.
pub(crate) fn latest_kept(runs: &[RunRow]) -> Option<(RunId, &KeptTree)> {
    runs.iter().rev().find_map(|run| Some((run.id, run.tree.as_ref()?.kept.as_ref()?)))
}

/// Has the changes count as their tasks' own that were applied of late.
pub(super) fn load_applied(store: &dyn View, memory: &mut Memory) -> aiwg_store::Result<()> {
    for (task, value) in store.cursors(APPLIED)? {
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
    Ok(())
}

impl Engine {
    /// Notes the work tree in which a run works, and the commit from which its task has begun if that was not known.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub(crate) async fn note_tree(&self, run: RunId, tree: RunTree, from: String) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.note_tree(run, &tree, &from))).await
    }

    /// Notes what a run has left in its work tree, and the reason for which all or some of that could not be kept;
    /// `is_set_up` if what is set up before it was.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub(crate) async fn note_kept(
        &self,
        run: RunId,
        (kept, why): (Option<KeptTree>, Option<String>),
        is_set_up: bool,
    ) -> Result<(), EngineError> {
        let note =
            move |tx: &mut Transaction<'_>| tx.note_kept(run, (kept.as_ref(), why.as_deref()), is_set_up);
        self.call(Call::changing(note)).await
    }

    /// Notes what a run of a task that has ended has left in its work tree, where that could only be kept later. Its changes come back then as well.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn note_kept_late(&self, run: RunId, kept: KeptTree) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.note_kept_late(run, &kept))).await
    }

    /// Notes that nobody can work in a work tree; none for one that is not there any more.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn give_up_tree(&self, number: u32, broken: Option<String>) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.give_up_tree(number, broken.as_deref()))).await
    }

    /// Claims a work tree in which no task that has not ended works, so that nobody gets it while it is being removed. False if one does.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn claim_tree(&self, number: u32) -> Result<bool, EngineError> {
        self.call(Call::changing(move |tx| tx.claim_tree(number))).await
    }

    /// Claims the work trees beyond `workspace.max_trees` in the same way, and those whose removal has not come to its end.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn claim_surplus_trees(&self) -> Result<Vec<u32>, EngineError> {
        self.call(Call::changing(|tx| tx.claim_surplus_trees())).await
    }

    /// Notes that the changes of a run are being applied to the project's files: from now on those count as its task's own.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn begin_applying(&self, run: RunId) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.begin_applying(run))).await
    }

    /// Notes that a task's changes are not being applied any more, whatever came of it.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn end_applying(&self, task: TaskNo) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.end_applying(task))).await
    }

    /// Notes how the changes of a run have come back, and says so.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn brought(&self, run: RunId, how: Brought) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.brought(run, &how))).await
    }
}

impl Transaction<'_> {
    /// The work tree of the next run of a task, and true if its agent can go on in no session of its earlier runs, since these were elsewhere. None for a
    /// task that works in the project's own directory.
    pub(super) fn tree_of_next(&mut self, task: &TaskRow) -> aiwg_store::Result<Option<(TreeOrder, bool)>> {
        let Some(terms) = &task.spec.terms.tree else { return Ok(None) };
        let runs = if task.launch > 1 { self.store.runs(task.no)? } else { Vec::new() };
        let earlier = || runs.iter().filter(|run| run.id.n < task.launch);
        let before = earlier().rev().find_map(|run| run.tree.as_ref()).map(|tree| tree.number);
        let (mut open, mut busy) = (BTreeSet::new(), BTreeSet::new());
        for no in self.state.trees.0.values().map(|tenant| tenant.task) {
            let Some(tenant) = self.store.task_if_readable(no)?.filter(|tenant| !tenant.state.is_final())
            else {
                continue;
            };
            open.insert(no);
            // A person may be at work there.
            if tenant.state == TaskState::Running || tenant.spec.terms.taken.is_some() {
                busy.insert(no);
            }
        }
        let most = self.state.config.max_trees.max(1);
        let (number, goes_on) = self.state.trees.choose(task.no, before, (&open, &busy), most);
        let set_up = self.state.trees.0.get(&number).and_then(|tenant| tenant.set_up.clone());
        let tenant = Tenant { task: task.no, at: self.now, broken: None, set_up: set_up.clone() };
        self.set_tenant(number, Some(tenant))?;
        let tree = RunTree { number, ..RunTree::default() };
        self.store.set_tree(task.run(), &tree)?;
        let latest = latest_kept(&runs).map(|(_, kept)| kept.commit.clone());
        let is_first = terms.from.is_none();
        let before_it = if is_first && terms.base.is_none() { self.made_before(task)? } else { Vec::new() };
        let order = TreeOrder { number, goes_on, terms: terms.clone(), latest, set_up, before: before_it };
        Ok(Some((order, before.is_some_and(|before| before != number))))
    }

    /// The commits that the tasks have left after which this one starts.
    fn made_before(&self, task: &TaskRow) -> aiwg_store::Result<Vec<String>> {
        let mut commits = Vec::new();
        for no in &task.spec.after {
            let runs = self.store.runs(*no)?;
            commits.extend(latest_kept(&runs).map(|(_, kept)| kept.commit.clone()));
        }
        Ok(commits)
    }

    fn set_tenant(&mut self, number: u32, tenant: Option<Tenant>) -> aiwg_store::Result<()> {
        let value = tenant.as_ref().and_then(|tenant| serde_json::to_string(tenant).ok());
        let moved = Cursor::moved(TREES, number.to_string(), "");
        self.store.move_cursor(&Cursor { value, ..moved })?;
        match tenant {
            Some(tenant) => drop(self.state.trees.0.insert(number, tenant)),
            None => drop(self.state.trees.0.remove(&number)),
        }
        Ok(())
    }

    fn give_up_tree(&mut self, number: u32, broken: Option<&str>) -> aiwg_store::Result<()> {
        let tenant = self.state.trees.0.get(&number).cloned();
        let tenant =
            tenant.zip(broken).map(|(tenant, why)| Tenant { broken: Some(why.to_owned()), ..tenant });
        self.set_tenant(number, tenant)
    }

    fn claim_tree(&mut self, number: u32) -> aiwg_store::Result<bool> {
        let tenant = self.state.trees.0.get(&number).cloned();
        let tenant = tenant.unwrap_or(Tenant { task: TaskNo(0), at: self.now, broken: None, set_up: None });
        let is_open = self.store.task_state(tenant.task)?.is_some_and(|state| !state.is_final());
        // Where it is broken, its task has gone on elsewhere.
        if is_open && tenant.broken.is_none() {
            return Ok(false);
        }
        self.set_tenant(number, Some(Tenant { broken: Some(BEING_REMOVED.to_owned()), ..tenant }))?;
        Ok(true)
    }

    fn claim_surplus_trees(&mut self) -> aiwg_store::Result<Vec<u32>> {
        let (mut claimed, mut sound) = (Vec::new(), Vec::new());
        for (number, tenant) in &self.state.trees.0 {
            match tenant.broken.as_deref() {
                None => sound.push(*number),
                Some(BEING_REMOVED) => claimed.push(*number),
                Some(_) => {}
            }
        }
        let mut surplus = sound.len().saturating_sub(self.state.config.max_trees.max(1));
        for number in sound.into_iter().rev() {
            if surplus == 0 {
                break;
            }
            if self.claim_tree(number)? {
                claimed.push(number);
                surplus -= 1;
            }
        }
        Ok(claimed)
    }

    fn note_tree(&mut self, run: RunId, tree: &RunTree, from: &str) -> Result<(), Failure> {
        let task = self.current(run)?;
        self.store.set_tree(run, tree)?;
        if let Some(TreeTerms { from: None, .. }) = &task.spec.terms.tree {
            let mut terms = task.spec.terms.clone();
            terms.tree = terms.tree.map(|tree| TreeTerms { from: Some(from.to_owned()), ..tree });
            self.store.set_terms(run.task, &terms)?;
        }
        Ok(())
    }

    fn note_kept(
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
        let Some(tree) = self.tree_of_run(run)? else { return Ok(()) };
        if let Some(tenant) =
            self.state.trees.0.get(&tree.number).filter(|_| is_set_up && tree.set_up.is_some())
        {
            let tenant = Tenant { set_up: tree.set_up.clone(), ..tenant.clone() };
            self.set_tenant(tree.number, Some(tenant))?;
        }
        let (kept, error) = (kept.cloned().or(tree.kept), why.map(str::to_owned));
        Ok(self.store.set_tree(run, &RunTree { kept, error, ..tree })?)
    }

    fn note_kept_late(&mut self, run: RunId, kept: &KeptTree) -> aiwg_store::Result<()> {
        let Some(tree) = self.tree_of_run(run)?.filter(|tree| tree.kept.is_none()) else { return Ok(()) };
        self.store.set_tree(run, &RunTree { kept: Some(kept.clone()), error: None, ..tree })?;
        match self.store.task_if_readable(run.task)? {
            Some(task) => self.bring_back(&task, task.state),
            None => Ok(()),
        }
    }

    fn tree_of_run(&self, run: RunId) -> aiwg_store::Result<Option<RunTree>> {
        let runs = self.store.runs(run.task)?;
        Ok(runs.into_iter().find(|found| found.id == run).and_then(|found| found.tree))
    }

    /// Has the changes of a task come back that ends like this, if it has made any in a work tree.
    pub(super) fn bring_back(&mut self, task: &TaskRow, end: TaskState) -> aiwg_store::Result<()> {
        if task.spec.terms.tree.is_none() || end != TaskState::Completed {
            return Ok(());
        }
        let runs = self.store.runs(task.no)?;
        let Some((run, _)) = latest_kept(&runs).filter(|(_, kept)| kept.files > 0) else { return Ok(()) };
        self.store.move_cursor(&Cursor::moved(PENDING, run.task.0.to_string(), run.n.to_string()))?;
        self.effects.orders.push(Order::Bring(run));
        Ok(())
    }

    fn begin_applying(&mut self, run: RunId) -> aiwg_store::Result<()> {
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
        let moved = Cursor::moved(APPLIED, task.0.to_string(), value);
        self.store.move_cursor(&Cursor { until: Some(self.now.after_ms(APPLIED_MS)), ..moved })
    }

    fn brought(&mut self, run: RunId, how: &Brought) -> aiwg_store::Result<()> {
        let pending = Cursor::moved(PENDING, run.task.0.to_string(), "");
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

    fn end_applying(&mut self, task: TaskNo) -> aiwg_store::Result<()> {
        let Some(value) = self.store.cursor(APPLIED, &task.0.to_string())? else { return Ok(()) };
        let Ok(period) = serde_json::from_str::<AppliedPeriod>(&value) else { return Ok(()) };
        if period.until.is_none() {
            self.state.memory.stopped(&period.rule, task, self.now);
            self.note_applied(task, &AppliedPeriod { until: Some(self.now), ..period })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees(tenants: &[(u32, u64, i64)]) -> Trees {
        let tenant = |&(number, task, at)| {
            (
                number,
                Tenant { task: TaskNo(task), at: Timestamp::from_millis(at), broken: None, set_up: None },
            )
        };
        Trees(tenants.iter().map(tenant).collect())
    }

    fn chosen(trees: &Trees, task: u64, before: Option<u32>, open: &[u64], busy: &[u64]) -> (u32, bool) {
        let [open, busy] = [open, busy].map(|all| all.iter().map(|no| TaskNo(*no)).collect());
        trees.choose(TaskNo(task), before, (&open, &busy), 3)
    }

    #[test]
    fn a_run_has_its_tasks_tree_then_a_free_one_then_a_new_one_then_that_parked_longest() {
        let all = trees(&[(1, 7, 30), (2, 8, 10), (3, 9, 20)]);
        assert_eq!(chosen(&all, 7, Some(1), &[7, 8, 9], &[]), (1, true));
        // Task 8 has ended.
        assert_eq!(chosen(&all, 5, None, &[7, 9], &[7, 9]), (2, false));
        // Where its last run was, task 9 waits.
        assert_eq!(chosen(&all, 5, Some(3), &[7, 8, 9], &[7, 8]), (3, false));
        assert_eq!(chosen(&all, 5, Some(3), &[7, 9], &[7, 9]), (2, false));
        assert_eq!(chosen(&all, 5, None, &[7, 8, 9], &[7]), (2, false), "parked longest");
        assert_eq!(chosen(&all, 5, None, &[7, 8, 9], &[7, 8]), (3, false));
        assert_eq!(chosen(&all, 5, None, &[7, 8, 9], &[7, 8, 9]), (4, false), "more than usual work");
        let two = trees(&[(1, 7, 30), (3, 8, 10)]);
        assert_eq!(chosen(&two, 5, None, &[7, 8], &[]), (2, false), "one more is allowed");
        assert_eq!(chosen(&trees(&[]), 5, None, &[], &[]), (1, false));
    }

    #[test]
    fn nobody_works_where_it_is_broken() {
        let mut all = trees(&[(1, 7, 30)]);
        all.0.get_mut(&1).unwrap().broken = Some("owned by another user".to_owned());
        assert_eq!(chosen(&all, 7, Some(1), &[7], &[]), (2, false));
        assert_eq!(chosen(&all, 5, None, &[], &[]), (2, false));
    }
}
