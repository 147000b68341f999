//! The accounts that agents work with, and what keeps their work from starting: a limit that is used up, a share that is left to people, a
//! login that was refused.
//!
//! An [`Identity`] says which account an agent's command works with: its program, and whatever in its environment decides the login. What is
//! known of an account ([`Account`]) is shared by all daemons of a user, in one small file ([`file`]), which is written only when there is
//! something to say: who uses no agent with limits has none. [`Look`] is the decision on a task: made from facts, without any effect.
//!
//! The facts are in memory ([`Accounts`]): whoever asks, the engine's thread above all, waits for no file and for no other daemon. What this daemon
//! learns counts here at once. A component carries it into the file, and what others have written there back ([`Accounts::share`]); it alone does, and it may
//! wait for the file's lock. Until it has, the store remembers what pauses an account ([`Accounts::unshared_pauses`]), so that no crash loses it.

mod account;
mod file;
mod hours;
mod identity;
mod in_use;
mod news;
mod pause;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use aiwg_protocol::types::Timestamp;
use tokio::sync::watch;

pub use account::{Account, Look, Policy, RunEnd, WindowUse, resumes_at};
pub use file::place;
use file::{SharedFile, Stamp};
pub use hours::Hours;
pub use identity::{Identity, is_login_variable};
pub use in_use::InUse;
use news::{News, What};
pub use pause::{Pause, PauseReason};

/// Longest wait for the answer to the claim of a probe, in milliseconds. After that this daemon tries whatever the others do: a file that does not
/// answer must not keep work from going on.
const CLAIM_PATIENCE_MS: u64 = 5_000;

/// The most news that are kept for the file. While it cannot be written, what is superseded is forgotten first; a claim never is.
const MOST_UNSHARED: usize = 1000;

/// All that is known of a user's accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    known: watch::Sender<Known>,
    shared: Option<Arc<Shared>>,
    /// Name of this daemon among those that share the file.
    own_name: Arc<str>,
}

/// The file that the daemons of a user share.
#[derive(Debug)]
struct Shared {
    file: SharedFile,
    /// The file as it was read last.
    read: Mutex<Option<Stamp>>,
}

/// The accounts as they are known, with the news that is not in the file yet.
#[derive(Debug, Default)]
pub struct Known {
    accounts: BTreeMap<String, Account>,
    /// In the order in which it was learnt.
    unshared: Vec<News>,
    /// The number of the latest news.
    latest: u64,
}

impl Known {
    /// The number of the latest news that is not in the file; none if all is.
    pub fn latest_unshared(&self) -> Option<u64> {
        self.unshared.last().map(|news| news.number)
    }

    fn claim_of(&self, id: &str) -> Option<&News> {
        self.unshared.iter().find(|news| news.id == id && news.is_claim())
    }

    /// Keeps news for the file.
    fn keep(&mut self, news: News) {
        if self.unshared.len() >= MOST_UNSHARED {
            let kept = self.unshared.iter().enumerate().filter(|(_, news)| !news.is_claim());
            let mut least = kept
                .clone()
                .filter(|(at, news)| self.unshared.iter().skip(at + 1).any(|later| later.supersedes(news)));
            if let Some(at) = least.next().or_else(|| kept.clone().next()).map(|(at, _)| at) {
                self.unshared.remove(at);
            }
        }
        self.unshared.push(news);
    }
}

/// The news could not be carried into the file.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct NotShared {
    /// The reason.
    pub error: io::Error,
    /// True if what is known here has changed: there is nobody to ask, so claims were granted.
    pub has_granted: bool,
}

impl Default for Accounts {
    fn default() -> Self {
        Self::open(None, String::new())
    }
}

impl Accounts {
    /// Reads what is known from the file in this directory; without one, what is known is this daemon's alone. `own_name` tells this daemon from the
    /// others of the user. It may block.
    pub fn open(dir: Option<PathBuf>, own_name: String) -> Self {
        let shared =
            dir.map(|dir| Arc::new(Shared { file: SharedFile::in_dir(dir), read: Mutex::default() }));
        let accounts = Self { known: watch::Sender::default(), shared, own_name: own_name.into() };
        accounts.refresh();
        accounts
    }

    /// Takes in how a run of an agent ended. To be called before the end counts, with the same end again after a crash: what is noted twice counts
    /// once.
    pub fn note(&self, identity: &Identity, end: &RunEnd, now: Timestamp) {
        let has_news = Account::has_news(self.known.borrow().accounts.get(&identity.id), end);
        if has_news {
            self.learn(&identity.id, What::Ended(identity.clone(), end.clone()), now);
        }
    }

    /// The decision on a task of this account. `starts` are the times at which its running tasks were started.
    pub fn look(&self, id: &str, policy: &Policy, starts: &[Timestamp], now: Timestamp) -> Look {
        let known = self.known.borrow();
        known.accounts.get(id).map_or(Look::Open, |account| account.look(policy, starts, &self.own_name, now))
    }

    /// Claims the probe of an account whose limit should be over. Returns the time until which the answer is waited for: the next look has it. None
    /// where there is nobody to ask, and the probe is this daemon's.
    pub fn claim_probe(&self, id: &str, now: Timestamp) -> Option<Timestamp> {
        let asked_at = self.known.borrow().claim_of(id).map(|claim| claim.at);
        let patience = |at: Timestamp| at.after_ms(CLAIM_PATIENCE_MS);
        match asked_at {
            None if self.shared.is_some() => {
                self.learn(id, What::Claimed { by: self.own_name.to_string() }, now);
                Some(patience(now))
            }
            // A clock that was set back is nothing to wait for.
            Some(at) if at <= now && now < patience(at) => Some(patience(at)),
            _ => {
                self.known.send_modify(|known| self.grant(known, id, now));
                None
            }
        }
    }

    /// Takes in, for all daemons of the user, that a run which tries whether the limit of an account is over has gone on for so long that it is. `starts`
    /// are the times at which its running tasks were started. False if there is nothing of that to be said.
    pub fn note_passed(&self, id: &str, policy: &Policy, starts: &[Timestamp], now: Timestamp) -> bool {
        let passes =
            self.known.borrow().accounts.get(id).and_then(|account| account.probe_passes(policy, starts));
        let Some((began, _)) = passes.filter(|(_, at)| *at <= now) else { return false };
        self.learn(id, What::Passed { began }, now);
        true
    }

    /// Time at which a run that tries whether the limit of an account is over has gone on for so long that it is, if there is one.
    pub fn passes_at(&self, id: &str, policy: &Policy, starts: &[Timestamp]) -> Option<Timestamp> {
        let known = self.known.borrow();
        known.accounts.get(id)?.probe_passes(policy, starts).map(|(_, at)| at)
    }

    /// Lifts whatever holds an account back: where a login or the credit was to be mended, one task tries whether it is. False if nothing did.
    pub fn resume(&self, id: &str, policy: &Policy, now: Timestamp) -> bool {
        let known =
            |known: &Known| known.accounts.get(id).is_some_and(|account| account.is_held_back(policy, now));
        let is_held_back = known(&self.known.borrow());
        if is_held_back {
            self.learn(id, What::Resumed, now);
        }
        is_held_back
    }

    /// The window of an account whose share that is left to people keeps tasks from starting, if it does, and the time until which it does.
    pub fn reserved(&self, id: &str, policy: &Policy, now: Timestamp) -> Option<(String, Timestamp)> {
        let known = self.known.borrow();
        known.accounts.get(id).filter(|account| account.pause.is_none())?.reserved(policy, now)
    }

    /// The pause of an account.
    pub fn pause(&self, id: &str) -> Option<Pause> {
        self.known.borrow().accounts.get(id).and_then(|account| account.pause.clone())
    }

    /// All accounts, by their ids.
    pub fn all(&self) -> BTreeMap<String, Account> {
        self.known.borrow().accounts.clone()
    }

    /// A watch on all that is known.
    pub fn watch(&self) -> watch::Receiver<Known> {
        self.known.subscribe()
    }

    /// Waits until all that was learnt is in the file.
    pub async fn are_shared(&self) {
        // This holds the other end.
        let _ = self.watch().wait_for(|known| known.unshared.is_empty()).await;
    }

    /// True if something is known of any account.
    pub fn are_known(&self) -> bool {
        !self.known.borrow().accounts.is_empty()
    }

    /// True if something is known of this account.
    pub fn is_known(&self, id: &str) -> bool {
        self.known.borrow().accounts.contains_key(id)
    }

    /// True if any account may keep tasks from starting.
    pub fn may_hold_back(&self, policy: &Policy) -> bool {
        let has_share = !policy.reserve.is_empty();
        let may = |account: &Account| account.pause.is_some() || (has_share && !account.windows.is_empty());
        self.known.borrow().accounts.values().any(may)
    }

    /// Tells whether [`unshared_pauses`](Self::unshared_pauses) may have changed: then this is another value.
    pub fn unshared_mark(&self) -> (usize, u64) {
        let known = self.known.borrow();
        (known.unshared.len(), known.latest_unshared().unwrap_or_default())
    }

    /// The pauses of accounts that are not in the file yet, by the accounts' ids, as [`restore`](Self::restore) reads them.
    pub fn unshared_pauses(&self) -> HashMap<String, String> {
        let known = self.known.borrow();
        let pauses = known.unshared.iter().filter(|news| news.is_pause());
        pauses.filter_map(|news| Some((news.id.clone(), serde_json::to_string(news).ok()?))).collect()
    }

    /// Learns again what an earlier daemon may not have shared any more. What cannot be read is met again.
    pub fn restore<'a>(&self, unshared_pauses: impl IntoIterator<Item = &'a String>) {
        for news in unshared_pauses.into_iter().filter_map(|text| serde_json::from_str::<News>(text).ok()) {
            let seen_at = self.known.borrow().accounts.get(&news.id).map(|account| account.seen_at);
            // What was noted at that time or later knows of it, and someone may have lifted that pause since.
            if seen_at.is_none_or(|seen_at| seen_at < news.at) {
                self.learn(&news.id, news.what, news.at);
            }
        }
    }

    /// Carries what was learnt into the file, and what others have written there back. True if it has changed what is known. It may block for a second: to be called by
    /// one at a time, beside the engine.
    ///
    /// # Errors
    /// The file cannot be locked or written. What was learnt counts here, and is kept for the next time. A claim is granted, unless it is the lock that
    /// another daemon holds: that one is there, and may have the probe.
    pub fn share(&self) -> Result<bool, NotShared> {
        let Some(shared) = &self.shared else { return Ok(false) };
        let unshared = self.known.borrow().unshared.clone();
        let Some(latest) = unshared.last().map(|news| news.number) else { return Ok(self.refresh()) };
        let written = shared.file.update(|accounts| {
            unshared.iter().for_each(|news| news.take_into(accounts));
        });
        match written {
            Ok(accounts) => {
                shared.has_read(shared.file.stamp());
                Ok(self.replace(accounts, latest))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(NotShared { error, has_granted: false })
            }
            Err(error) => {
                let claims: Vec<News> = unshared.into_iter().filter(News::is_claim).collect();
                let has_granted = self.known.send_if_modified(|known| {
                    claims.iter().for_each(|claim| self.grant(known, &claim.id, claim.at));
                    !claims.is_empty()
                });
                Err(NotShared { error, has_granted })
            }
        }
    }

    /// The path of the file; none where there is no place for it.
    pub fn path(&self) -> Option<&Path> {
        self.shared.as_ref().map(|shared| shared.file.path())
    }

    /// Reads the file if it is another one than the one that was read last. True if there is something new in it.
    fn refresh(&self) -> bool {
        let Some(shared) = &self.shared else { return false };
        let stamp = shared.file.stamp();
        shared.has_read(stamp) && self.replace(shared.file.read(), 0)
    }

    /// Replaces what is known by what stands in the file, where the news are that have numbers up to `latest`. The others count on top of it.
    fn replace(&self, mut accounts: BTreeMap<String, Account>, latest: u64) -> bool {
        self.known.send_if_modified(|known| {
            let before = known.unshared.len();
            known.unshared.retain(|news| news.number > latest);
            let later = known.unshared.iter().filter(|news| !news.is_claim());
            later.for_each(|news| news.take_into(&mut accounts));
            let has_changed = known.unshared.len() != before || known.accounts != accounts;
            known.accounts = accounts;
            has_changed
        })
    }

    fn learn(&self, id: &str, what: What, at: Timestamp) {
        self.known.send_modify(|known| {
            known.latest += 1;
            let news = News { id: id.to_owned(), at, what, number: known.latest };
            // Whose the probe is, the file decides.
            if !news.is_claim() {
                news.take_into(&mut known.accounts);
            }
            if self.shared.is_some() {
                known.keep(news);
            }
        });
    }

    /// Makes the probe this daemon's without asking any other.
    fn grant(&self, known: &mut Known, id: &str, now: Timestamp) {
        if let Some(account) = known.accounts.get_mut(id) {
            account.claim_probe(&self.own_name, now);
        }
        known.unshared.retain(|news| news.id != id || !news.is_claim());
    }
}

impl Shared {
    /// Notes that the file with this stamp has been read. False if it had been already.
    fn has_read(&self, stamp: Option<Stamp>) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *read, stamp) != stamp
    }
}

#[cfg(test)]
mod tests;
