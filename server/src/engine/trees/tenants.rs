//! The tasks that have the work trees, and the work tree that the next run of a task has.

use std::collections::{BTreeMap, BTreeSet};

use aiwg_model::{Cursor, RunRow, RunTree, TaskNo, TaskRow, TreeOrder};
use aiwg_protocol::types::{TaskState, Timestamp};
use aiwg_store::Reader;
use serde::{Deserialize, Serialize};

use super::travel::{Base, base_of};
use crate::engine::{cursors::Cursors, hosts::Hosts, transaction::Transaction};

/// The source of the cursors of work trees, by their numbers.
pub(in crate::engine) const TREES: &str = "tree";

/// The reason for which a work tree is not to be used while it is being removed.
const BEING_REMOVED: &str = "it is being removed; `aiwg workspace prune` removes it";

/// The work trees of the project, as far as tasks have had them.
#[derive(Debug, Default)]
pub(in crate::engine) struct Trees(BTreeMap<u32, Tenant>);

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

impl Trees {
    /// Reads it from the store.
    pub(in crate::engine) fn load(cursors: &mut Cursors, hosts: &Hosts) -> Self {
        Self(tenants(hosts.own_of(cursors.take(TREES))))
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

/// The work trees that tasks have had on this host, by their numbers.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn tree_uses(reader: &dyn Reader, host: Option<&str>) -> aiwg_store::Result<Vec<TreeUse>> {
    let of = |(number, Tenant { task, broken, .. })| TreeUse { number, task, broken };
    Ok(tenants(Hosts::of(host).own_of(reader.cursors(TREES)?)).into_iter().map(of).collect())
}

impl Transaction<'_> {
    /// The work tree of the next run of a task, and true if its agent can go on in no session of its earlier runs, since these were elsewhere. None for a
    /// task that works in the project's own directory.
    pub(in crate::engine) fn tree_of_next(
        &mut self,
        task: &TaskRow,
    ) -> aiwg_store::Result<Option<(TreeOrder, bool)>> {
        let Some(terms) = &task.spec.terms.tree else { return Ok(None) };
        let all = if task.launch > 1 { self.store.runs(task.no)? } else { Vec::new() };
        // What is left of it on another host is not here.
        let is_here = |run: &&RunRow| !self.state.hosts.is_elsewhere(run.host.as_deref());
        let earlier = || all.iter().filter(is_here).filter(|run| run.id.n < task.launch);
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
        let Base { latest, before: before_it, distant, .. } = base_of(self.store, &self.state.hosts, task)?;
        let terms = terms.clone();
        let order = TreeOrder { number, goes_on, terms, latest, set_up, before: before_it, distant };
        Ok(Some((order, before.is_some_and(|before| before != number))))
    }

    fn set_tenant(&mut self, number: u32, tenant: Option<Tenant>) -> aiwg_store::Result<()> {
        let value = tenant.as_ref().and_then(|tenant| serde_json::to_string(tenant).ok());
        let moved = Cursor::moved(TREES, self.state.hosts.key_of(&number.to_string()), "");
        self.store.move_cursor(&Cursor { value, ..moved })?;
        match tenant {
            Some(tenant) => drop(self.state.trees.0.insert(number, tenant)),
            None => drop(self.state.trees.0.remove(&number)),
        }
        Ok(())
    }

    /// Notes the mark of a set-up that has succeeded in a work tree.
    pub(super) fn note_set_up(&mut self, number: u32, mark: &str) -> aiwg_store::Result<()> {
        match self.state.trees.0.get(&number).cloned() {
            Some(tenant) => self.set_tenant(number, Some(Tenant { set_up: Some(mark.to_owned()), ..tenant })),
            None => Ok(()),
        }
    }

    pub(super) fn give_up_tree(&mut self, number: u32, broken: Option<&str>) -> aiwg_store::Result<()> {
        let tenant = self.state.trees.0.get(&number).cloned();
        let tenant =
            tenant.zip(broken).map(|(tenant, why)| Tenant { broken: Some(why.to_owned()), ..tenant });
        self.set_tenant(number, tenant)
    }

    pub(super) fn claim_tree(&mut self, number: u32) -> aiwg_store::Result<bool> {
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

    pub(super) fn claim_surplus_trees(&mut self) -> aiwg_store::Result<Vec<u32>> {
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
