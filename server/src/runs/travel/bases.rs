//! What tasks that have not begun are to begin with, put where other hosts can have it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_model::{Outcome, TaskNo};
use aiwg_store::Reader;
use aiwg_worktrees::{Commit, Error, Repository};

use super::{BASE_ISSUE, Traveller, Unfetched, fetch};
use crate::{
    beside::beside,
    context::Context,
    engine::{Base, EngineError},
    runs::{
        outcome::could_not_start,
        trees::{NoTree, first_base},
    },
    workspaces::Route,
};

/// The most tasks that are looked at, and sent, at once.
const LOOKED_AT: u32 = 256;
const AT_ONCE: usize = 64;

/// Time for which a task is left alone whose base cannot be made.
const PUT_OFF: Duration = Duration::from_secs(60);

/// The same where it waits for the result of another one.
const SOON: Duration = Duration::from_secs(2);

/// The bases that could be made, and why the others could not.
#[derive(Default)]
struct Made {
    bases: Vec<(TaskNo, Commit)>,
    in_vain: BTreeMap<TaskNo, (Duration, Option<String>)>,
    /// Those that can begin nowhere, each with its end.
    failed: Vec<(TaskNo, Outcome)>,
}

impl Traveller {
    /// Puts the bases of tasks that wait here on the remote, and frees them. True if there were any.
    pub(super) async fn send_bases(
        &mut self,
        context: &Arc<Context>,
        route: &Arc<Route>,
    ) -> Result<bool, Error> {
        let Ok(waiting) = context.engine.to_send(LOOKED_AT).await else { return Ok(false) };
        let now = Instant::now();
        self.put_off.retain(|_, until| *until > now);
        let mut waiting = waiting;
        waiting.retain(|base| !self.put_off.contains_key(&base.no));
        waiting.truncate(AT_ONCE);
        if waiting.is_empty() {
            if self.put_off.is_empty() {
                context.health.clear(BASE_ISSUE);
            }
            return Ok(false);
        }
        let (its, on) = (Arc::clone(context), Arc::clone(route));
        let made = beside(move || -> Result<Made, Error> {
            let Ok(repository) = its.workspaces.repository() else { return Ok(Made::default()) };
            let made = made(&repository, &its, waiting)?;
            let named: Vec<(String, Commit)> =
                made.bases.iter().map(|(no, commit)| (no.to_string(), commit.clone())).collect();
            on.remote.push_bases(&on.fleet, &named)?;
            Ok(made)
        });
        let made = made.await?;
        for (no, (wait, why)) in made.in_vain {
            self.put_off.insert(no, now + wait);
            if let Some(why) = why {
                tracing::warn!(task = %no, %why, "what it is to begin with could not be made for other hosts");
                context.health.report(BASE_ISSUE, format!("{no} can begin on no other host: {why}"));
            }
        }
        // Where that could not be stored they are looked at again.
        if let Err(error) = context.engine.fail_to_begin(made.failed).await {
            tracing::warn!(%error, "the end of tasks that can begin nowhere could not be stored");
        }
        let bases: Vec<(TaskNo, String)> =
            made.bases.iter().map(|(no, commit)| (*no, commit.hash().to_owned())).collect();
        let freed = match context.engine.based(bases).await {
            Ok(freed) => freed,
            // They are looked at again.
            Err(EngineError::Storage(_)) => return Ok(false),
            Err(_) => return Ok(false),
        };
        let mut unused = Vec::new();
        for (no, commit) in &made.bases {
            let name = route.fleet.base(&no.to_string(), commit)?;
            if freed.contains(no) { drop(self.sent.insert(*no, name)) } else { unused.push(name) }
        }
        removed(route, unused).await?;
        Ok(!made.bases.is_empty())
    }

    /// Removes the bases of tasks that have ended.
    pub(super) async fn remove_bases(
        &mut self,
        context: &Arc<Context>,
        route: &Arc<Route>,
    ) -> Result<(), Error> {
        if self.sent.is_empty() || !std::mem::take(&mut self.may_have_ended) {
            return Ok(());
        }
        let tasks: Vec<TaskNo> = self.sent.keys().copied().collect();
        let ended = move |reader: &dyn Reader| -> aiwg_store::Result<Vec<TaskNo>> {
            let mut ended = Vec::new();
            for no in tasks {
                if reader.task(no)?.is_none_or(|task| task.state.is_final()) {
                    ended.push(no);
                }
            }
            Ok(ended)
        };
        let ended = context.read(ended).await.unwrap_or_default();
        let names = ended.iter().filter_map(|no| self.sent.remove(no)).collect();
        removed(route, names).await
    }
}

/// Makes the bases of these tasks. Those that begin with the project's files begin with the same ones.
fn made(repository: &Repository, context: &Context, waiting: Vec<Base>) -> Result<Made, Error> {
    let (mut made, mut snapshot) = (Made::default(), None);
    for base in waiting {
        match fetch(&context.workspaces, repository, &base.distant) {
            Ok(()) => {}
            Err(Unfetched { why, is_trouble: true, .. }) => {
                let (doing, name) = ("fetch from".to_owned(), "of the repository".to_owned());
                return Err(Error::Remote { doing, name, said: why });
            }
            Err(_) => {
                made.in_vain.insert(base.no, (SOON, None));
                continue;
            }
        }
        let first = match base.terms.from.as_deref() {
            // It has come back, and goes once more.
            Some(from) => Commit::of(from)
                .ok_or_else(|| Error::Name(from.to_owned()))
                .and_then(|from| repository.check_base(&from).map(|()| from)),
            None => first_base(repository, base.terms.base.as_deref(), &base.before, &mut snapshot),
        };
        match first {
            Ok(commit) => made.bases.push((base.no, commit)),
            Err(error) => {
                let why = error.to_string();
                if let NoTree::Task(error) = error.into() {
                    made.failed.push((base.no, could_not_start(&error)));
                } else {
                    made.in_vain.insert(base.no, (PUT_OFF, Some(why)));
                }
            }
        }
    }
    Ok(made)
}

/// Removes refs from the remote.
pub(super) async fn removed(route: &Arc<Route>, names: Vec<String>) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    let on = Arc::clone(route);
    beside(move || on.remote.remove(&on.fleet, &names)).await
}
