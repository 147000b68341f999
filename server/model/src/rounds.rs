//! The rounds of a task with a check, as its runs make them.

use std::collections::BTreeMap;

use aiwg_protocol::types::{CheckResult, Json, Round, added_usd};
use serde::{Deserialize, Serialize};

use crate::{end_reason::EndReason, run::RunRow};

/// The facts that the run of a task with a check leaves besides its exit and usage: a part of [`RunRow::detail`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RoundDetail {
    /// Of an agent's run: number of files that changed meanwhile; none if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Of an agent's run, and of a check that has succeeded: the first of the protected files that were not as before the first round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<String>,
    /// Those of them that are compared with how a person who had the task has left them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub given_back: Vec<String>,
    /// Of an agent's run, and of a check that has succeeded: the reason for which it is not known whether the protected files are as before the first
    /// round, for the agent and for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
    /// True if that is no more than time: another look may come to its end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_slow: bool,
    /// Of an agent's run: what is to be known of its cost, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_note: Option<String>,
    /// Of an agent's run that was in several sessions: the part of its cost that those have which it was not in at its end, by their ids, in US dollars.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other_sessions: BTreeMap<String, f64>,
    /// Of a check before the first round: the files that it has written, protected ones otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// Of an agent's run: time for which it waited for a person, in milliseconds, which does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<u64>,
    /// Of a check: the end of its output, without control characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
    /// Of a check that was ended: the reason, for the agent and for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

impl RoundDetail {
    /// The detail of a run; empty where there is none.
    pub fn of(run: &RunRow) -> Self {
        run.detail.as_ref().and_then(Self::read).unwrap_or_default()
    }

    /// Reads it as it is kept; none if it is something else.
    pub fn read(detail: &Json) -> Option<Self> {
        serde_json::from_str(detail.as_str()).ok()
    }

    /// As it is kept with the run.
    pub fn to_json(&self) -> Option<Json> {
        Json::new(self).ok()
    }
}

/// One round, by the runs that it consists of.
#[derive(Debug, Clone, Copy)]
pub struct PastRound<'a> {
    /// The agent's run, which has come to an end of its own.
    pub work: &'a RunRow,
    /// The run of the check; none before its end.
    pub check: Option<&'a RunRow>,
    /// True if an earlier run of the round's agent was lost or ended: what that has changed is not known.
    pub is_resumed: bool,
    /// What its agent has used in all its runs.
    pub used: RoundUse,
}

/// What the agent of a round has used, as far as it has told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RoundUse {
    /// Cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// Number of turns.
    pub turns: Option<u64>,
}

impl RoundUse {
    /// The same with what one more run has used.
    fn with(self, run: &RunRow) -> Self {
        let Some(usage) = &run.usage else { return self };
        let Some(turns) = self.turns else {
            return Self { cost_usd: usage.cost_usd, turns: Some(usage.turns) };
        };
        Self {
            cost_usd: added_usd(self.cost_usd, usage.cost_usd),
            turns: Some(turns.saturating_add(usage.turns)),
        }
    }
}

/// The rounds of a task with a check.
#[derive(Debug, Clone, Default)]
pub struct Rounds<'a> {
    /// The check before the first round, which has run.
    pub before: Option<&'a RunRow>,
    /// The rounds whose agent has come to an end of its own.
    pub rounds: Vec<PastRound<'a>>,
    /// The session of the agent that has worked last, as far as one is known.
    pub session: Option<&'a str>,
}

impl<'a> Rounds<'a> {
    /// The rounds that these runs of a task make. Runs that are under way, were lost or were ended make none: they are done again.
    pub fn of(runs: &'a [RunRow]) -> Self {
        let (mut all, mut is_resumed) = (Self::default(), false);
        // Of the runs since the last check.
        let mut used = RoundUse::default();
        for run in runs.iter().filter(|run| run.ended_at.is_some()) {
            let is_check = run.kind == RunRow::CHECK;
            let session = run.usage.as_ref().and_then(|usage| usage.session_id.as_deref());
            all.session = session.or(all.session);
            if !is_check {
                used = used.with(run);
            }
            match (is_check, all.rounds.last_mut()) {
                (true, _) if !is_checked(run) => {}
                (true, None) => all.before = Some(run),
                (true, Some(round)) => {
                    round.check = Some(run);
                    used = RoundUse::default();
                }
                (false, last) if !is_worked(run) => {
                    is_resumed |= is_begun(run);
                    if let Some(last) = last.filter(|last| last.check.is_none()) {
                        last.used = used;
                    }
                }
                (false, last) => {
                    let is_resumed = std::mem::take(&mut is_resumed);
                    let round = PastRound { work: run, check: None, is_resumed, used };
                    match last.filter(|last| last.check.is_none()) {
                        // The check of that one never ran: both are one.
                        Some(last) => *last = PastRound { is_resumed: true, ..round },
                        None => all.rounds.push(round),
                    }
                }
            }
        }
        all
    }

    /// As they go over the wire, with or without the output of the checks.
    pub fn to_wire(&self, with_tails: bool) -> Vec<Round> {
        (1..).zip(&self.rounds).map(|(n, round)| round.to_wire(n, with_tails)).collect()
    }
}

impl PastRound<'_> {
    /// The first of the protected files that were not as before the first round: when its agent had ended, or when its check had.
    pub fn protected(&self) -> Vec<String> {
        self.names(|detail| detail.protected)
    }

    /// Those of them that are compared with how a person who had the task has left them.
    pub fn given_back(&self) -> Vec<String> {
        self.names(|detail| detail.given_back)
    }

    fn names(&self, of: fn(RoundDetail) -> Vec<String>) -> Vec<String> {
        let mut all = of(RoundDetail::of(self.work));
        all.extend(self.check.map(|check| of(RoundDetail::of(check))).unwrap_or_default());
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The reason for which it is not known whether the protected files were as before the first round when its check had succeeded.
    pub fn unseen(&self) -> Option<String> {
        RoundDetail::of(self.check?).unseen
    }

    /// As it goes over the wire.
    pub fn to_wire(&self, n: u32, with_tails: bool) -> Round {
        let detail = RoundDetail::of(self.work);
        let last = self.check.unwrap_or(self.work);
        Round {
            n,
            run: self.work.id.n,
            exit: self.work.exit_code,
            verify: self.check.map(|check| check_result(check, with_tails)),
            cost_usd: self.used.cost_usd,
            turns: self.used.turns,
            // Of the run that was interrupted it is not known, and the look at the one that went on says nothing of it.
            files: detail.files.filter(|_| !self.is_resumed),
            protected: self.protected(),
            at: last.ended_at.unwrap_or(last.started_at),
        }
    }
}

/// The result of a check that has run.
pub fn check_result(check: &RunRow, with_tail: bool) -> CheckResult {
    let RoundDetail { tail, ended, .. } = RoundDetail::of(check);
    CheckResult { exit: check.exit_code, ended, tail: tail.filter(|_| with_tail) }
}

/// True if an agent with this end reason has come to an end of its own, be it a good one: the check says what it is worth.
pub fn is_end_of_work(reason: &EndReason) -> bool {
    ["done", "refused", "failed", "crashed"].contains(&reason.name())
}

fn is_worked(run: &RunRow) -> bool {
    run.reason.as_ref().is_some_and(is_end_of_work)
}

fn is_begun(run: &RunRow) -> bool {
    run.reason.as_ref() != Some(&EndReason::NOT_STARTED)
}

/// True if a check has given its answer.
fn is_checked(run: &RunRow) -> bool {
    run.reason.as_ref().is_some_and(is_answer)
}

/// True if a check with this end reason has given an answer, be it that it cannot be run.
pub fn is_answer(reason: &EndReason) -> bool {
    [EndReason::DONE, EndReason::CHECK_FAILED, EndReason::CHECK_FAILED_TO_RUN].contains(reason)
}
