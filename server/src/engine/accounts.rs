//! The accounts of agents: what keeps their tasks from starting, and who hears of it.

use std::collections::HashMap;

use aiwg_model::{Cursor, Hold, NewEvent, RunRow, TaskRow};
use aiwg_protocol::types::{AccountEvent, AccountState, EventSource, Json, Timestamp, Waiting};

use super::{
    classes::Class,
    gates::Gate,
    state::{Slot, State},
    transaction::Transaction,
};
use crate::accounts::{Identity, Look, Pause, PauseReason, is_login_variable, resumes_at};

/// The source of the cursors which remember what was published of each account.
const PUBLISHED: &str = "account";

/// The source of the cursors which keep what pauses an account until all daemons of the user know of it.
const UNSHARED: &str = "account_unshared";

/// Longest time between two looks at an account that keeps tasks from starting, in milliseconds: the clock may be set.
const LOOK_EVERY_MS: u64 = 30_000;

impl Transaction<'_> {
    /// The gate that accounts close before the first task of a class: that of its own profile, unless a fallback is free. If it `may_start` at
    /// once, a limit that should be over closes nothing here: [`probe_gate`](Self::probe_gate) comes later.
    pub(super) fn account_gate(&self, class: &str, may_start: bool) -> Option<Gate> {
        let profile = profile_of(class);
        let (_, look) = self.look_at(profile)?;
        let until = match look {
            Look::Open => return None,
            Look::Probe | Look::Unclaimed if may_start => return None,
            Look::Probe | Look::Unclaimed => None,
            Look::Closed { until } => until,
        };
        (!self.has_free_fallback(profile)).then_some(Gate { until, ..Gate::of(Waiting::Limit) })
    }

    /// The gate before a task that nothing else keeps from starting, and that would try whether the limit of its account is over: another daemon has
    /// the probe, or is being asked for it.
    pub(super) fn probe_gate(&self, class: &str) -> Option<Gate> {
        let profile = profile_of(class);
        let (account, Look::Unclaimed) = self.look_at(profile)? else { return None };
        if self.has_free_fallback(profile) {
            return None;
        }
        let until = self.state.accounts.claim_probe(&account.id, self.now);
        let is_ours = matches!(self.look_at(profile), Some((_, Look::Probe)));
        (!is_ours).then_some(Gate { until, ..Gate::of(Waiting::Limit) })
    }

    /// True if a profile that comes after this one keeps no task from starting.
    fn has_free_fallback(&self, profile: Option<&str>) -> bool {
        let mut fallbacks = self.state.config.profiles.candidates(profile).into_iter().skip(1);
        fallbacks.any(|other| self.is_free(other.as_deref()))
    }

    /// The profile that does a task in its next run: the first whose account has not reached a limit, of the one in whose session it was
    /// interrupted, if there is one, the one that it asks for, and the fallbacks of that.
    pub(super) fn profile_for(&self, task: &TaskRow, interrupted: Option<&RunRow>) -> Option<String> {
        let candidates = self.state.config.profiles.candidates(task.spec.agent.as_deref());
        let sticky =
            interrupted.map(|run| run.profile.clone()).filter(|profile| candidates.contains(profile));
        let asked = candidates.first().cloned().flatten();
        let mut in_order = sticky.into_iter().chain(candidates);
        let may = |profile: &Option<String>| match self.look_at(profile.as_deref()) {
            // The gate has let it through to try that.
            Some((_, Look::Probe)) => *profile == asked,
            other => other.is_none_or(|(_, look)| look == Look::Open),
        };
        in_order.find(may).unwrap_or(asked)
    }

    /// True if the account of a profile keeps no task from starting.
    fn is_free(&self, profile: Option<&str>) -> bool {
        self.look_at(profile).is_none_or(|(_, look)| look == Look::Open)
    }

    /// The account of a profile, and the decision on its tasks; none where the profile has no limits that are known here.
    fn look_at(&self, profile: Option<&str>) -> Option<(&Identity, Look)> {
        let in_use = &self.state.config.accounts;
        let account = in_use.of_profile(profile)?;
        let is_of_it = |slot: &&Slot| {
            in_use.of_profile(slot.profile.as_deref()).is_some_and(|other| other.id == account.id)
        };
        let running = self.state.running.values().filter(is_of_it);
        let starts: Vec<Timestamp> = running.map(|slot| slot.started_at).collect();
        Some((account, self.state.accounts.look(&account.id, &in_use.policy, &starts, self.now)))
    }

    /// The hold of a task that has met a limit: none where its account's gate holds it back with all others.
    pub(super) fn hold_of_limited(&self, task: &TaskRow) -> Vec<Hold> {
        let has_own_login = task.spec.env.keys().any(|name| is_login_variable(name));
        let profile = self.state.running.get(&task.no).and_then(|slot| slot.profile.as_deref());
        let account = self.state.config.accounts.of_profile(profile);
        if account.is_some() && !has_own_login {
            Vec::new()
        } else {
            vec![Hold::limit(self.now.after_ms(OWN_LOGIN_MS))]
        }
    }

    /// Publishes what has become of the accounts since it was published last. True if there was anything.
    pub(super) fn publish_accounts(&mut self) -> aiwg_store::Result<bool> {
        let accounts: Vec<Identity> = self.state.config.accounts.all().cloned().collect();
        let mut has_news = false;
        for account in accounts {
            let pause = self.state.accounts.pause(&account.id);
            let state = pause.as_ref().map(|pause| format!("{} {}", pause.reason.name(), pause.since));
            if self.state.accounts_published.get(&account.id) == state.as_ref() {
                continue;
            }
            self.publish_account(&account, pause.as_ref());
            let value = state.clone();
            self.store.move_cursor(&Cursor { value, ..Cursor::moved(PUBLISHED, account.id.clone(), "") })?;
            match state {
                Some(state) => self.state.accounts_published.insert(account.id, state),
                None => self.state.accounts_published.remove(&account.id),
            };
            has_news = true;
        }
        Ok(has_news)
    }

    /// Keeps what pauses accounts as long as it is not in the file that the daemons of the user share: a daemon that comes after a crash learns it
    /// from here.
    pub(super) fn keep_unshared(&mut self) -> aiwg_store::Result<()> {
        let unshared = self.state.accounts.unshared_pauses();
        if unshared == self.state.accounts_unshared {
            return Ok(());
        }
        for id in self.state.accounts_unshared.keys().filter(|id| !unshared.contains_key(*id)) {
            self.store.move_cursor(&Cursor { value: None, ..Cursor::moved(UNSHARED, id.clone(), "") })?;
        }
        for (id, pause) in &unshared {
            self.store.move_cursor(&Cursor::moved(UNSHARED, id.clone(), pause.clone()))?;
        }
        self.state.accounts_unshared = unshared;
        Ok(())
    }

    fn publish_account(&mut self, account: &Identity, pause: Option<&Pause>) {
        let policy = &self.state.config.accounts.policy;
        let event = AccountEvent {
            account: account.id.clone(),
            program: account.program.clone(),
            state: pause.map_or(AccountState::Ready, state_of),
            window: pause.and_then(|pause| pause.window.clone()),
            until: pause.and_then(|pause| resumes_at(pause, policy)),
        };
        self.effects.new_events.push_back(NewEvent {
            topic: if pause.is_some() { "agent:limited" } else { "agent:resumed" }.to_owned(),
            payload: Json::new(&event).unwrap_or_default(),
            source: EventSource::Supervisor,
            cause: None,
            happened_at: None,
        });
    }
}

/// The profile of a class; none for the section `agent`.
fn profile_of(class: &str) -> Option<&str> {
    Some(Class::named(class).profile).filter(|profile| !profile.is_empty())
}

/// The pause of a task that has a login of its own, of which nothing is known beyond its end, in milliseconds.
const OWN_LOGIN_MS: u64 = 15 * 60_000;

/// The state of a paused account.
pub(crate) fn state_of(pause: &Pause) -> AccountState {
    match pause.reason {
        PauseReason::Limited => AccountState::Limited,
        PauseReason::Auth => AccountState::Auth,
        PauseReason::Billing => AccountState::Billing,
    }
}

/// What was published of each account, as the store remembers it.
pub(super) fn published(store: &dyn aiwg_store::View) -> aiwg_store::Result<HashMap<String, String>> {
    store.cursors(PUBLISHED)
}

/// What pauses accounts and may not be in the shared file yet, as the store remembers it.
pub(super) fn unshared(store: &dyn aiwg_store::View) -> aiwg_store::Result<HashMap<String, String>> {
    store.cursors(UNSHARED)
}

impl State {
    /// Time at which the accounts are to be looked at again, if they keep tasks from starting.
    pub(super) fn next_look_at_accounts(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = now.after_ms(LOOK_EVERY_MS);
        // One that should be open by now waits for a free slot, or for another gate.
        let coming = |until: Option<Timestamp>| until.filter(|until| *until > now).unwrap_or(latest);
        self.gates.opening(Waiting::Limit).map(|until| coming(until).min(latest))
    }

    /// What a person should know of the accounts; none if all is well, or passes by itself.
    pub(super) fn trouble_with_accounts(&self) -> Option<String> {
        let in_use = &self.config.accounts;
        let troubles: Vec<String> = in_use
            .all()
            .filter_map(|account| {
                let pause = self.accounts.pause(&account.id)?;
                let whose = Identity::for_people(&account.program, &account.login);
                let since = pause.since;
                Some(match pause.reason {
                    PauseReason::Limited if in_use.policy.asks => format!(
                        "a limit of {whose} was reached at {since}, and accounts.resume is \"ask\": `aiwg account resume` has its tasks go on"
                    ),
                    PauseReason::Limited => return None,
                    PauseReason::Auth => format!(
                        "the login of {whose} was refused at {since}, and its tasks wait: log in again, or give the daemon another key and restart \
                         it; then `aiwg account resume`"
                    ),
                    PauseReason::Billing => format!(
                        "{whose} has no credit since {since}, and its tasks wait: add some, or give the daemon another key and restart it; \
                         then `aiwg account resume`"
                    ),
                })
            })
            .collect();
        (!troubles.is_empty()).then(|| troubles.join("; "))
    }
}
