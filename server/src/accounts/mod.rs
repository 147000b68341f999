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
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn identity() -> Identity {
        Identity { id: "a".to_owned(), program: "claude".to_owned(), login: vec!["HOME".to_owned()] }
    }

    fn limited(by: &str, until: Timestamp) -> RunEnd {
        let limit = Some((Some("five_hour".to_owned()), Some(until)));
        RunEnd { by: by.to_owned(), reason: aiwg_agents::Reason::Limited, limit, ..RunEnd::default() }
    }

    static NOW: LazyLock<Timestamp> = LazyLock::new(|| Timestamp::from_millis(1_795_888_000_000));

    fn look(accounts: &Accounts, now: Timestamp) -> Look {
        accounts.look("a", &Policy::default(), &[], now)
    }

    #[test]
    fn what_one_daemon_learns_the_others_know() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
        let (one, other) = (open("one"), open("other"));
        assert_eq!(look(&other, *NOW), Look::Open);
        one.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        let Look::Closed { until: Some(until) } = look(&one, *NOW) else { panic!("it is open") };
        assert!(until >= NOW.after_ms(60_000) && until <= NOW.after_ms(63_000), "{until}");
        assert!(one.share().unwrap() && !one.share().unwrap());
        assert!(other.share().unwrap() && !other.share().unwrap());
        assert_eq!(look(&other, *NOW), look(&one, *NOW));
        // One of them tries, the other waits for what comes of it.
        assert_eq!((look(&one, until), look(&other, until)), (Look::Unclaimed, Look::Unclaimed));
        for claiming in [&other, &one] {
            assert_eq!(claiming.claim_probe("a", until), Some(until.after_ms(CLAIM_PATIENCE_MS)));
            assert_eq!(look(claiming, until), Look::Unclaimed, "the file decides");
        }
        assert!(other.share().unwrap() && one.share().unwrap());
        assert_eq!(look(&other, until), Look::Probe);
        assert!(matches!(look(&one, until), Look::Closed { .. }));
        let resume = || one.resume("a", &Policy::default(), until);
        assert!(resume() && !resume());
        assert!(one.share().unwrap() && other.share().unwrap());
        assert_eq!((look(&one, *NOW), look(&other, *NOW)), (Look::Open, Look::Open));
        assert_eq!(look(&open("later"), *NOW), Look::Open);
    }

    #[test]
    fn the_others_hear_of_a_probe_that_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
        let (one, other) = (open("one"), open("other"));
        one.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        let began = NOW.after_ms(70_000);
        one.claim_probe("a", began);
        assert!(one.share().unwrap() && other.share().unwrap());
        let policy = Policy::default();
        let note = |starts: &[Timestamp], now| one.note_passed("a", &policy, starts, now);
        let over = began.after_ms(120_000);
        assert_eq!(one.passes_at("a", &policy, &[began]), Some(over));
        assert!(!note(&[began], NOW.after_ms(189_999)) && !note(&[*NOW], over), "that one is no probe");
        assert!(note(&[began, *NOW], over) && !note(&[began], over), "once");
        assert_eq!((look(&one, over), look(&other, over)), (Look::Open, Look::Unclaimed));
        assert!(one.share().unwrap() && other.share().unwrap());
        assert_eq!(look(&other, over), Look::Open);
        assert_eq!(one.passes_at("a", &policy, &[began]), None);
    }

    #[test]
    fn without_a_place_it_is_known_here() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        for place in [None, Some(blocked)] {
            let is_shared = place.is_some();
            let accounts = Accounts::open(place, "one".to_owned());
            accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
            assert!(matches!(look(&accounts, *NOW), Look::Closed { .. }), "{:?}", look(&accounts, *NOW));
            let later = NOW.after_ms(70_000);
            assert_eq!(look(&accounts, later), Look::Unclaimed);
            assert_eq!(accounts.claim_probe("a", later).is_some(), is_shared);
            assert_eq!(accounts.share().is_err(), is_shared);
            assert_eq!(look(&accounts, later), Look::Probe, "there is nobody to ask");
            assert_eq!(
                accounts.unshared_pauses().len(),
                usize::from(is_shared),
                "it is kept for the next time"
            );
        }
    }

    #[test]
    fn a_claim_that_nobody_answers_is_granted_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(Some(dir.path().join("state")), "one".to_owned());
        accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        let at = NOW.after_ms(70_000);
        let until = accounts.claim_probe("a", at).unwrap();
        assert_eq!(accounts.claim_probe("a", at.after_ms(1)), Some(until));
        assert_eq!(accounts.claim_probe("a", until), None);
        assert_eq!(look(&accounts, until), Look::Probe);
        // So it is where the clock was set back.
        accounts.note(&identity(), &limited("again", until.after_ms(60_000)), until);
        let later = until.after_ms(70_000);
        assert!(accounts.claim_probe("a", later).is_some());
        assert_eq!(accounts.claim_probe("a", until), None);
    }

    #[test]
    fn while_another_daemon_holds_the_lock_a_claim_waits_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(Some(dir.path().join("state")), "one".to_owned());
        accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        assert!(accounts.share().unwrap());
        let lock = std::fs::File::options().write(true).open(dir.path().join("state/accounts.lock")).unwrap();
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
        let at = NOW.after_ms(70_000);
        assert!(accounts.claim_probe("a", at).is_some());
        assert!(!accounts.share().unwrap_err().has_granted);
        assert_eq!(look(&accounts, at), Look::Unclaimed, "the other may have it");
        drop(lock);
        assert!(accounts.share().unwrap());
        assert_eq!(look(&accounts, at), Look::Probe);
    }

    #[test]
    fn however_much_is_learnt_no_claim_and_no_latest_pause_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(Some(dir.path().join("state")), "one".to_owned());
        let of = |id: &str| Identity { id: id.to_owned(), ..identity() };
        accounts.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        let at = NOW.after_ms(70_000);
        let flood = || {
            (0..=MOST_UNSHARED)
                .for_each(|n| accounts.note(&of("b"), &limited(&n.to_string(), NOW.after_ms(60_000)), at))
        };
        flood();
        // Also where there is no room left.
        let until = accounts.claim_probe("a", at);
        flood();
        assert_eq!(accounts.claim_probe("a", at.after_ms(1)), until, "it is asked once");
        let known = accounts.known.borrow();
        assert_eq!(known.unshared.len(), MOST_UNSHARED);
        drop(known);
        let pauses = accounts.unshared_pauses();
        assert!(
            pauses.contains_key("a") && pauses["b"].contains(&format!("\"{MOST_UNSHARED}\"")),
            "{pauses:?}"
        );
        assert!(accounts.share().unwrap());
        assert_eq!(look(&accounts, at), Look::Probe);
    }

    #[test]
    fn a_pause_that_was_not_shared_outlasts_the_daemon() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Accounts::open(Some(dir.path().join("state")), "one".to_owned());
        let killed = open();
        killed.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        let kept = killed.unshared_pauses();
        let next = open();
        assert_eq!(look(&next, *NOW), Look::Open);
        next.restore(kept.values().chain([&"damaged".to_owned()]));
        assert_eq!(look(&next, *NOW), look(&killed, *NOW));
        assert!(next.share().unwrap() && next.unshared_pauses().is_empty());
        // One that had shared it was killed before its store knew of that: meanwhile someone has lifted the pause.
        assert!(next.resume("a", &Policy::default(), *NOW) && next.share().unwrap());
        let last = open();
        last.restore(kept.values());
        assert_eq!(look(&last, *NOW), Look::Open);
    }

    #[test]
    fn what_is_learnt_while_the_file_is_written_counts_on_top_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
        let (one, other) = (open("one"), open("other"));
        let lock = std::fs::File::create(dir.path().join("state/accounts.lock"));
        assert!(lock.is_err(), "there is no directory before there is something to say");
        other.note(&Identity { id: "b".to_owned(), ..identity() }, &limited("x", NOW.after_ms(60_000)), *NOW);
        assert!(other.share().unwrap());
        one.note(&identity(), &limited("run", NOW.after_ms(60_000)), *NOW);
        let written = one.known.borrow().latest_unshared().unwrap();
        one.note(&identity(), &limited("second", NOW.after_ms(90_000)), *NOW);
        let in_file = BTreeMap::from([("b".to_owned(), other.all()["b"].clone())]);
        assert!(one.replace(in_file, written));
        let Look::Closed { until: Some(until) } = look(&one, *NOW) else { panic!("it is open") };
        assert!(until >= NOW.after_ms(90_000) && one.pause("b").is_some());
        assert_eq!(one.watch().borrow().latest_unshared(), Some(written + 1));
    }
}
