//! The work tree of a run: what its keeper does about it.

use std::path::{Path, PathBuf};

use aiwg_model::{RunRow, RunTree};

use crate::{
    beside::beside,
    engine::{EngineError, Way},
    runs::{
        Shared,
        launch::End,
        outcome::could_not_start,
        set_up,
        shortage::what_to_do,
        travel::send_result,
        trees::{self, NoTree, Place},
    },
};

use super::Agent;

/// The most runs of a task, one after the other, for which git fails to make a work tree ready.
const MOST_WITHOUT_TREE: usize = 3;

impl Agent {
    /// The directory in which it runs: the project's own, or that in its work tree.
    pub(super) fn works_in(&self, shared: &Shared) -> PathBuf {
        self.place.get().map_or_else(|| shared.context.project.root().to_owned(), |place| place.dir.clone())
    }

    /// Notes where it works, before it begins.
    pub(super) async fn note_place(
        &self,
        shared: &Shared,
        place: Place,
        set_up: Option<String>,
    ) -> Result<(), EngineError> {
        trees::report_unusable(shared, None);
        let from = place.from.hash().to_owned();
        let dir = Some(place.dir.display().to_string());
        let tree = RunTree { number: place.number, dir, set_up, ..RunTree::default() };
        shared.context.engine.note_tree(self.task.id(), tree, from).await?;
        let _ = self.place.set(place);
        Ok(())
    }

    /// The end of a run that has no work tree.
    pub(super) async fn has_no_tree(&self, shared: &Shared, why: NoTree) -> End {
        match why {
            NoTree::Full(error) => {
                End::NotStarted(format!("{error}: {}", what_to_do(std::io::ErrorKind::StorageFull)))
            }
            NoTree::Broken(number, why) => {
                tracing::warn!(task = %self.task.no, number, %why, "its work tree cannot be used, and it gets another one");
                if let Err(error) = shared.context.engine.give_up_tree(number, Some(why)).await {
                    tracing::warn!(number, %error, "that a work tree cannot be used could not be stored");
                }
                End::Lost { started: false, rest: None, used: Box::default() }
            }
            NoTree::Git(number, error) => {
                if let Some(number) = number {
                    give_up(shared, number, error.to_string()).await;
                }
                if self.runs_without_tree(shared).await >= MOST_WITHOUT_TREE {
                    trees::report_unusable(shared, None);
                    return End::of(could_not_start(&error));
                }
                tracing::warn!(task = %self.task.no, ?number, %error, "its work tree could not be made ready, and another one is tried");
                trees::report_delay(shared, self.task.no, &error);
                End::Lost { started: false, rest: None, used: Box::default() }
            }
            NoTree::Later(error) => {
                tracing::warn!(task = %self.task.no, %error, "its work tree could not be made ready, which is tried again");
                trees::report_delay(shared, self.task.no, &error);
                End::Lost { started: false, rest: None, used: Box::default() }
            }
            NoTree::Unusable(why) => {
                trees::report_unusable(shared, Some(&why));
                End::of(could_not_start(&why))
            }
            NoTree::Away(away) => {
                tracing::warn!(task = %self.task.no, why = %away.why, "what it is to begin with is not here, so it begins where that is");
                if away.is_trouble {
                    shared.context.engine.note_way(Way::Closed);
                    shared.context.workspaces.routes.met(away.why);
                }
                if let Err(error) = shared.context.engine.leave_to(self.task.id(), away.host).await {
                    tracing::warn!(task = %self.task.no, %error, "that it is to begin elsewhere could not be stored");
                }
                End::Lost { started: false, rest: None, used: Box::default() }
            }
            NoTree::Task(error) => End::of(could_not_start(&error)),
        }
    }

    /// The number of runs of its task, up to this one, that have come to no work tree, one after the other.
    async fn runs_without_tree(&self, shared: &Shared) -> usize {
        let (task, n) = (self.task.no, self.task.launch);
        let runs = shared.context.read(move |reader| reader.runs(task)).await.unwrap_or_default();
        let is_without = |run: &&RunRow| run.tree.as_ref().is_some_and(|tree| tree.dir.is_none());
        runs.iter().rev().filter(|run| run.id.n <= n).take_while(is_without).count()
    }

    /// Keeps what is in its work tree, before anyone else may have that.
    pub(super) async fn keep_tree(&self, shared: &Shared, dir: &Path) {
        if let Some(place) = self.place.get() {
            let dir = dir.to_owned();
            let is_set_up = beside(move || set_up::is_done(&dir)).await;
            trees::keep(shared, self.task.id(), place, is_set_up).await;
            send_result(shared, self.task.id()).await;
        }
    }

    /// Leaves its work tree to the person who has the task, if someone has.
    pub(super) async fn leave_tree(&self, shared: &Shared) {
        let Some(place) = self.place.get() else { return };
        let (run, number) = (self.task.id(), place.number);
        let context = shared.context.clone();
        beside(move || {
            let row = context.reader.task(run.task).ok().flatten();
            let is_left = row.is_some_and(|row| {
                !row.state.is_final() && row.launch == run.n && row.spec.terms.taken.is_some()
            });
            if is_left {
                trees::leave_to_person(&context.workspaces, run, number);
            }
        })
        .await;
    }
}

/// Removes the work trees that are more than `workspace.max_trees` once nobody works in them: what is in them is kept first.
pub(super) async fn remove_surplus(shared: &Shared) {
    match shared.context.engine.claim_surplus_trees().await {
        Ok(claimed) => {
            for number in claimed {
                give_up(shared, number, "there are more than `workspace.max_trees`".to_owned()).await;
            }
        }
        Err(error) => tracing::warn!(%error, "work trees beyond `workspace.max_trees` are still there"),
    }
}

/// Removes a work tree, or has nobody work in it for this reason where that cannot be.
async fn give_up(shared: &Shared, number: u32, why: String) {
    let context = shared.context.clone();
    let broken = beside(move || trees::clear_away(&context.workspaces, number, &why)).await;
    if let Err(error) = shared.context.engine.give_up_tree(number, broken).await {
        tracing::warn!(number, %error, "that a work tree cannot be used could not be stored");
    }
}
