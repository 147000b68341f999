//! The hosts that share the store: who is there, and what becomes of what ran on one that is given up.
//!
//! A store in the project's own directory is one host's: then `me` is none, nothing is read, and all that runs is here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use aiwg_model::{Cursor, Hold, HostRow, TaskNo, Used};
use aiwg_protocol::types::Timestamp;
use aiwg_store::View;

use super::{
    Engine, EngineError,
    call::Call,
    cursors::Cursors,
    demands::HOME,
    transaction::{Failure, Transaction},
};

/// The hosts that share the store, as they stand in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    /// The id of this one; none where no other can have the store.
    me: Option<Arc<str>>,
    all: Vec<HostRow>,
    /// By the id of each host: the digest of the configuration that it works by, and since when it does.
    in_force: HashMap<String, (String, Timestamp)>,
    /// By the id of each host: the variables that tasks refer to, and that it has said not to have.
    lacks: HashMap<String, BTreeSet<String>>,
    /// The way to the repository's remote from here. It is not in the store.
    remote: Way,
}

/// The way to the repository's remote, over which tasks in work trees go to other hosts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// There is none, or no other host that one would need it for.
    #[default]
    None,
    /// It cannot be gone for now.
    Closed,
    /// It was gone last.
    Open,
}

/// The source of the cursor with these.
pub(super) const IN_FORCE: &str = "config";

/// The source of the cursors with the variables that a host lacks, by its id and their names.
pub(super) const LACKS: &str = "host_lacks";

/// The most variables that a host says to lack: whoever submits tasks chooses their names, and all are read with the hosts.
const MOST_LACKED: usize = 100;

impl Hosts {
    /// Those of a store that this host has under this id, before they are read.
    pub(super) fn of(me: Option<&str>) -> Self {
        Self { me: me.map(Arc::from), ..Self::default() }
    }

    #[cfg(test)]
    pub(super) fn known(me: &str, all: Vec<HostRow>) -> Self {
        Self { me: Some(me.into()), all, ..Self::default() }
    }

    /// Reads them again.
    pub(super) fn load(&mut self, store: &dyn View) -> aiwg_store::Result<()> {
        match self.me {
            Some(_) => self.load_with(store, &mut Cursors::read(store, &[IN_FORCE, LACKS])?),
            None => Ok(()),
        }
    }

    /// Reads them again, with the cursors that were read.
    pub(super) fn load_with(&mut self, store: &dyn View, cursors: &mut Cursors) -> aiwg_store::Result<()> {
        if self.me.is_some() {
            self.all = store.hosts()?;
            let parted = |(id, text): (String, String)| {
                let (digest, since) = text.split_once(' ')?;
                Some((id, (digest.to_owned(), Timestamp::from_millis(since.parse().ok()?))))
            };
            self.in_force = cursors.take(IN_FORCE).into_iter().filter_map(parted).collect();
            self.lacks.clear();
            for key in cursors.take(LACKS).into_keys() {
                if let Some((host, name)) = key.split_once('/') {
                    self.lacks.entry(host.to_owned()).or_default().insert(name.to_owned());
                }
            }
        }
        Ok(())
    }

    /// The id of this one; none where no other can have the store.
    pub(super) fn me(&self) -> Option<&str> {
        self.me.as_deref()
    }

    /// The digest of the configuration that a host works by, and since when it does; none where it has not said so.
    fn config_of(&self, id: &str) -> Option<(&str, Timestamp)> {
        self.in_force.get(id).map(|(digest, since)| (digest.as_str(), *since))
    }

    /// What is to be said where this host does not work by the configuration that was put in force last, of those of the hosts that are there; none if it does.
    pub(super) fn differs(&self) -> Option<String> {
        let last = self.there().filter_map(|host| Some((self.config_of(&host.id)?, host)));
        let ((digest, _), host) = last.max_by_key(|((_, since), host)| (*since, host.instance))?;
        let (own, _) = self.me().and_then(|me| self.config_of(me))?;
        let by = Some(self.word_for(host)).filter(|_| own != digest)?;
        Some(format!(
            "this host works by another configuration than {by} has put in force last, so that events come to something else here: make .aiwg/daemon.json the same \
             on all hosts, and `aiwg daemon reload` where it is not"
        ))
    }

    /// True if a host has said that this variable is not in its environment.
    pub(super) fn lacks(&self, host: &str, name: &str) -> bool {
        self.lacks.get(host).is_some_and(|names| names.contains(name))
    }

    /// The key of this host's own cursor for something, where each host has one.
    pub(super) fn key_of(&self, what: &str) -> String {
        self.me().map_or_else(|| what.to_owned(), |me| format!("{me}/{what}"))
    }

    /// This host's own of such cursors, by what they are for.
    pub(super) fn own_of(&self, all: HashMap<String, String>) -> HashMap<String, String> {
        let Some(me) = self.me() else { return all };
        let what = |key: &str| Some(key.strip_prefix(me)?.strip_prefix('/')?.to_owned());
        all.into_iter().filter_map(|(key, value)| Some((what(&key)?, value))).collect()
    }

    /// True if a run on this host is none of this one's.
    pub(super) fn is_elsewhere(&self, host: Option<&str>) -> bool {
        self.me().is_some_and(|me| host.is_some_and(|host| host != me))
    }

    /// The host with this id.
    pub(super) fn get(&self, id: &str) -> Option<&HostRow> {
        self.all.iter().find(|host| host.id == id)
    }

    /// All that are known, in the order of their starts.
    pub(super) fn all(&self) -> &[HostRow] {
        &self.all
    }

    /// Those that are neither given up nor gone.
    pub(super) fn there(&self) -> impl Iterator<Item = &HostRow> {
        self.all.iter().filter(|host| host.is_there())
    }

    /// True if this one does what only one of them may do, such as to watch the files. That is a function of what is stored, so it is known in a transaction.
    pub(super) fn leads(&self) -> bool {
        let rank = |host: &&HostRow| (!host.labels.iter().any(|label| label == HOME), host.instance);
        self.me().is_none_or(|me| self.there().min_by_key(rank).is_some_and(|first| first.id == me))
    }

    /// True if this one can fetch from the repository's remote.
    pub(super) fn reaches_remote(&self) -> bool {
        self.remote == Way::Open
    }

    /// The way to the repository's remote.
    pub(super) fn way(&self) -> Way {
        self.remote
    }

    /// Notes the way to the repository's remote.
    pub(super) fn set_way(&mut self, way: Way) {
        self.remote = way;
    }

    /// True if there is another one.
    pub(super) fn are_several(&self) -> bool {
        self.there().count() > 1
    }

    /// The one where what a task has changed in a work tree comes back that was taken in by this one: that, a host with the files of the project, or this one.
    pub(super) fn home_of<'a>(&'a self, taken_by: Option<&'a str>) -> Option<&'a str> {
        let me = self.me()?;
        let is_kept = |id: &&str| self.get(id).is_some_and(|host| host.lost_at.is_none());
        let at_home = || self.there().find(|host| host.labels.iter().any(|label| label == HOME));
        taken_by.filter(is_kept).or_else(|| at_home().map(|host| host.id.as_str())).or(Some(me))
    }

    /// This one.
    pub(super) fn own(&self) -> Option<&HostRow> {
        self.get(self.me()?)
    }

    /// True if this one was given up, so that it has to come back.
    pub(super) fn is_given_up(&self) -> bool {
        self.me.is_some() && !self.own().is_some_and(HostRow::is_there)
    }

    /// Time since which this one is given no new tasks; none if it is.
    pub(super) fn draining_since(&self) -> Option<Timestamp> {
        self.own()?.draining_at
    }
}

impl Engine {
    /// The id of this host; none where no other can have the store.
    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Gives a host no new tasks, or gives it new ones again.
    ///
    /// # Errors
    /// There is no such host, or the database could not be written.
    pub(crate) async fn drain_host(&self, id: String, drains: bool) -> Result<(), EngineError> {
        self.call(Call::changing(move |tx| tx.drain_host(&id, drains))).await
    }

    /// Gives those hosts up that were not heard of for so long.
    pub(crate) fn lose_silent(&self, lost_after_ms: u64) {
        self.order(Call::changing(move |tx| tx.lose_silent(lost_after_ms)));
    }

    /// Gives a host up, as a person does: what runs there counts as interrupted, and nothing waits for its labels any more, until it takes part again. The tasks that
    /// did run there; none where it was given up before, and for this host itself.
    ///
    /// # Errors
    /// The database could not be written.
    pub(crate) async fn lose_host(&self, id: String) -> Result<Vec<TaskNo>, EngineError> {
        self.call(Call::changing(move |tx| {
            let tasks = tx.lose_host(&id, None)?;
            tx.forget_labels(&id)?;
            Ok::<_, Failure>(tasks)
        }))
        .await
    }
}

impl Transaction<'_> {
    fn drain_host(&mut self, id: &str, drains: bool) -> aiwg_store::Result<()> {
        let since = self.state.hosts.get(id).and_then(|host| host.draining_at);
        if since.is_some() != drains {
            self.store.drain_host(id, drains.then_some(self.now))?;
            self.state.hosts.load(self.store)?;
        }
        Ok(())
    }

    /// Notes that this host has ended in order, unless agents go on here.
    pub(super) fn leave(&mut self) -> aiwg_store::Result<()> {
        let own = self.state.hosts.own().filter(|_| self.state.running_here() == 0);
        let Some(row) = own.map(|own| HostRow { left_at: Some(self.now), seen_at: self.now, ..own.clone() })
        else {
            return Ok(());
        };
        self.store.set_host(&row)
    }

    /// Notes that this host works by the configuration with this digest. It counts as put in force now, if it is another one than before, or by a reload.
    pub(super) fn publish_config(&mut self, digest: &str, is_reload: bool) -> aiwg_store::Result<()> {
        let hosts = &self.state.hosts;
        let Some(me) = hosts.me().map(str::to_owned) else { return Ok(()) };
        if !is_reload && hosts.config_of(&me).is_some_and(|(last, _)| last == digest) {
            return Ok(());
        }
        let value = format!("{digest} {}", self.now.as_millis());
        self.store.move_cursor(&Cursor::moved(IN_FORCE, &me, value))?;
        self.state.hosts.load(self.store)
    }

    /// Says of this host what others are to know of it once its daemon has started: what those that were given up at the start have left goes on, and by which
    /// configuration it works.
    pub(super) fn begin_with_others(&mut self) -> Result<(), Failure> {
        self.interrupt_adopted()?;
        self.forget_lacking()?;
        let digest = self.state.config.digest.clone();
        Ok(self.publish_config(&digest, false)?)
    }

    /// Says to the others which variables tasks refer to that this host could run but for them: what it has, it keeps to itself.
    pub(super) fn say_lacking(&mut self, names: BTreeSet<String>) -> aiwg_store::Result<()> {
        let hosts = &self.state.hosts;
        let said = hosts.me().and_then(|me| hosts.lacks.get(me)).map_or(0, BTreeSet::len);
        let more = MOST_LACKED.saturating_sub(said);
        if names.is_empty() || more == 0 {
            return Ok(());
        }
        for name in names.into_iter().take(more) {
            let key = self.state.hosts.key_of(&name);
            self.store.move_cursor(&Cursor::moved(LACKS, &key, "1"))?;
        }
        self.state.hosts.load(self.store)
    }

    /// Takes back what an earlier daemon of this host has said of its environment.
    fn forget_lacking(&mut self) -> aiwg_store::Result<()> {
        for name in self.state.hosts.own_of(self.store.cursors(LACKS)?).into_keys() {
            let key = self.state.hosts.key_of(&name);
            self.store.move_cursor(&Cursor { value: None, ..Cursor::moved(LACKS, &key, "") })?;
        }
        self.state.hosts.load(self.store)
    }

    /// Notes the labels of this host, where they have changed.
    pub(super) fn set_labels(&mut self, labels: &[String]) -> aiwg_store::Result<()> {
        let own = self.state.hosts.own().filter(|own| own.labels != labels);
        let Some(row) = own.map(|own| HostRow { labels: labels.to_vec(), seen_at: self.now, ..own.clone() })
        else {
            return Ok(());
        };
        self.store.set_host(&row)?;
        self.state.hosts.load(self.store)
    }

    /// Notes the labels of this host where they are not those of its configuration: others may have forgotten them.
    pub(super) fn note_labels(&mut self) -> aiwg_store::Result<()> {
        let config = &self.state.config;
        match self.state.hosts.own().is_some_and(|own| own.labels != config.labels) {
            true => self.set_labels(&config.labels.clone()),
            false => Ok(()),
        }
    }

    /// Interrupts what runs on hosts that were given up without that: a start with `--adopt-state` gives up all others.
    fn interrupt_adopted(&mut self) -> Result<(), Failure> {
        let is_lost = |host: &&HostRow| host.lost_at.is_some();
        let lost = self.state.hosts.all().iter().filter(is_lost).map(|host| host.id.clone());
        let hosts = self.state.running.values().filter_map(|slot| slot.host.clone());
        let nobodys = hosts.filter(|host| host.starts_with(HostRow::GIVEN_UP));
        let all: BTreeSet<String> = lost.chain(nobodys).collect();
        for id in all {
            let tasks = self.interrupt_all_of(&id)?;
            if !tasks.is_empty() {
                tracing::warn!(host = id, tasks = tasks.len(), "a host was given up at the start");
            }
        }
        Ok(())
    }

    /// Forgets the labels of another host, so that nothing waits for it. It notes them again when it takes part again.
    fn forget_labels(&mut self, id: &str) -> aiwg_store::Result<()> {
        let is_other = self.state.hosts.me() != Some(id);
        let known = self.state.hosts.get(id).filter(|host| is_other && !host.labels.is_empty());
        let Some(row) = known.map(|host| HostRow { labels: Vec::new(), ..host.clone() }) else {
            return Ok(());
        };
        self.store.set_host(&row)?;
        self.state.hosts.load(self.store)
    }

    fn lose_silent(&mut self, lost_after_ms: u64) -> Result<(), Failure> {
        let before = self.now.as_millis().saturating_sub(i64::try_from(lost_after_ms).unwrap_or(i64::MAX));
        let before = Timestamp::from_millis(before);
        // What is known of their signs of life is of before.
        self.state.hosts.load(self.store)?;
        let is_silent = |host: &&HostRow| host.seen_at <= before;
        let silent: Vec<HostRow> = self.state.hosts.there().filter(is_silent).cloned().collect();
        for host in silent {
            let tasks = self.lose_host(&host.id, Some(before))?;
            tracing::warn!(host = %host.name, place = %host.place, tasks = tasks.len(), "a host was not heard of, and is given up");
        }
        Ok(())
    }

    /// Gives a host up, unless it was heard of after `before`.
    pub(super) fn lose_host(&mut self, id: &str, before: Option<Timestamp>) -> Result<Vec<TaskNo>, Failure> {
        if self.state.hosts.me() == Some(id) || !self.store.lose_host(id, before, self.now)? {
            return Ok(Vec::new());
        }
        self.state.hosts.load(self.store)?;
        self.interrupt_all_of(id)
    }

    /// Interrupts what runs on a host that is given up. What has begun there is bound to it no longer.
    fn interrupt_all_of(&mut self, id: &str) -> Result<Vec<TaskNo>, Failure> {
        let its =
            |(no, slot): (&TaskNo, &super::state::Slot)| (slot.host.as_deref() == Some(id)).then_some(*no);
        let mut tasks: Vec<TaskNo> = self.state.running.iter().filter_map(its).collect();
        tasks.sort_unstable();
        for no in &tasks {
            // One that cannot be read has failed.
            let Some(task) = self.readable(*no)? else { continue };
            let most = self.state.config.most_attempts;
            self.interrupt(task, true, (most, false), Used::default())?;
        }
        // Nobody is left who would release what rests there.
        self.store.release_all(Hold::REST)?;
        for no in self.store.queued_with(id)? {
            self.keep_session(no)?;
        }
        self.bring_back_elsewhere(id)?;
        Ok(tasks)
    }
}
