//! The next run of a task: what its agent is asked, and in which session.

use aiwg_model::{EndReason, Hold, Outcome, RunRow, TaskRow};
use aiwg_protocol::types::Timestamp;

use super::transaction::Transaction;

/// The prompt for an agent that goes on in a session which was interrupted through no fault of its own.
const GO_ON: &str = "Go on where you stopped: you were interrupted by a limit, and not by an error of yours.";

/// The pause after an agent met an overloaded service, in milliseconds; twice as long after each further one in a row.
const OVERLOAD_PAUSE_MS: i64 = 30_000;

/// The longest of these pauses, in milliseconds.
const LONGEST_PAUSE_MS: i64 = 15 * 60_000;

/// The prompt and the session of a task's next run.
pub(super) struct NextRun {
    /// The agent's prompt.
    pub(super) prompt: String,
    /// The session in which it goes on; none for a new one.
    pub(super) resume: Option<String>,
}

impl Transaction<'_> {
    /// The next run of a task that is to start, by the runs that it has had.
    pub(super) fn next_run(&self, task: &TaskRow) -> aiwg_store::Result<NextRun> {
        // The first one, of most tasks: there is nothing to read.
        let runs = if task.launch > 1 { self.store.runs(task.no)? } else { Vec::new() };
        match paused_session(&runs) {
            Some(session) => Ok(NextRun { prompt: GO_ON.to_owned(), resume: Some(session.to_owned()) }),
            None => Ok(NextRun { prompt: self.asked(task)?, resume: None }),
        }
    }
}

impl Transaction<'_> {
    /// The holds with which a task goes back into the queue after this run; none if it has ended with it.
    pub(super) fn pause_after(
        &self,
        task: &TaskRow,
        outcome: &Outcome,
    ) -> aiwg_store::Result<Option<Vec<Hold>>> {
        if outcome.reason != EndReason::OVERLOADED || task.ending.is_some() {
            return Ok(None);
        }
        let earlier = if task.launch > 1 { self.store.runs(task.no)? } else { Vec::new() };
        let until = self.now.as_millis().saturating_add(overload_pause_ms(&earlier));
        Ok(Some(vec![Hold::pause(Timestamp::from_millis(until))]))
    }
}

/// The pause after an overload, given the runs before it.
fn overload_pause_ms(runs: &[RunRow]) -> i64 {
    let ended = runs.iter().rev().filter_map(|run| run.reason.as_ref());
    let in_a_row = ended.take_while(|reason| **reason == EndReason::OVERLOADED).count();
    let doubled = u32::try_from(in_a_row)
        .ok()
        .and_then(|times| OVERLOAD_PAUSE_MS.checked_mul(1_i64.checked_shl(times)?));
    doubled.map_or(LONGEST_PAUSE_MS, |pause| pause.min(LONGEST_PAUSE_MS))
}

/// The session that was interrupted and is to be resumed: that of the last run which got as far as to have one, if it ended for a reason
/// that is a pause.
fn paused_session(runs: &[RunRow]) -> Option<&str> {
    let last = runs
        .iter()
        .rev()
        .find(|run| run.ended_at.is_some() && run.reason.as_ref() != Some(&EndReason::NOT_STARTED))?;
    let is_pause = last.reason.as_ref().is_some_and(EndReason::is_pause);
    last.usage.as_ref().filter(|_| is_pause)?.session_id.as_deref()
}

#[cfg(test)]
mod tests {
    use aiwg_model::{RunId, TaskNo};
    use aiwg_protocol::types::TaskUsage;

    use super::*;

    fn run(n: u32, reason: EndReason, session: Option<&str>) -> RunRow {
        let usage = TaskUsage { session_id: session.map(str::to_owned), ..TaskUsage::default() };
        RunRow {
            id: RunId { task: TaskNo(1), n },
            kind: RunRow::AGENT.into(),
            started_at: Timestamp::default(),
            ended_at: Some(Timestamp::default()),
            reason: Some(reason),
            exit_code: None,
            signal: None,
            usage: Some(usage),
            dir: None,
            reserved_usd: None,
            detail: None,
        }
    }

    #[test]
    fn overloads_in_a_row_pause_for_longer() {
        let overloads =
            |count: u32| (1..=count).map(|n| run(n, EndReason::OVERLOADED, None)).collect::<Vec<_>>();
        assert_eq!([0, 1, 2].map(|count| overload_pause_ms(&overloads(count))), [30_000, 60_000, 120_000]);
        assert_eq!([9, 70].map(|count| overload_pause_ms(&overloads(count))), [LONGEST_PAUSE_MS; 2]);
        let over = [overloads(3), vec![run(4, EndReason::DONE, None)]].concat();
        assert_eq!(overload_pause_ms(&over), OVERLOAD_PAUSE_MS);
    }

    #[test]
    fn a_session_goes_on_after_a_pause_only() {
        assert_eq!(paused_session(&[]), None);
        let limited = || run(1, EndReason::LIMITED, Some("s"));
        assert_eq!(paused_session(&[limited()]), Some("s"));
        assert_eq!(paused_session(&[limited(), run(2, EndReason::NOT_STARTED, None)]), Some("s"));
        assert_eq!(paused_session(&[limited(), run(2, EndReason::LOST, Some("s"))]), None);
        assert_eq!(paused_session(&[run(1, EndReason::LIMITED, None)]), None);
        assert_eq!(paused_session(&[run(1, EndReason::FAILED, Some("s"))]), None);
    }
}
