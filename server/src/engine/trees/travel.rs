//! Tasks in work trees on other hosts than the one that has taken them in: what they begin with, and what they leave, go over the repository's remote.
//!
//! The engine never waits for that. A task is bound to the host that has its base until that says that it is on the remote; and what a run has left comes
//! back on another host once the host of the run says the same of it.

use std::collections::BTreeSet;

use aiwg_model::{Cursor, Distant, KeptTree, Outcome, RunId, RunRow, RunTree, TaskNo, TaskRow, TreeTerms};
use aiwg_protocol::types::TaskState;
use aiwg_store::{Reader, View};

use super::{latest_kept, results::PENDING};
use crate::engine::{
    Engine, EngineError,
    call::Call,
    demands::{Bound, of_base},
    hosts::{Hosts, Way},
    state::State,
    transaction::{Failure, Transaction},
};

/// The source of the cursors of results that are to be put on the remote, by their runs.
const TO_PUSH: &str = "tree_push";

/// The source of the cursor with the name under which those that share the store have their refs on the remote.
const FLEET: &str = "tree_fleet";

/// What a task is to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    /// The task.
    pub(crate) no: TaskNo,
    /// Its terms.
    pub(crate) terms: TreeTerms,
    /// The commit that its latest run has left; none before its first one.
    pub(crate) latest: Option<String>,
    /// The commits that the tasks before it have left, from which it begins where no base was chosen.
    pub(crate) before: Vec<String>,
    /// What of all that was made on other hosts.
    pub(crate) distant: Vec<Distant>,
}

/// What has come of putting a result on the remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is there, under this name.
    As(String),
    /// It is not, for this reason, and is tried again.
    NotYet(String),
    /// It is not here any more: it was forgotten.
    Never,
}

/// The results of this host that are to be put on the remote.
///
/// # Errors
/// The database cannot be read.
pub(crate) fn to_push(reader: &dyn Reader, host: Option<&str>) -> aiwg_store::Result<Vec<RunId>> {
    let own = Hosts::of(host).own_of(reader.cursors(TO_PUSH)?);
    let mut runs: Vec<RunId> = own.keys().filter_map(|key| run_of(key)).collect();
    runs.sort_unstable();
    Ok(runs)
}

/// The key of a host's cursor for something; of none where no other can have the store.
pub(super) fn key_on(host: Option<&str>, what: &str) -> String {
    host.map_or_else(|| what.to_owned(), |host| format!("{host}/{what}"))
}

fn run_of(key: &str) -> Option<RunId> {
    let (task, n) = key.split_once('.')?;
    Some(RunId { task: TaskNo(task.parse().ok()?), n: n.parse().ok()? })
}

/// What a task is to begin with, or to go on with.
pub(super) fn base_of(store: &dyn View, hosts: &Hosts, task: &TaskRow) -> aiwg_store::Result<Base> {
    let terms = task.spec.terms.tree.clone().unwrap_or_default();
    let mut base =
        Base { no: task.no, latest: None, before: Vec::new(), distant: Vec::new(), terms: terms.clone() };
    let sent_by = terms.sent_by.as_deref().filter(|by| hosts.is_elsewhere(Some(by)));
    if let (Some(host), Some(from)) = (sent_by, &terms.from) {
        let (host, commit, from) = (host.to_owned(), from.clone(), from.clone());
        base.distant.push(Distant { task: task.no, launch: None, commit, from, host, is_sent: true });
    }
    let earlier = task.launch.saturating_sub(u32::from(task.state == TaskState::Running));
    let mut runs = if earlier > 0 { store.runs(task.no)? } else { Vec::new() };
    // What is on another host only, is not gone on with here; nor what has begun from another commit.
    let is_there = |run: &RunRow| {
        let kept = run.tree.as_ref().and_then(|tree| tree.kept.as_ref());
        !hosts.is_elsewhere(run.host.as_deref())
            || (terms.sent_by.is_some() && kept.is_some_and(|kept| kept.remote_ref.is_some()))
    };
    runs.retain(is_there);
    if let Some((run, kept)) = latest_kept(&runs) {
        base.latest = Some(kept.commit.clone());
        base.distant.extend(distant(hosts, (&runs, run), kept, terms.from.as_deref()));
    }
    if terms.from.is_none() && terms.base.is_none() {
        for no in &task.spec.after {
            let runs = store.runs(*no)?;
            let Some((run, kept)) = latest_kept(&runs) else { continue };
            base.before.push(kept.commit.clone());
            let other = store.task_if_readable(*no)?;
            let from = other.and_then(|other| other.spec.terms.tree?.from);
            base.distant.extend(distant(hosts, (&runs, run), kept, from.as_deref()));
        }
    }
    Ok(base)
}

/// What a run has left, if it was on another host.
fn distant(
    hosts: &Hosts,
    (runs, id): (&[RunRow], RunId),
    kept: &KeptTree,
    from: Option<&str>,
) -> Option<Distant> {
    let run = runs.iter().find(|run| run.id == id)?;
    let host = run.host.as_deref().filter(|host| hosts.is_elsewhere(Some(host)))?;
    Some(Distant {
        task: id.task,
        launch: Some(id.n),
        commit: kept.commit.clone(),
        from: from.unwrap_or(&kept.commit).to_owned(),
        host: host.to_owned(),
        is_sent: kept.remote_ref.is_some(),
    })
}

impl Engine {
    /// Notes the way to the repository's remote: where it is open, this host runs tasks whose files are there.
    pub(crate) fn note_way(&self, way: Way) {
        self.order(Call::changing(move |tx| {
            tx.state.hosts.set_way(way);
            Ok::<_, EngineError>(())
        }));
    }

    /// The name under which those that share the store have their refs on the remote: this one, if there is none yet.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn fleet(&self, name: String) -> Result<String, EngineError> {
        self.call(Call::changing(move |tx| tx.fleet(&name))).await
    }

    /// The first tasks of the queue that only this host can begin, since their files are nowhere else; none where there is no other host.
    ///
    /// # Errors
    /// The database could not be read.
    pub(crate) async fn to_send(&self, most: u32) -> Result<Vec<Base>, EngineError> {
        self.call(Call::reading(move |at| {
            let hosts = &at.state.hosts;
            let Some(me) = hosts.me().filter(|_| hosts.are_several()) else { return Ok(Vec::new()) };
            let mut bases = Vec::new();
            for no in at.store.ready_with(&of_base(me), most)? {
                let Some(task) = at.store.task_if_readable(no)? else { continue };
                let is_new = task.spec.terms.tree.as_ref().is_some_and(|tree| tree.from.is_none());
                // One that has come back stays here, unless it would wait here for ever.
                if !is_new && hosts.begins_here(&task.spec.class) {
                    continue;
                }
                bases.push(base_of(at.store, hosts, &task)?);
            }
            Ok::<_, aiwg_store::StoreError>(bases)
        }))
        .await
    }

    /// Notes that these commits are on the remote, with which these tasks are to begin: other hosts may run them. Those that have begun meanwhile, or
    /// ended, are not in the answer.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn based(&self, bases: Vec<(TaskNo, String)>) -> Result<BTreeSet<TaskNo>, EngineError> {
        self.call(Call::changing(move |tx| tx.based(&bases))).await
    }

    /// Ends tasks that can begin nowhere: what they are to begin with cannot be made here, and is nowhere else. Those that have begun meanwhile, or ended,
    /// stay as they are.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn fail_to_begin(&self, all: Vec<(TaskNo, Outcome)>) -> Result<(), EngineError> {
        if all.is_empty() {
            return Ok(());
        }
        self.call(Call::changing(move |tx| tx.fail_to_begin(&all))).await
    }

    /// Has a task begin on another host than that of this run, which cannot have what it begins with: on the one that has that.
    ///
    /// # Errors
    /// The run is over, or the database could not be written.
    pub(crate) async fn leave_to(&self, run: RunId, host: String) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.leave_to(run, &host))).await
    }

    /// Notes what has come of putting the commit of a run on the remote.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn sent(&self, run: RunId, commit: String, how: Sent) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.sent(run, &commit, &how))).await
    }
}

impl State {
    /// The changes that others have left to this host to bring back, and of which it was not told.
    pub(in crate::engine) fn brought_by_others(
        &mut self,
        store: &dyn View,
    ) -> aiwg_store::Result<Vec<RunId>> {
        if self.hosts.way() == Way::None {
            return Ok(Vec::new());
        }
        let run = |(task, n): (String, String)| {
            Some(RunId { task: TaskNo(task.parse().ok()?), n: n.parse().ok()? })
        };
        let pending: Vec<RunId> =
            self.hosts.own_of(store.cursors(PENDING)?).into_iter().filter_map(run).collect();
        self.brought_here.retain(|run| pending.contains(run));
        Ok(pending.into_iter().filter(|run| self.brought_here.insert(*run)).collect())
    }
}

impl Transaction<'_> {
    fn fleet(&mut self, name: &str) -> aiwg_store::Result<String> {
        if let Some(known) = self.store.cursor(FLEET, "")? {
            return Ok(known);
        }
        self.store.move_cursor(&Cursor::moved(FLEET, "", name))?;
        Ok(name.to_owned())
    }

    fn based(&mut self, bases: &[(TaskNo, String)]) -> aiwg_store::Result<BTreeSet<TaskNo>> {
        let mut freed = BTreeSet::new();
        let Some(me) = self.state.hosts.me().map(str::to_owned) else { return Ok(freed) };
        for (no, commit) in bases {
            let Some(task) = self.store.task_if_readable(*no)? else { continue };
            let is_here = task.state == TaskState::Queued && task.spec.class.contains(&of_base(&me));
            let Some(tree) = task.spec.terms.tree.clone().filter(|_| is_here) else { continue };
            let mut terms = task.spec.terms.clone();
            terms.tree = Some(TreeTerms { from: Some(commit.clone()), sent_by: Some(me.clone()), ..tree });
            self.store.set_terms(*no, &terms)?;
            self.keep_session(*no)?;
            freed.insert(*no);
        }
        Ok(freed)
    }

    fn fail_to_begin(&mut self, all: &[(TaskNo, Outcome)]) -> aiwg_store::Result<()> {
        let Some(word) = self.state.hosts.me().map(of_base) else { return Ok(()) };
        for (no, outcome) in all {
            let task = self.store.task_if_readable(*no)?;
            let is_here = |task: &TaskRow| task.state == TaskState::Queued && task.spec.class.contains(&word);
            if let Some(task) = task.filter(is_here) {
                self.finish(&task, outcome)?;
            }
        }
        Ok(())
    }

    fn leave_to(&mut self, run: RunId, host: &str) -> Result<(), Failure> {
        let task = self.current(run)?;
        let Some(tree) = task.spec.terms.tree.clone() else { return Ok(()) };
        let mut spec = task.spec.clone();
        // Where it was sent from, it is: it is not sent once more.
        spec.terms.tree = Some(TreeTerms { sent_by: None, ..tree });
        spec.terms.demand = self.state.demand_of(&spec, Bound::ByBase(Some(host)));
        Ok(self.store.set_terms(run.task, &spec.terms)?)
    }

    /// Has the result of a run put on the remote, if there is one.
    pub(super) fn is_to_push(&mut self, run: RunId) -> aiwg_store::Result<()> {
        if self.state.hosts.way() == Way::None {
            return Ok(());
        }
        self.store.move_cursor(&Cursor::moved(TO_PUSH, self.push_key(run), "1"))
    }

    fn push_key(&self, run: RunId) -> String {
        self.state.hosts.key_of(&format!("{}.{}", run.task.0, run.n))
    }

    fn sent(&mut self, run: RunId, commit: &str, how: &Sent) -> aiwg_store::Result<()> {
        if *how == Sent::Never {
            let done = Cursor::moved(TO_PUSH, self.push_key(run), "");
            return self.store.move_cursor(&Cursor { value: None, ..done });
        }
        let tree = self.tree_of_run(run)?;
        let kept = tree.as_ref().and_then(|tree| tree.kept.clone());
        // What has been kept since is still to be pushed.
        let Some((tree, kept)) = tree.zip(kept).filter(|(_, kept)| kept.commit == commit) else {
            return Ok(());
        };
        let now = match how {
            Sent::As(name) => KeptTree { remote_ref: Some(name.clone()), unsent: None, ..kept.clone() },
            Sent::NotYet(why) => KeptTree { unsent: Some(why.clone()), ..kept.clone() },
            Sent::Never => kept.clone(),
        };
        if !matches!(how, Sent::NotYet(_)) {
            let done = Cursor::moved(TO_PUSH, self.push_key(run), "");
            self.store.move_cursor(&Cursor { value: None, ..done })?;
        }
        if now == kept {
            return Ok(());
        }
        let is_back =
            now.branch.is_some() || now.patch.is_some() || now.applied.is_some() || now.conflict.is_some();
        let is_pushed = now.remote_ref.is_some();
        self.store.set_tree(run, &RunTree { kept: Some(now), ..tree })?;
        match self.store.task_if_readable(run.task)? {
            Some(task) if is_pushed && !is_back && task.state.is_final() => {
                self.bring_back(&task, task.state)
            }
            _ => Ok(()),
        }
    }

    /// The host on which the changes of a run come back, itself none where no other can have the store; none as long as that cannot be.
    #[expect(clippy::option_option, reason = "there may be no host, and there may be none yet")]
    pub(super) fn comes_back_on(
        &self,
        terms: &TreeTerms,
        ran_on: Option<&str>,
        kept: &KeptTree,
    ) -> Option<Option<String>> {
        let hosts = &self.state.hosts;
        let Some(home) = hosts.home_of(terms.taken_by.as_deref()) else { return Some(None) };
        let ran_on = ran_on.unwrap_or(home);
        let is_there = home == ran_on || kept.remote_ref.is_some();
        let on = if is_there { Some(home) } else { Some(ran_on).filter(|_| hosts.way() == Way::None) };
        on.map(|on| Some(on.to_owned()))
    }

    /// Has the changes come back elsewhere that were to on a host which is given up.
    pub(in crate::engine) fn bring_back_elsewhere(&mut self, host: &str) -> aiwg_store::Result<()> {
        let of_host = Hosts::of(Some(host)).own_of(self.store.cursors(PENDING)?);
        for task in of_host.into_keys() {
            let cursor = Cursor::moved(PENDING, key_on(Some(host), &task), "");
            self.store.move_cursor(&Cursor { value: None, ..cursor })?;
            let Ok(no) = task.parse().map(TaskNo) else { continue };
            if let Some(task) = self.store.task_if_readable(no)? {
                self.bring_back(&task, task.state)?;
            }
        }
        Ok(())
    }
}
