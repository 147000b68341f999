//! Bounds that hold wherever a value comes from.

use std::time::Duration;

use aiwg_protocol::limits::LONGEST_TASK_MINUTES;

/// The numbers below which one is believed that stands elsewhere than in the database: in a name or a readable copy, which anyone can write.
/// Numbering counts on from there, so that it must leave enough.
pub const HIGHEST_BELIEVED: u64 = 1_000_000_000_000;

/// True if a task may have this time limit, in minutes. The store and the timers cannot represent much longer ones.
pub fn is_task_time(minutes: f64) -> bool {
    minutes > 0.0 && minutes <= LONGEST_TASK_MINUTES
}

/// Minutes, as people give them, in milliseconds: at most those of [`LONGEST_TASK_MINUTES`].
pub fn minutes_to_ms(minutes: f64) -> u64 {
    let seconds = minutes.clamp(0.0, LONGEST_TASK_MINUTES) * 60.0;
    u64::try_from(Duration::try_from_secs_f64(seconds).unwrap_or_default().as_millis()).unwrap_or_default()
}
