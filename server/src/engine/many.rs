//! Cancelling and retrying many tasks in one step.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aiwg_model::{Sender, Sent, TaskNo, TaskRow, TaskSpec, Terms};
use aiwg_protocol::types::{Cause, TaskCancelledOne, TaskRetried, TaskState, TasksCancelled, TasksRetried};

use super::{
    command::{EngineError, Select},
    takeover::in_new_session,
    transaction::{Failure, Transaction},
};

/// Maximum number of tasks that one command selects.
const MOST: usize = 1000;

/// The states in which tasks can be cancelled.
const OPEN: &[TaskState] = &[TaskState::Queued, TaskState::Running];

/// The states in which tasks are retried when nobody names them.
const IN_VAIN: &[TaskState] = &[TaskState::Failed, TaskState::Cancelled, TaskState::Timeout];

/// One that may come back.
struct Returning {
    after: Vec<TaskNo>,
    /// Reason for which it may not.
    refused: Option<EngineError>,
}

/// The tasks that come back with a retry.
struct Back {
    /// In the order of their numbers.
    tasks: Vec<TaskNo>,
    /// Earlier retries, and the task that comes back in their place.
    retries: BTreeMap<TaskNo, TaskNo>,
}

impl Transaction<'_> {
    /// Cancels the selected tasks.
    pub(super) fn cancel_many(
        &mut self,
        which: &Select,
        by: Option<&str>,
    ) -> Result<TasksCancelled, Failure> {
        let (selected, more) = self.selected(which, OPEN, false)?;
        // All of them first: a name that nobody knows is no reason to have cancelled the others.
        for no in &selected {
            self.state_of(*no)?;
        }
        let mut tasks = Vec::new();
        for no in selected {
            let (cancelled, state) = match self.cancel(no, by) {
                Ok(done) => (true, done.state),
                // One that has ended, be it in this very step, since it was to start after another.
                Err(Failure::Refused(EngineError::TaskEnded(_))) => (false, self.state_of(no)?),
                Err(other) => return Err(other),
            };
            let cancelled = cancelled || (matches!(which, Select::All(_)) && state == TaskState::Cancelled);
            tasks.push(TaskCancelledOne { task_id: no.to_string(), cancelled, state });
        }
        Ok(TasksCancelled { tasks, more })
    }

    /// Submits the selected tasks again, and those that were cancelled since they were to start after them: all, or
    /// none.
    pub(super) fn retry_many(
        &mut self,
        which: &Select,
        cause: Option<&Cause>,
        sender: Option<&Arc<Sender>>,
    ) -> Result<TasksRetried, Failure> {
        if self.state.closing {
            return Err(EngineError::Closing.into());
        }
        let (selected, more) = self.selected(which, IN_VAIN, matches!(which, Select::All(_)))?;
        let named: BTreeSet<TaskNo> = selected.into_iter().collect();
        let Back { tasks: back, retries } = self.with_dependents(&named, which, cause)?;
        self.room_for(back.len())?;
        let mut new: BTreeMap<TaskNo, TaskNo> = BTreeMap::new();
        let mut tasks = Vec::new();
        for old in back {
            let Some(row) = self.store.task_if_readable(old)? else { continue };
            // What is asked for waits only for what comes back with it; what comes back waits as before.
            let is_named = named.contains(&old);
            let after = row.spec.after.iter();
            let again = |no: &TaskNo| new.get(retries.get(no).unwrap_or(no)).copied();
            let after = after.filter_map(|no| again(no).or((!is_named).then_some(*no))).collect();
            let protected = self.inherited_record(&row)?;
            let mut spec = TaskSpec { after, sender: sender.cloned(), ..once_more(row, cause) };
            spec.terms.protected = protected;
            let (no, state) = self.submit(&spec)?;
            self.store.note_retry(old, no)?;
            new.insert(old, no);
            tasks.push(TaskRetried { task_id: no.to_string(), retry_of: old.to_string(), state });
        }
        Ok(TasksRetried { tasks, more })
    }

    /// These tasks, and those that come back with them, however many, in the order of their numbers: what waits comes after what it waits for.
    /// The rows themselves are not held: each may have a long prompt.
    fn with_dependents(
        &self,
        named: &BTreeSet<TaskNo>,
        which: &Select,
        cause: Option<&Cause>,
    ) -> Result<Back, Failure> {
        let returning = |row: TaskRow| Returning {
            after: row.spec.after.clone(),
            refused: self.not_too_deep(&once_more(row, cause)).err(),
        };
        let mut found: BTreeMap<TaskNo, Returning> = BTreeMap::new();
        for no in named {
            match (self.store.task_if_readable(*no)?, which) {
                (Some(row), _) => drop(found.insert(*no, returning(row))),
                (None, Select::All(_)) => {}
                (None, Select::Named(_)) => {
                    self.state_of(*no)?;
                    return Err(EngineError::TaskUnreadable(*no).into());
                }
            }
        }
        let mut open: Vec<TaskNo> = named.iter().copied().collect();
        let mut retries = BTreeMap::new();
        while let Some(no) = open.pop() {
            // What waited for an earlier retry of it waits for it.
            let mut waited_for = Some(no);
            while let Some(version) = waited_for {
                for other in self.store.in_vain_for(version)? {
                    if found.contains_key(&other) {
                        continue;
                    }
                    let Some(row) = self.store.task_if_readable(other)? else { continue };
                    found.insert(other, returning(row));
                    open.push(other);
                }
                // A retry has a higher number, or the rows are damaged.
                let retry = self.store.retried_as(version)?;
                waited_for = retry.filter(|retry| *retry > version && !named.contains(retry));
                waited_for.and_then(|retry| retries.insert(retry, no));
            }
        }
        let mut back = BTreeSet::new();
        for (no, Returning { after, refused }) in found {
            // One that would wait in vain for something else comes back with that.
            if named.contains(&no) || self.would_start(&after, &back, &retries)? {
                back.insert(no);
                refused.map_or(Ok(()), Err)?;
            }
        }
        Ok(Back { tasks: back.into_iter().collect(), retries })
    }

    /// True if all tasks that a task is to start after have completed, are under way, or come back.
    fn would_start(
        &self,
        after: &[TaskNo],
        back: &BTreeSet<TaskNo>,
        retries: &BTreeMap<TaskNo, TaskNo>,
    ) -> Result<bool, Failure> {
        for no in after.iter().filter(|no| !back.contains(retries.get(no).unwrap_or(no))) {
            let state = self.store.task_state(*no)?;
            if state.is_none_or(|state| state.is_final() && state != TaskState::Completed) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The selected tasks, and whether there are more.
    fn selected(
        &self,
        which: &Select,
        states: &[TaskState],
        not_retried: bool,
    ) -> Result<(Vec<TaskNo>, bool), Failure> {
        match which {
            Select::Named(named) => {
                // Each once, in the order of their numbers.
                let named: BTreeSet<TaskNo> = named.iter().copied().collect();
                Ok((named.into_iter().collect(), false))
            }
            Select::All(selection) => {
                let mut found = self.store.select(selection, states, not_retried, MOST + 1)?;
                let more = found.len() > MOST;
                found.truncate(MOST);
                Ok((found, more))
            }
        }
    }

    fn state_of(&self, no: TaskNo) -> Result<TaskState, Failure> {
        Ok(self.store.task_state(no)?.ok_or(EngineError::TaskNotFound(no))?)
    }
}

/// The specification for a retry. Its cause is that of the first task, so that it counts as the rule's; an agent that retries makes
/// the chain no shorter.
fn once_more(row: TaskRow, cause: Option<&Cause>) -> TaskSpec {
    let again_by_person = cause.is_none();
    let cause = match (row.spec.cause, cause.cloned()) {
        (Some(first), Some(again)) => {
            Some(Cause { task: again.task, depth: first.depth.max(again.depth), ..first })
        }
        (first, again) => first.or(again),
    };
    // An agent does not decide that no budget counts.
    let ignore_budget = row.spec.terms.ignore_budget && again_by_person;
    // It begins afresh, and nobody has it: what was sent to it is asked of it at once.
    let anew = |sent| in_new_session(Sent { run: None, is_unsure: false, ..sent });
    let sent = row.spec.terms.sent.into_iter().map(anew).collect();
    let terms = Terms {
        ignore_budget,
        sent,
        taken: None,
        taken_by: None,
        finished_by: None,
        cancelled_by: None,
        changed_after: None,
        ..row.spec.terms
    };
    TaskSpec { cause, terms, after: Vec::new(), ..row.spec }
}
