//! Whether a task is carried out again after a run that has not done it, and the pause before that.

use std::hash::{DefaultHasher, Hash, Hasher};

use aiwg_model::{EndReason, Hold, Outcome, RunRow, TaskRow};
use aiwg_protocol::types::{RetryOn, RetryPolicy, TaskState};

use super::transaction::Transaction;

/// The pause after an agent met an overloaded service, in milliseconds; twice as long after each further one in a row.
const OVERLOAD_PAUSE_MS: u64 = 30_000;

/// The pause after an agent crashed again and again before it had taken in a message, in milliseconds; twice as long after each further time.
const CRASH_PAUSE_MS: u64 = 10_000;

/// The longest of these pauses, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 15 * 60_000;

/// The longest pause between two retries that doubling makes, in milliseconds.
const LONGEST_RETRY_PAUSE_MS: u64 = 3_600_000;

/// The return of a task to the queue after a run.
pub(super) struct Again {
    /// The holds that keep it there.
    pub(super) holds: Vec<Hold>,
    /// True if the run counts as an attempt.
    pub(super) is_attempt: bool,
}

impl Transaction<'_> {
    /// The return of a task to the queue after this run; none if it has ended with it.
    pub(super) fn again_after(&self, task: &TaskRow, outcome: &Outcome) -> aiwg_store::Result<Option<Again>> {
        let retries = task.spec.terms.retry.as_ref().filter(|policy| is_retried(policy, outcome));
        let is_overload = outcome.reason == EndReason::OVERLOADED && task.ending.is_none();
        if outcome.reason == EndReason::LIMITED && task.ending.is_none() {
            return Ok(Some(Again { holds: self.hold_of_limited(task, outcome), is_attempt: false }));
        }
        if outcome.reason == EndReason::DEFERRED && task.ending.is_none() {
            let holds = self.holds_of_deferred(task)?;
            return Ok(holds.map(|holds| Again { holds, is_attempt: false }));
        }
        if retries.is_none() && !is_overload {
            return Ok(None);
        }
        let earlier: Vec<RunRow> = if task.launch > 1 { self.store.runs(task.no)? } else { Vec::new() };
        let earlier = earlier.get(..earlier.len().saturating_sub(1)).unwrap_or_default();
        if is_overload {
            // Later by up to a fifth, so that tasks which met it together do not meet it together again.
            let pause_ms = overload_pause_ms(earlier);
            let until = self.in_ms(pause_ms + (pause_ms as f64 / 5.0 * jitter(task).abs()) as u64);
            return Ok(Some(Again { holds: vec![Hold::pause(until)], is_attempt: false }));
        }
        let Some(policy) = retries else { return Ok(None) };
        let failed = earlier.iter().filter(|run| run.reason.as_ref().is_some_and(is_failure)).count();
        if failed >= usize::try_from(policy.max).unwrap_or(usize::MAX) {
            return Ok(None);
        }
        let until = self.in_ms(retry_pause_ms(policy, failed, jitter(task)));
        Ok(Some(Again { holds: vec![Hold::pause(until)], is_attempt: true }))
    }
}

/// True if a run ended for a reason after which a policy may carry out its task again.
fn is_failure(why: &EndReason) -> bool {
    [Some(RetryOn::Exit), Some(RetryOn::Timeout), Some(RetryOn::Refused)].contains(&kind_of(why))
}

/// The end of a run, as a policy names it.
fn kind_of(why: &EndReason) -> Option<RetryOn> {
    match why.name() {
        "failed" | "crashed" => Some(RetryOn::Exit),
        "timeout" | "stalled" => Some(RetryOn::Timeout),
        "refused" => Some(RetryOn::Refused),
        _ => None,
    }
}

/// True if a policy carries out a task again that ended like this.
fn is_retried(policy: &RetryPolicy, outcome: &Outcome) -> bool {
    matches!(outcome.state, TaskState::Failed | TaskState::Timeout)
        && kind_of(&outcome.reason).is_some_and(|kind| policy.on.contains(&kind))
}

/// The pause before a task is carried out again that has failed so often before, in milliseconds: a fifth more or less, by `jitter` of -1 to 1.
fn retry_pause_ms(policy: &RetryPolicy, failed: usize, jitter: f64) -> u64 {
    let doubled =
        doubled(policy.delay.as_millis(), failed, LONGEST_RETRY_PAUSE_MS.max(policy.delay.as_millis()));
    (doubled as f64 * (1.0 + jitter / 5.0)) as u64
}

/// A number from -1 to 1 that differs from run to run, so that tasks which have failed together are not tried again together.
pub(super) fn jitter(task: &TaskRow) -> f64 {
    let mut hasher = DefaultHasher::new();
    (task.no, task.launch).hash(&mut hasher);
    (hasher.finish() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// So long, twice as long for each time before, and at the most so long.
fn doubled(first_ms: u64, times: usize, most_ms: u64) -> u64 {
    let factor = u32::try_from(times).ok().and_then(|times| 1_u64.checked_shl(times));
    factor.and_then(|factor| first_ms.checked_mul(factor)).map_or(most_ms, |pause| pause.min(most_ms))
}

/// The pause before the next run for a message that the agent crashes over, after the crash of this number that it waits for, in milliseconds.
pub(super) fn crash_pause_ms(crash: usize) -> u64 {
    doubled(CRASH_PAUSE_MS, crash.saturating_sub(1), LONGEST_PAUSE_MS)
}

/// The pause after an overload, given the runs before it, in milliseconds.
fn overload_pause_ms(runs: &[RunRow]) -> u64 {
    let ended = runs.iter().rev().filter_map(|run| run.reason.as_ref());
    let in_a_row = ended.take_while(|reason| **reason == EndReason::OVERLOADED).count();
    doubled(OVERLOAD_PAUSE_MS, in_a_row, LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use aiwg_protocol::types::Span;

    use super::{super::next_run::tests::run, *};

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
    fn retries_pause_for_longer_each_time() {
        let delay = Span::from_millis(1000);
        let policy = RetryPolicy { max: 3, on: vec![RetryOn::Exit], delay };
        let pauses = [(0, 0.0), (1, 0.0), (2, 1.0), (2, -1.0), (40, 0.0)];
        let pauses = pauses.map(|(failed, jitter)| retry_pause_ms(&policy, failed, jitter));
        assert_eq!(pauses, [1000, 2000, 4800, 3200, LONGEST_RETRY_PAUSE_MS]);
        let day = RetryPolicy { delay: Span::from_millis(86_400_000), ..policy };
        assert_eq!(retry_pause_ms(&day, 5, 0.0), 86_400_000, "what someone wants is not cut");
    }

    #[test]
    fn only_what_the_policy_names_is_retried() {
        let policy = |on: &[RetryOn]| RetryPolicy { max: 1, on: on.to_vec(), delay: Span::from_millis(0) };
        let ended = |state, reason| Outcome { reason, ..Outcome::without_exit(state, "") };
        let failed = ended(TaskState::Failed, EndReason::FAILED);
        let timeout = Outcome::without_exit(TaskState::Timeout, "");
        assert!(is_retried(&policy(&[RetryOn::Exit]), &failed));
        assert!(!is_retried(&policy(&[RetryOn::Timeout]), &failed));
        assert!(is_retried(&policy(&[RetryOn::Exit, RetryOn::Timeout]), &timeout));
        assert!(!is_retried(&policy(&[RetryOn::Exit]), &ended(TaskState::Completed, EndReason::DONE)));
        assert!(!is_retried(&policy(&[RetryOn::Exit]), &Outcome::without_exit(TaskState::Cancelled, "")));
        let auth = ended(TaskState::Failed, EndReason::named("auth".to_owned()));
        assert!(!is_retried(&policy(&[RetryOn::Exit]), &auth), "no retry mends a login");
    }
}
