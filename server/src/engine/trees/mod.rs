//! The work trees of tasks: which of them the next run of a task has, and what becomes of what it leaves there.
//!
//! Work trees and changes that are to come back are cursors of the store: a project without work trees has none, and nothing is looked at for it.

mod results;
mod tenants;
mod travel;

use aiwg_model::{KeptTree, RunId, RunTree, TaskNo};

pub(super) use results::{APPLIED, load_applied};
pub(crate) use results::{Brought, being_applied, latest_kept, to_bring};
pub(super) use tenants::{TREES, Trees};
pub(crate) use tenants::{TreeUse, tree_uses};
pub(crate) use travel::{Base, Sent, to_push};

use super::{Engine, EngineError, call::Call, transaction::Transaction};

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
