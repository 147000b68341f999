//! The accounts of agents: what keeps their tasks from starting, and who hears of it.

use std::collections::HashMap;

use aiwg_model::{Cursor, Hold, NewEvent, Outcome, TaskRow};
use aiwg_protocol::types::{AccountEvent, AccountState, EventSource, Json, Timestamp, Waiting};

use super::{
    classes::Class,
    cursors::Cursors,
    gates::Gate,
    hosts::Hosts,
    retry::jitter,
    state::{Slot, State},
    transaction::Transaction,
};
use crate::accounts::{Identity, Look, Pause, PauseReason, is_login_variable, resumes_at};

/// The source of the cursors which remember what was published of each account.
pub(super) const PUBLISHED: &str = "account";

/// The source of the cursors which keep what pauses an account until all daemons of the user know of it.
pub(super) const UNSHARED: &str = "account_unshared";

/// The state that is remembered of an account of which people's share is left.
const RESERVED: &str = "reserved";

/// Longest time between two looks at an account that keeps tasks from starting, in milliseconds: the clock may be set.
const LOOK_EVERY_MS: u64 = 30_000;

impl Transaction<'_> {
    /// The gate that accounts close before the first task of a class: those of all profiles that may do its tasks. If it `may_start` at once, a limit
    /// that should be over closes nothing here: [`probe_gate`](Self::probe_gate) comes later.
    pub(super) fn account_gate(&self, class: &str, may_start: bool) -> Option<Gate> {
        let candidates = self.candidates_if_closed(class)?;
        let (mut first, mut is_soon, mut resets_at) = (None, false, None);
        for candidate in candidates {
            let found = self.look_at(candidate.as_deref());
            if let Some((account, Look::Closed { until: None })) = &found {
                let pause = self.state.accounts.pause(&account.id);
                let limit = pause.filter(|pause| pause.reason == PauseReason::Limited);
                resets_at = earlier(resets_at, limit.and_then(|pause| pause.until));
            }
            match found {
                None | Some((_, Look::Open)) => return None,
                Some((_, Look::Probe | Look::Unclaimed)) if may_start => return None,
                Some((_, Look::Probe | Look::Unclaimed)) => is_soon = true,
                Some((_, Look::Closed { until })) => first = earlier(first, until),
            }
        }
        let until = first.filter(|_| !is_soon);
        let resets_at = resets_at.filter(|_| first.is_none() && !is_soon);
        Some(Gate { until, resets_at, ..Gate::of(Waiting::Limit) })
    }

    /// The gate before a task that nothing else keeps from starting, and that would try whether the limit of an account is over: another daemon has
    /// the probe, or is being asked for it. The task's own profile comes first, also where a fallback is free: else nobody would ever try.
    pub(super) fn probe_gate(&self, class: &str) -> Option<Gate> {
        let candidates = self.candidates_if_closed(class)?;
        let mut first = None;
        for candidate in candidates {
            let candidate = candidate.as_deref();
            let answered_until = match self.look_at(candidate) {
                Some((account, Look::Unclaimed)) => self.state.accounts.claim_probe(&account.id, self.now),
                _ => None,
            };
            match self.look_at(candidate) {
                None | Some((_, Look::Open | Look::Probe)) => return None,
                Some((_, Look::Unclaimed)) => {
                    return Some(Gate { until: answered_until, ..Gate::of(Waiting::Limit) });
                }
                Some((_, Look::Closed { until })) => first = earlier(first, until),
            }
        }
        Some(Gate { until: first, ..Gate::of(Waiting::Limit) })
    }

    /// The profiles that may do the tasks of a class; none where no account keeps these from starting, since the first one's is free.
    fn candidates_if_closed(&self, class: &str) -> Option<Vec<Option<String>>> {
        let class = Class::named(class);
        if class.has_own_login || (class.stays_with.is_empty() && self.is_free(class.profile())) {
            return None;
        }
        let candidates = self.candidates(&class);
        let first = candidates.first()?.as_deref();
        (!self.is_free(first)).then_some(candidates)
    }

    /// True if the account of a profile keeps no task from starting.
    fn is_free(&self, profile: Option<&str>) -> bool {
        self.look_at(profile).is_none_or(|(_, look)| look == Look::Open)
    }

    /// The account of a profile, and the decision on its tasks; none where the profile has no limits that are known here.
    pub(super) fn look_at(&self, profile: Option<&str>) -> Option<(&Identity, Look)> {
        let in_use = &self.state.config.accounts;
        let account = in_use.of_profile(profile)?;
        if !self.state.accounts.is_known(&account.id) {
            return Some((account, Look::Open));
        }
        let starts = self.state.starts_of(&account.id);
        Some((account, self.state.accounts.look(&account.id, &in_use.policy, &starts, self.now)))
    }

    /// The hold of a task that has met a limit: none where its account's gate holds it back with all others. It lasts until the time that its agent
    /// has told, and a little longer, as that of an account does.
    pub(super) fn hold_of_limited(&self, task: &TaskRow, outcome: &Outcome) -> Vec<Hold> {
        let has_own_login = task.spec.env.keys().any(|name| is_login_variable(name));
        let profile = self.state.running.get(&task.no).and_then(|slot| slot.profile.as_deref());
        let account = self.state.config.accounts.of_profile(profile);
        if account.is_some() && !has_own_login {
            return Vec::new();
        }
        let told = outcome.resets_at.filter(|at| *at > self.now);
        let until = told.map_or(self.now.after_ms(OWN_LOGIN_MS), |at| {
            let wait_ms = at.as_millis().saturating_sub(self.now.as_millis()) as f64;
            at.after_ms((jitter(task).abs() * (wait_ms / 20.0).min(MOST_JITTER_MS)) as u64)
        });
        vec![Hold::limit(until)]
    }

    /// Publishes what has become of the accounts since it was published last. True if there was anything.
    pub(super) fn publish_accounts(&mut self) -> aiwg_store::Result<bool> {
        // Called in every transaction: where no limits are in use, there is nothing to do.
        if self.state.accounts_published.is_empty()
            && !self.state.accounts.may_hold_back(&self.state.config.accounts.policy)
        {
            return Ok(false);
        }
        let accounts: Vec<Identity> = self.state.config.accounts.all().cloned().collect();
        let mut has_news = false;
        for account in accounts {
            let (starts, policy) = (self.state.starts_of(&account.id), &self.state.config.accounts.policy);
            if self.state.accounts.note_passed(&account.id, policy, &starts, self.now) {
                tracing::info!(account = %account.id, "an agent works again for so long that the limit is over");
            }
            let closed = self.closed(&account);
            let state = closed.as_ref().map(|closed| match closed.state {
                // However often it is reported anew.
                AccountState::Reserved => RESERVED.to_owned(),
                state => format!("{} {}", state.name(), closed.since.unwrap_or_default()),
            });
            if self.state.accounts_published.get(&account.id) == state.as_ref() {
                continue;
            }
            self.publish_account(&account, closed);
            let value = state.clone();
            let key = self.state.hosts.key_of(&account.id);
            self.store.move_cursor(&Cursor { value, ..Cursor::moved(PUBLISHED, key, "") })?;
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
        let mark = self.state.accounts.unshared_mark();
        if self.state.accounts_kept_at == Some(mark) {
            return Ok(());
        }
        let unshared = self.state.accounts.unshared_pauses();
        self.state.accounts_kept_at = Some(mark);
        if unshared == self.state.accounts_unshared {
            return Ok(());
        }
        for id in self.state.accounts_unshared.keys().filter(|id| !unshared.contains_key(*id)) {
            let key = self.state.hosts.key_of(id);
            self.store.move_cursor(&Cursor { value: None, ..Cursor::moved(UNSHARED, key, "") })?;
        }
        for (id, pause) in &unshared {
            self.store.move_cursor(&Cursor::moved(UNSHARED, self.state.hosts.key_of(id), pause.clone()))?;
        }
        self.state.accounts_unshared = unshared;
        Ok(())
    }

    /// The state that keeps an account's tasks from starting; none if it does not.
    fn closed(&self, account: &Identity) -> Option<Closed> {
        let policy = &self.state.config.accounts.policy;
        if let Some(pause) = self.state.accounts.pause(&account.id) {
            let until = resumes_at(&pause, policy);
            return Some(Closed {
                state: state_of(&pause),
                since: Some(pause.since),
                window: pause.window,
                until,
            });
        }
        let (window, until) = self.state.accounts.reserved(&account.id, policy, self.now)?;
        Some(Closed { state: AccountState::Reserved, since: None, window: Some(window), until: Some(until) })
    }

    fn publish_account(&mut self, account: &Identity, closed: Option<Closed>) {
        let topic = if closed.is_some() { "agent:limited" } else { "agent:resumed" };
        let event = AccountEvent {
            account: account.id.clone(),
            program: account.program.clone(),
            state: closed.as_ref().map_or(AccountState::Ready, |closed| closed.state),
            until: closed.as_ref().and_then(|closed| closed.until),
            window: closed.and_then(|closed| closed.window),
        };
        self.effects.new_events.push_back(NewEvent {
            topic: topic.to_owned(),
            payload: Json::new(&event).unwrap_or_default(),
            source: EventSource::Supervisor,
            cause: None,
            happened_at: None,
            traceparent: None,
        });
    }
}

/// The state of an account that keeps its tasks from starting.
struct Closed {
    state: AccountState,
    /// Time of its beginning; none where that does not matter.
    since: Option<Timestamp>,
    /// The window that is used up.
    window: Option<String>,
    /// Time of its end; none for when a person says so.
    until: Option<Timestamp>,
}

/// The earlier of two times, as far as they are known.
fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

/// The most by which the pause of such a task is longer than its agent has told, in milliseconds.
const MOST_JITTER_MS: f64 = 60_000.0;

/// The pause of a task that has a login of its own, and whose agent has told no time, in milliseconds.
const OWN_LOGIN_MS: u64 = 15 * 60_000;

/// The state of a paused account.
pub(crate) fn state_of(pause: &Pause) -> AccountState {
    match pause.reason {
        PauseReason::Limited => AccountState::Limited,
        PauseReason::Auth => AccountState::Auth,
        PauseReason::Billing => AccountState::Billing,
    }
}

/// The published state of each account, as the store remembers it.
pub(super) fn published(cursors: &mut Cursors, hosts: &Hosts) -> HashMap<String, String> {
    hosts.own_of(cursors.take(PUBLISHED))
}

/// The pauses of accounts that may not be in the shared file yet, as the store remembers them.
pub(super) fn unshared(cursors: &mut Cursors, hosts: &Hosts) -> HashMap<String, String> {
    hosts.own_of(cursors.take(UNSHARED))
}

impl State {
    /// Time at which the accounts are to be looked at again, if they keep tasks from starting.
    pub(super) fn next_look_at_accounts(&self, now: Timestamp) -> Option<Timestamp> {
        let latest = now.after_ms(LOOK_EVERY_MS);
        // One that should be open by now waits for a free slot, or for another gate.
        let coming = |until: Option<Timestamp>| until.filter(|until| *until > now).unwrap_or(latest);
        let opening = self.gates.opening(Waiting::Limit).map(|until| coming(until).min(latest));
        earlier(earlier(opening, self.next_end_of_reserve(now)), self.next_passing(now))
    }

    /// Time at which an agent has worked for so long that its account's limit is over: other daemons wait for that, whatever waits here.
    fn next_passing(&self, now: Timestamp) -> Option<Timestamp> {
        let in_use = &self.config.accounts;
        // Asked after every transaction.
        if self.running.is_empty() || !self.accounts.may_hold_back(&in_use.policy) {
            return None;
        }
        let passing = in_use.all().filter_map(|account| {
            self.accounts.passes_at(&account.id, &in_use.policy, &self.starts_of(&account.id))
        });
        passing.filter(|at| *at > now).min()
    }

    /// The times at which the agents that work with an account were started, each for the run that it is in.
    pub(super) fn starts_of(&self, account: &str) -> Vec<Timestamp> {
        let in_use = &self.config.accounts;
        let is_of_it = |slot: &&Slot| {
            let own = in_use.of_profile(slot.profile.as_deref());
            let has_own_login = Class::named(&slot.class).has_own_login;
            !slot.span.is_check && !has_own_login && own.is_some_and(|own| own.id == account)
        };
        self.running.values().filter(is_of_it).map(|slot| slot.span.from).collect()
    }

    /// Time at which a window resets of which people's share was left, as was published.
    fn next_end_of_reserve(&self, now: Timestamp) -> Option<Timestamp> {
        let reserved = self.accounts_published.iter().filter(|(_, state)| *state == RESERVED);
        let ends =
            reserved.filter_map(|(id, _)| self.accounts.reserved(id, &self.config.accounts.policy, now));
        ends.map(|(_, until)| until).min()
    }

    /// The issue of the accounts, for a person; none if all is well, or passes by itself.
    pub(super) fn trouble_with_accounts(&self) -> Option<String> {
        let in_use = &self.config.accounts;
        // Asked after every transaction.
        if !self.accounts.may_hold_back(&in_use.policy) {
            return None;
        }
        let troubles: Vec<String> = in_use
            .all()
            .filter_map(|account| {
                let pause = self.accounts.pause(&account.id).filter(|pause| !pause.is_mended)?;
                let whose = Identity::for_people(&account.program, &account.login);
                let since = pause.since;
                Some(match pause.reason {
                    PauseReason::Limited if in_use.policy.asks => {
                        let resets = pause.until.map_or_else(String::new, |at| format!(", and should have reset by {at}"));
                        format!(
                            "a limit of {whose} was reached at {since}{resets}; accounts.resume is \"ask\": `aiwg account resume` has its tasks \
                             go on"
                        )
                    }
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

#[cfg(test)]
mod tests {
    use aiwg_model::TaskNo;

    use super::*;
    use crate::{
        accounts::InUse,
        engine::{EngineConfig, spans::RunSpan, waits::Waits},
    };

    #[test]
    fn what_tries_an_account_is_a_run_of_an_agent_and_not_its_task() {
        let own = Identity { id: "a".to_owned(), program: "claude".to_owned(), login: Vec::new() };
        let other = Identity { id: "b".to_owned(), ..own.clone() };
        let by_profile = [("other".to_owned(), Some(other))].into();
        let accounts = InUse { default: Some(own), by_profile, ..InUse::default() };
        let mut state = State::new(EngineConfig { accounts, ..EngineConfig::default() }, Waits::default());
        let at = Timestamp::from_millis;
        let slot = |profile: Option<&str>, is_check, from| Slot {
            profile: profile.map(str::to_owned),
            span: RunSpan { is_check, from: at(from), until: None },
            ..Slot::default()
        };
        // A check says nothing of the account; the second round of a task is a run of its own.
        state.running.insert(TaskNo(1), slot(None, true, 1));
        state.running.insert(TaskNo(2), slot(None, false, 2));
        state.running.insert(TaskNo(3), slot(Some("other"), false, 3));
        assert_eq!((state.starts_of("a"), state.starts_of("b")), (vec![at(2)], vec![at(3)]));
    }
}
