//! Plans the firings of many jobs. It asks no clock: the caller gives the time.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::schedule::Schedule;

/// Lateness up to which a job counts as on time, unless [`Planner::with_grace`] sets another: five minutes, as in Debian's cron.
pub const DEFAULT_GRACE: SignedDuration = SignedDuration::from_mins(5);

/// A clock that is set by more than this was wrong before, says cron(8). Up to this, no job for fixed times of the day runs twice, and
/// none is left out; all others go by what the clock shows.
const CORRECTION: SignedDuration = SignedDuration::from_hours(3);

/// A clock that is set back by less than this was hardly set: it is put right all the time, and nothing is to fire twice for it.
const ADJUSTMENT: SignedDuration = SignedDuration::from_mins(1);

/// Something that is done at certain times.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name, unique among the jobs.
    pub name: String,
    /// The times at which it is due.
    pub schedule: Schedule,
    /// True if it runs once, as soon as it can, after it was missed.
    pub catch_up: bool,
    /// The time for which it last fired, [`Firing::at`]; for one that never has, since when it is known, so that what it
    /// misses from then on can be caught up. None stands for now.
    pub last: Option<Timestamp>,
}

/// A job that is to run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// Its name.
    pub job: String,
    /// The time that it was scheduled for. Keep it: it is the [`Job::last`] of the next planner.
    pub at: Timestamp,
    /// Time since then.
    pub late: SignedDuration,
    /// True if it is later than the grace, and runs only because the job catches up.
    pub caught_up: bool,
}

/// A job that was due, but too long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its name.
    pub job: String,
    /// The last time that it was scheduled for.
    pub at: Timestamp,
    /// Time since then.
    pub late: SignedDuration,
}

/// Jobs that are due at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Jobs to run now, in the order of [`Firing::at`].
    pub firings: Vec<Firing>,
    /// Jobs that were missed. Each is reported once.
    pub missed: Vec<Missed>,
}

/// Knows when to wake up, and what is due then.
///
/// - **No drift.** Each wake is computed from the time for which a job was scheduled, not from when it ran.
/// - **No double fire.** A job fires at most once for each of its times: only for times that are later than the last one.
/// - **Lateness.** A job that is looked at up to the grace late fires. Later than that it is missed, and fires only if it catches up:
///   a machine was suspended or a daemon was down. In both cases it fires once, for the last of its times, however many there were.
/// - **A clock set forward** is like a suspend: nothing here could distinguish the two. A job for fixed times of the day, one without
///   `*` in front in the field of the minute or of the hour, is not missed for it if it is up to three hours late; the time must have
///   come since the planner was made, as Debian's cron makes up for nothing from before its own start.
/// - **A clock set back** by up to three hours holds each job for fixed times back until its next new time has come; the others
///   go by the new time at once. By more than that, the clock was wrong before, and nothing should have to wait for a year that it
///   dreamt of: the new time counts for all. Times that come again fire again then.
#[derive(Debug)]
pub struct Planner {
    zone: TimeZone,
    grace: SignedDuration,
    /// Since when it looks: what came before that was missed by a daemon that was down.
    begun: Timestamp,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    job: Job,
    /// Times up to this one have fired or were missed.
    settled: Timestamp,
    next: Option<Timestamp>,
}

impl Planner {
    /// A planner for these jobs, whose times are those of clocks in a zone.
    pub fn new(jobs: Vec<Job>, zone: TimeZone, now: Timestamp) -> Self {
        let entry = |job: Job| {
            let mut entry = Entry { settled: job.last.unwrap_or(now), job, next: None };
            entry.correct(now);
            entry.plan(&zone);
            entry
        };
        Self { entries: jobs.into_iter().map(entry).collect(), zone, grace: DEFAULT_GRACE, begun: now }
    }

    /// The same with another grace: how late a job still counts as on time.
    #[must_use]
    pub fn with_grace(self, grace: SignedDuration) -> Self {
        Self { grace, ..self }
    }

    /// The next time at which [`Self::fire`] has something to do. It may be in the past: then it has now. None if never.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.entries.iter().filter_map(|entry| entry.next).min()
    }

    /// The next time at which a job is due. None if never, or if there is no such job.
    pub fn next_of(&self, job: &str) -> Option<Timestamp> {
        self.entries.iter().find(|entry| entry.job.name == job)?.next
    }

    /// The jobs that are due now. Call it at [`Self::next_wake`] and whenever the clock may have been set; any other time does no harm.
    pub fn fire(&mut self, now: Timestamp) -> Due {
        let mut due = Due::default();
        // What comes after a clock was set back comes after the start as well.
        self.begun = self.begun.min(now);
        for entry in &mut self.entries {
            if entry.correct(now) {
                entry.plan(&self.zone);
            }
            if entry.next.is_some_and(|next| next <= now) {
                entry.fire(now, &self.zone, (self.grace, self.begun), &mut due);
            }
        }
        due.firings.sort_by_key(|firing| firing.at);
        due
    }
}

impl Entry {
    /// Forgets times that are yet to come by a clock that was set back. Returns true if there were any.
    fn correct(&mut self, now: Timestamp) -> bool {
        let allowed = if self.job.schedule.is_wildcard() { ADJUSTMENT } else { CORRECTION };
        let is_wrong = self.settled.duration_since(now) > allowed;
        if is_wrong {
            self.settled = now;
        }
        is_wrong
    }

    fn plan(&mut self, zone: &TimeZone) {
        self.next = self.job.schedule.next_after(self.settled, zone);
    }

    fn fire(
        &mut self,
        now: Timestamp,
        zone: &TimeZone,
        (grace, begun): (SignedDuration, Timestamp),
        due: &mut Due,
    ) {
        if let Some(at) = self.job.schedule.last_between(self.settled, now, zone) {
            self.settled = at;
            let (job, late) = (self.job.name.clone(), now.duration_since(at));
            let is_made_up_for = !self.job.schedule.is_wildcard() && at >= begun;
            let is_late = late > if is_made_up_for { grace.max(CORRECTION) } else { grace };
            if is_late && !self.job.catch_up {
                due.missed.push(Missed { job, at, late });
            } else {
                due.firings.push(Firing { job, at, late, caught_up: is_late });
            }
        }
        self.plan(zone);
    }
}
