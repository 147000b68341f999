//! One account: what is known of it, and what follows for a task that is to start.

use std::collections::BTreeMap;

use aiwg_agents::Reason;
use aiwg_protocol::types::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{
    hours::Hours,
    identity::Identity,
    pause::{Pause, PauseReason, believed, next_try, untold},
};

/// Time after which a probe that has not met the limit again has shown that it is over, in milliseconds: a limit is met with the first request. So
/// long another daemon's probe is waited for.
const PROBE_MS: u64 = 120_000;

/// The most windows that are kept of an account.
const MOST_WINDOWS: usize = 16;

/// The share of a window in percent that counts as news, if it is used up since the last report.
const NEWS_PERCENT: f64 = 1.0;

/// The rules by which accounts are used.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The share of each window that is left to people, in percent.
    pub reserve: BTreeMap<String, u8>,
    /// True if a person is to resume work after each limit.
    pub asks: bool,
    /// Hours within which work is resumed; none for any.
    pub hours: Option<Hours>,
    /// The time zone of the hours.
    pub zone: TimeZone,
}

impl Default for Policy {
    fn default() -> Self {
        Self { reserve: BTreeMap::new(), asks: false, hours: None, zone: TimeZone::UTC }
    }
}

/// The decision on a task of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It may start.
    Open,
    /// It waits until then; until someone acts if there is no time.
    Closed {
        /// The time.
        until: Option<Timestamp>,
    },
    /// The limit should be over, and it is this daemon that may find out: one task may start.
    Probe,
    /// The limit should be over, and none of the user's daemons finds out yet: this one may claim that.
    Unclaimed,
}

/// The part of a window that is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowUse {
    /// From 0 to 1.
    #[serde(deserialize_with = "part")]
    pub utilization: f64,
    /// Time of its reset; none if it is not known.
    #[serde(default)]
    pub resets_at: Option<Timestamp>,
    /// Time at which this was reported.
    pub seen_at: Timestamp,
}

impl WindowUse {
    /// Time at which it no longer counts: that of its reset, if it can be believed.
    fn counts_until(&self, window: &str) -> Timestamp {
        let Some(at) = self.resets_at else { return self.seen_at.after_ms(untold(window)) };
        let wait = u64::try_from(at.as_millis().saturating_sub(self.seen_at.as_millis()));
        wait.map_or(at, |wait| self.seen_at.after_ms(believed(Some(window), wait)))
    }
}

/// A part of a whole, whatever the file says.
fn part<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    f64::deserialize(deserializer).map(|part| part.clamp(0.0, 1.0))
}

/// The end of a run of an agent, as far as it says something of its account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// The run, by a name that no other has.
    pub by: String,
    /// Time of its start.
    pub started_at: Timestamp,
    /// The reason for its end.
    #[serde(with = "by_name")]
    pub reason: Reason,
    /// The window that is used up, and the time of its reset, as far as the agent told.
    pub limit: Option<(Option<String>, Option<Timestamp>)>,
    /// The parts of windows that are used up.
    pub windows: BTreeMap<String, WindowUse>,
}

/// A reason is stored by its name.
mod by_name {
    use aiwg_agents::Reason;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(reason.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
        let name = String::deserialize(deserializer)?;
        Reason::named(&name).ok_or_else(|| D::Error::custom(format!("{name:?} is no reason")))
    }
}

impl RunEnd {
    pub(super) fn pause_reason(&self) -> Option<PauseReason> {
        match self.reason {
            Reason::Limited => Some(PauseReason::Limited),
            Reason::Auth => Some(PauseReason::Auth),
            Reason::Billing => Some(PauseReason::Billing),
            _ => None,
        }
    }

    /// True if the service has done some of the work.
    fn was_served(&self) -> bool {
        !matches!(
            self.reason,
            Reason::Limited | Reason::Auth | Reason::Billing | Reason::Overloaded | Reason::Crashed
        )
    }
}

/// An account, as far as it is known. It holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// The program.
    pub program: String,
    /// The names of the variables that decide its login.
    pub login: Vec<String>,
    /// The parts of its windows that are used up.
    pub windows: BTreeMap<String, WindowUse>,
    /// Its pause, if it is paused.
    pub pause: Option<Pause>,
    /// The daemon that tries whether the pause is over, and since when.
    pub probe: Option<(String, Timestamp)>,
    /// Time of the last report.
    pub seen_at: Timestamp,
}

impl Account {
    /// True if the end of a run says more of its account than is known.
    pub(super) fn has_news(known: Option<&Self>, end: &RunEnd) -> bool {
        let is_known = |(name, new): (&String, &WindowUse)| {
            known.and_then(|known| known.windows.get(name)).is_some_and(|old| {
                (old.utilization - new.utilization).abs() * 100.0 < NEWS_PERCENT
                    && old.resets_at == new.resets_at
            })
        };
        end.pause_reason().is_some()
            || known.is_some_and(|known| known.pause.is_some())
            || !end.windows.iter().all(is_known)
    }

    /// Notes whose it is.
    pub(super) fn describe(&mut self, identity: &Identity, now: Timestamp) {
        self.program = identity.program.clone();
        self.login = identity.login.clone();
        self.seen_at = now;
    }

    /// Takes in how a run ended; twice is the same as once.
    pub(super) fn take_in(&mut self, end: &RunEnd, id: &str, now: Timestamp) {
        for (name, window) in &end.windows {
            if self.windows.len() < MOST_WINDOWS || self.windows.contains_key(name) {
                self.windows.insert(name.clone(), *window);
            }
        }
        self.windows.retain(|name, window| window.counts_until(name) > now);
        match (end.pause_reason(), self.pause.clone()) {
            (Some(reason), Some(before)) if before.by == end.by && before.reason == reason => {}
            // One that ran when it was mended says nothing of that.
            (Some(PauseReason::Auth | PauseReason::Billing), Some(before))
                if before.is_mended && !has_begun_after(&before, end.started_at) => {}
            (Some(PauseReason::Limited), before) => self.limited(end, before, id, now),
            (Some(reason), before) => {
                let since =
                    before.filter(|before| before.reason == reason).map_or(now, |before| before.since);
                let by = end.by.clone();
                self.pause =
                    Some(Pause { reason, since, until: None, window: None, times: 1, by, is_mended: false });
                self.probe = None;
            }
            // One that ran when the limit was met says nothing of its end.
            (None, Some(before)) if end.was_served() && has_begun_after(&before, end.started_at) => {
                self.resume_work()
            }
            (None, _) => {}
        }
    }

    fn limited(&mut self, end: &RunEnd, before: Option<Pause>, id: &str, now: Timestamp) {
        let (window, resets_at) = end.limit.clone().unwrap_or_default();
        let before = match before {
            // It is mended, and has met the next thing.
            Some(before) if before.is_mended && has_begun_after(&before, end.started_at) => None,
            // A person must act first.
            Some(before) if before.reason != PauseReason::Limited => return,
            // One from the future was noted by another clock.
            before => before.filter(|before| before.since <= now),
        };
        // Of several that run, each meets the same limit.
        let is_same = before.as_ref().is_some_and(|before| !has_begun_after(before, end.started_at));
        let times = before
            .as_ref()
            .map_or(1, |before| if is_same { before.times } else { before.times.saturating_add(1) });
        let until = next_try(window.as_deref(), resets_at, times, id, (end.started_at, now));
        // The window that resets last is waited for.
        let further = before
            .as_ref()
            .filter(|before| is_same && before.until.is_some_and(|before| before > until))
            .map(|before| (before.until, before.window.clone()));
        let (until, window) = further.unwrap_or((Some(until), window));
        let since = before.map_or(now, |before| before.since);
        let (reason, by) = (PauseReason::Limited, end.by.clone());
        self.pause = Some(Pause { reason, since, until, window, times, by, is_mended: false });
        self.probe = None;
    }

    fn resume_work(&mut self) {
        self.pause = None;
        self.probe = None;
    }

    /// Takes in that a run, begun then to see whether the pause is over, has gone on for so long that it is.
    pub(super) fn pass(&mut self, began: Timestamp) {
        if self.pause.as_ref().is_some_and(|pause| has_begun_after(pause, began)) {
            self.resume_work();
        }
    }

    /// The run among those which started at these times that tries whether the pause is over: its start, and the time from which on it has shown that.
    pub(super) fn probe_passes(
        &self,
        policy: &Policy,
        starts: &[Timestamp],
    ) -> Option<(Timestamp, Timestamp)> {
        let pause = self.pause.as_ref()?;
        resumes_at(pause, policy)?;
        let first = starts.iter().filter(|start| has_begun_after(pause, **start)).min()?;
        Some((*first, first.after_ms(PROBE_MS)))
    }

    /// Lifts whatever holds it back. What is used up of its windows is forgotten until an agent reports it again. Where a login or the credit was to be
    /// mended, one task tries whether it is before all do.
    pub(super) fn resume(&mut self, now: Timestamp) {
        self.windows.clear();
        self.probe = None;
        match &mut self.pause {
            Some(pause) if pause.reason != PauseReason::Limited => {
                (pause.until, pause.is_mended) = (Some(now), true);
            }
            pause => *pause = None,
        }
    }

    /// True if a person may lift what holds it back.
    pub(super) fn is_held_back(&self, policy: &Policy, now: Timestamp) -> bool {
        match &self.pause {
            Some(pause) => !pause.is_mended,
            None => self.reserved(policy, now).is_some(),
        }
    }

    /// Takes the one probe of a pause, unless another daemon has it.
    pub(super) fn claim_probe(&mut self, name: &str, now: Timestamp) {
        let is_anothers = self.probe_under_way(now).is_some_and(|(by, _)| by != name);
        if self.pause.is_some() && !is_anothers {
            self.probe = Some((name.to_owned(), now));
        }
    }

    /// The daemon that has the probe, and the time until which that one is waited for.
    fn probe_under_way(&self, now: Timestamp) -> Option<(&str, Timestamp)> {
        let (by, at) = self.probe.as_ref()?;
        let until = at.after_ms(PROBE_MS);
        // One from the future was begun by another clock.
        (until > now && *at <= now).then_some((by, until))
    }

    /// The decision on a task, with the times at which its running tasks were started and the name of this daemon.
    pub(super) fn look(&self, policy: &Policy, starts: &[Timestamp], name: &str, now: Timestamp) -> Look {
        match &self.pause {
            Some(pause) => self.look_at_pause(pause, policy, starts, name, now),
            None => self
                .reserved(policy, now)
                .map_or(Look::Open, |(_, until)| Look::Closed { until: Some(until) }),
        }
    }

    fn look_at_pause(
        &self,
        pause: &Pause,
        policy: &Policy,
        starts: &[Timestamp],
        name: &str,
        now: Timestamp,
    ) -> Look {
        let Some(resumes_at) = resumes_at(pause, policy) else { return Look::Closed { until: None } };
        // A clock that was set back is no reason to wait for longer than was to be waited.
        let is_set_back = now.as_millis().saturating_add(PROBE_MS as i64) < pause.since.as_millis();
        if now < resumes_at && !is_set_back {
            return Look::Closed { until: Some(resumes_at) };
        }
        let probes = starts.iter().filter(|start| is_set_back || has_begun_after(pause, **start));
        match probes.min() {
            // It goes on: whatever it meets now, it is not this limit.
            Some(first) if first.after_ms(PROBE_MS) <= now => Look::Open,
            Some(first) => Look::Closed { until: Some(first.after_ms(PROBE_MS)) },
            None => match self.probe_under_way(now) {
                Some((by, _)) if by == name => Look::Probe,
                Some((_, until)) => Look::Closed { until: Some(until) },
                None => Look::Unclaimed,
            },
        }
    }

    /// The window whose share that is left to people keeps tasks from starting, if it does, and the time until which it does.
    pub fn reserved(&self, policy: &Policy, now: Timestamp) -> Option<(String, Timestamp)> {
        let used_up = self.windows.iter().filter_map(|(name, window)| {
            let share = f64::from(policy.reserve.get(name).copied()?);
            let until = window.counts_until(name);
            (window.utilization * 100.0 > 100.0 - share && until > now).then_some((until, name))
        });
        let (until, name) = used_up.max()?;
        let until = policy.hours.map_or(until, |hours| hours.first_within(until, &policy.zone));
        Some((name.clone(), until))
    }
}

/// Time at which someone may try again, by the rules; none if a person is to say so.
pub fn resumes_at(pause: &Pause, policy: &Policy) -> Option<Timestamp> {
    if pause.is_mended {
        return pause.until;
    }
    let until = pause.until.filter(|_| !policy.asks)?;
    Some(policy.hours.map_or(until, |hours| hours.first_within(until, &policy.zone)))
}

/// True if a run that was started then was started to see whether the pause is over.
fn has_begun_after(pause: &Pause, start: Timestamp) -> bool {
    pause.until.is_some_and(|until| start >= until)
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
