//! Schedules as crontab(5) has them, and the alarm clock that wakes the aiwg daemon for them.
//!
//! # Theory of operation
//!
//! A [`Schedule`] is five fields, as sets of numbers. Between two changes of a zone's clocks local time runs evenly, so the next time is
//! found by counting on a calendar; the search goes from one such stretch to the next one, and what Debian's cron does about a change
//! is decided where one begins (`next.rs`). Nothing is tried minute by minute: a search takes microseconds.
//!
//! A [`Planner`] holds all jobs and says when to wake up and what is due then. It asks no clock, so every mishap of clocks is
//! tested without waiting. An [`Alarm`] does the waiting:
//!
//! ```no_run
//! # use aiwg_schedule::{Alarm, Planner};
//! # async fn run(mut planner: Planner) -> std::io::Result<()> {
//! let mut alarm = Alarm::new()?;
//! loop {
//!     alarm.until(planner.next_wake()).await?;
//!     let due = planner.fire(jiff::Timestamp::now());
//!     // Start due.firings, report due.missed.
//! # drop(due);
//! }
//! # }
//! ```
//!
//! # The rules
//!
//! They are those of crontab(5) and cron(8), in the version of Debian's cron 3.0:
//!
//! - Five fields: minute, hour, day of month, month, day of week. 0 and 7 are Sunday. Names are the first three letters in English.
//! - Lists, ranges and steps. A step needs a range or `*`: `5/15` is an error that says `5-59/15`, for cron takes it as `5`.
//! - Names may stand in lists and ranges as well. crontab(5) denies it, but Debian's cron takes them, and so do its users.
//! - If the day of month or the day of week begins with `*`, both must agree; otherwise it is enough that one does.
//! - `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`. `@reboot` is an error: it is not a time.
//! - Daylight saving: see [`Schedule::next_after`].
//! - There is one firing at a time: where clocks skip several times of a fixed job, cron runs it for each of them right after the change,
//!   a minute after the other if need be; here they are one.
//!
//! # Why not the crate `cron`, nor `croner`
//!
//! Both were run on 6,000 random schedules in all zones whose clocks are set, for a day before and a day after a change,
//! against a transcription of the main loop of Debian's cron (`tests/oracle`). `scripts/rivals` does it again:
//!
//! | | refused | other times than Debian's | an earlier time, or the same, given next |
//! |---|---|---|---|
//! | `cron` 0.17, with a field for the seconds put in front | 485 | 1,615 | 425 |
//! | `cron` 0.17, every field as a list of its own numbers, 1 for Sunday | 0 | 1,128 | 532 |
//! | of these the 5,427 where both days must agree, as it always has it | 0 | 786 | 507 |
//! | `croner` 4.0 | 2,278 | 304 | 0 |
//! | this crate | 0 | 0 | 0 |
//!
//! So translating an expression for `cron` does not help: what is left after all translation goes wrong where clocks are set. Nor
//! can it serve as the parser of the fields only: it counts Sunday as 1, refuses 0, and takes `5/15`, `?` and `monday`,
//! so each field would have to be read before it could be handed over. `croner` refuses `*` within a list, lets a day restrict
//! unless it is `*` alone, and counts a job as one for fixed times only if it has one hour and one minute, so `0 1-4 * * *` loses
//! an hour that is skipped.
//!
//! `cronsim`, written in Python to be as Debian's cron, agrees as well, but where it goes astray itself: it reads `5-5/2` as `5-59/2`, and
//! gives times that a zone does not have, or never ends, where midnight is skipped or clocks are not set by and at whole hours.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod alarm;
mod field;
mod next;
mod planner;
mod schedule;
mod stretch;
mod text;

pub use alarm::Alarm;
pub use field::{Field, ParseError};
pub use planner::{DEFAULT_GRACE, Due, Firing, Job, Missed, Planner};
pub use schedule::Schedule;
pub use text::{TextError, rfc3339, time, time_zone};
