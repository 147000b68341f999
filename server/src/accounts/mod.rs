//! The accounts that agents work with, and what keeps their work from starting: a limit that is used up, a share that is left to people, a
//! login that was refused.
//!
//! An [`Identity`] says which account an agent's command works with: its program, and whatever in its environment decides the login. What is
//! known of an account ([`Account`]) is shared by all daemons of a user, in one small file ([`file`]), which is written only when there is
//! something to say: who uses no agent with limits has none. It is looked at when a task is to start that the account could hold back, and a look costs
//! one `stat`. [`Look`] is the decision on a task: made from facts, without any effect.

mod account;
mod file;
mod hours;
mod identity;
mod in_use;
mod pause;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aiwg_protocol::types::Timestamp;

pub use account::{Account, Look, Policy, RunEnd, WindowUse, resumes_at};
pub use file::place;
use file::{SharedFile, Stamp};
pub use hours::Hours;
pub use identity::{Identity, LOGIN_VARIABLES};
pub use in_use::InUse;
pub use pause::{Pause, PauseReason};

/// All that is known of a user's accounts. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Accounts(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    accounts: BTreeMap<String, Account>,
    /// None where there is no place for it: what is known is this daemon's alone then.
    file: Option<SharedFile>,
    /// The file as it was read last.
    stamp: Option<Stamp>,
    /// Name of this daemon among those that share the file.
    own_name: String,
}

impl Accounts {
    /// What is known in the file in this directory. `own_name` tells this daemon from the others of the user.
    pub fn open(dir: Option<PathBuf>, own_name: String) -> Self {
        let mut known = Known { file: dir.map(SharedFile::in_dir), own_name, ..Known::default() };
        known.refresh();
        Self(Arc::new(Mutex::new(known)))
    }

    /// Notes how a run of an agent ended, for all daemons. It may block for a second. To be called before the end counts, with the same end
    /// again after a crash: what is noted twice counts once.
    pub fn note(&self, identity: &Identity, end: &RunEnd, now: Timestamp) {
        let mut known = self.lock();
        let before = known.accounts.get(&identity.id).cloned();
        if !Account::has_news(before.as_ref(), end) {
            return;
        }
        known.change(|accounts| {
            let account = accounts.entry(identity.id.clone()).or_default();
            account.describe(identity, now);
            account.take_in(end, &identity.id, now);
        });
    }

    /// The decision on a task of this account. `starts` are the times at which its running tasks were started.
    pub fn look(&self, id: &str, policy: &Policy, starts: &[Timestamp], now: Timestamp) -> Look {
        let mut known = self.lock();
        known.refresh();
        let own_name = known.own_name.clone();
        known.accounts.get(id).map_or(Look::Open, |account| account.look(policy, starts, &own_name, now))
    }

    /// Takes the one probe of an account whose limit should be over. False if another daemon was first. It may block for a second.
    pub fn claim_probe(&self, id: &str, now: Timestamp) -> bool {
        let mut known = self.lock();
        let own_name = known.own_name.clone();
        let mut is_ours = true;
        known.change(|accounts| {
            if let Some(account) = accounts.get_mut(id) {
                is_ours = account.claim_probe(&own_name, now);
            }
        });
        is_ours
    }

    /// Lifts whatever holds an account back. False if nothing did.
    pub fn resume(&self, id: &str, policy: &Policy, now: Timestamp) -> bool {
        let mut known = self.lock();
        known.refresh();
        let is_held_back =
            |account: &Account| account.pause.is_some() || account.reserved_until(policy, now).is_some();
        if !known.accounts.get(id).is_some_and(is_held_back) {
            return false;
        }
        known.change(|accounts| {
            if let Some(account) = accounts.get_mut(id) {
                account.resume();
            }
        });
        true
    }

    /// What pauses an account, by what was known at the last look.
    pub fn pause(&self, id: &str) -> Option<Pause> {
        self.lock().accounts.get(id).and_then(|account| account.pause.clone())
    }

    /// An account, by what was known at the last look.
    pub fn get(&self, id: &str) -> Option<Account> {
        self.lock().accounts.get(id).cloned()
    }

    /// All accounts, by their ids.
    pub fn all(&self) -> BTreeMap<String, Account> {
        let mut known = self.lock();
        known.refresh();
        known.accounts.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Reads the file if it is another one than the one that was read last.
    fn refresh(&mut self) {
        let Some(file) = &self.file else { return };
        let stamp = file.stamp();
        if stamp == self.stamp {
            return;
        }
        self.stamp = stamp;
        self.accounts = file.read();
    }

    /// Changes what is known, in the file as well: on top of what others have written there meanwhile.
    fn change(&mut self, change: impl FnOnce(&mut BTreeMap<String, Account>)) {
        let Some(file) = &self.file else { return change(&mut self.accounts) };
        let mut change = Some(change);
        let changed = file.update(|accounts| {
            if let Some(change) = change.take() {
                change(accounts);
            }
        });
        match changed {
            Ok(accounts) => {
                self.accounts = accounts;
                self.stamp = file.stamp();
            }
            Err(error) => {
                tracing::warn!(
                    file = %file.path().display(),
                    %error,
                    "what is known of the agents' account cannot be shared with the user's other daemons"
                );
                if let Some(change) = change.take() {
                    change(&mut self.accounts);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity { id: "a".to_owned(), program: "claude".to_owned(), login: vec!["HOME".to_owned()] }
    }

    fn limited(by: &str, until: Timestamp) -> RunEnd {
        let limit = Some((Some("five_hour".to_owned()), Some(until)));
        RunEnd { by: by.to_owned(), reason: aiwg_agents::Reason::Limited, limit, ..RunEnd::default() }
    }

    #[test]
    fn what_one_daemon_learns_the_others_know() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| Accounts::open(Some(dir.path().join("state")), name.to_owned());
        let (one, other) = (open("one"), open("other"));
        let now = Timestamp::from_millis(1_795_888_000_000);
        let look = |accounts: &Accounts, now| accounts.look("a", &Policy::default(), &[], now);
        assert_eq!(look(&other, now), Look::Open);
        one.note(&identity(), &limited("run", now.after_ms(60_000)), now);
        let Look::Closed { until: Some(until) } = look(&other, now) else { panic!("it is open") };
        assert!(until >= now.after_ms(60_000) && until <= now.after_ms(63_000), "{until}");
        // One of them tries, the other waits for what comes of it.
        assert_eq!((look(&one, until), look(&other, until)), (Look::Probe, Look::Probe));
        assert!(
            other.claim_probe("a", until) && other.claim_probe("a", until) && !one.claim_probe("a", until)
        );
        assert!(matches!(look(&one, until), Look::Closed { .. }));
        let resume = || one.resume("a", &Policy::default(), until);
        assert!(resume() && !resume());
        assert_eq!((look(&one, now), look(&other, now)), (Look::Open, Look::Open));
        assert_eq!(look(&open("later"), now), Look::Open);
    }

    #[test]
    fn without_a_place_it_is_known_here() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        for place in [None, Some(blocked)] {
            let accounts = Accounts::open(place, "one".to_owned());
            let now = Timestamp::from_millis(1_795_888_000_000);
            accounts.note(&identity(), &limited("run", now.after_ms(60_000)), now);
            let look = |now| accounts.look("a", &Policy::default(), &[], now);
            assert!(matches!(look(now), Look::Closed { .. }), "{:?}", look(now));
            assert_eq!(look(now.after_ms(70_000)), Look::Probe);
            assert!(accounts.claim_probe("a", now.after_ms(70_000)));
        }
    }
}
