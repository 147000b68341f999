//! Pauses before an agent that was lost is started again.

use std::time::Duration;

/// Pauses before a task whose agent was lost is queued again: after its first launch, after its second, and so on. What kills an agent's
/// shim is likely to do it again, and each time costs money.
const BACK_OFF: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60)];

/// The pause after this launch of a task whose agent was lost.
pub(super) fn back_off(launch: u32) -> Duration {
    let before = usize::try_from(launch.saturating_sub(1)).unwrap_or(usize::MAX);
    BACK_OFF[before.min(BACK_OFF.len() - 1)]
}
