//! What the engine counts. It notes plain values while it works, and adds them to its sums once for each transaction, after the commit: nobody who
//! reads the sums is in its way, and a transaction that fails counts for nothing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aiwg_store::{OTHER, own_name};

use super::Histogram;

/// Maximum number of series of one family: what else comes counts as [`OTHER`].
const MOST_SERIES: usize = 100;

/// The states in which a task ends.
const FINAL_STATES: [&str; 4] = ["completed", "failed", "timeout", "cancelled"];

/// Something that has happened within a transaction.
#[derive(Debug)]
pub(crate) enum Note {
    /// A rule has made a task.
    Fired {
        /// The rule.
        rule: String,
    },
    /// A rule has refused a match.
    Refused {
        /// The rule.
        rule: String,
        /// The reason in a word.
        why: &'static str,
    },
    /// A task has started for the first time.
    Started {
        /// Time since it was submitted, in milliseconds.
        waited_ms: i64,
    },
    /// A run is over.
    RunEnded {
        /// True if it was one of a check.
        is_check: bool,
        /// The end reason.
        why: String,
        /// Time that it has taken, in milliseconds; none if its start is not known.
        took_ms: Option<i64>,
    },
    /// A task of a rule has ended.
    TaskEnded {
        /// The rule.
        rule: String,
        /// The final state.
        state: &'static str,
    },
    /// A message to a platform was sent, or never will be.
    Message {
        /// The platform.
        platform: String,
        /// True if it was sent.
        is_sent: bool,
    },
}

/// Numbers by labels: of so many combinations of labels at most. The label at `OPEN` has names of the user's own; the others have few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series<const N: usize, const OPEN: usize = 0>(BTreeMap<[String; N], u64>);

impl<const N: usize, const OPEN: usize> Default for Series<N, OPEN> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<const N: usize, const OPEN: usize> Series<N, OPEN> {
    /// Adds so many to those with these labels.
    pub(crate) fn add(&mut self, labels: [&str; N], count: u64) {
        let mut key = labels.map(str::to_owned);
        if let (Some(name), Some(label)) = (labels.get(OPEN), key.get_mut(OPEN)) {
            *label = own_name(name).into_owned();
        }
        if let Some(sum) = self.0.get_mut(&key) {
            *sum += count;
            return;
        }
        if self.0.len() >= MOST_SERIES
            && let Some(label) = key.get_mut(OPEN)
        {
            // What it is about besides is still told.
            OTHER.clone_into(label);
        }
        *self.0.entry(key).or_default() += count;
    }

    /// All of them, in the order of their labels.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([&str; N], u64)> {
        self.0.iter().map(|(labels, count)| (labels.each_ref().map(String::as_str), *count))
    }
}

/// The sums since the daemon's start.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    /// Events by the first part of their topics.
    pub(crate) events: Series<1>,
    /// Firings by rule.
    pub(crate) firings: Series<1>,
    /// Refused matches by rule and reason.
    pub(crate) refusals: Series<2>,
    /// Ends of rules' tasks by rule and state.
    pub(crate) task_ends: Series<2>,
    /// Ends of runs by kind and reason.
    pub(crate) run_ends: Series<2, 1>,
    /// Messages that were sent, by platform.
    pub(crate) messages_sent: Series<1>,
    /// Messages that never will be, by platform.
    pub(crate) messages_failed: Series<1>,
    /// Times from submission to the first start.
    pub(crate) queue_waits: Histogram,
    /// Times that runs of agents took.
    pub(crate) runs: Histogram,
    /// Times that checks took.
    pub(crate) checks: Histogram,
    /// Times that commits took which wrote something.
    pub(crate) commits: Histogram,
    /// Number of commands that were committed.
    pub(crate) commands: u64,
    /// Number of starts of the project's daemons, this one included.
    pub(crate) starts: u64,
}

impl Counts {
    /// Gives those that are known a number before anything has happened: of a series that begins with its first failure, Prometheus sees no
    /// increase.
    pub(crate) fn know<'a>(
        &mut self,
        rules: impl Iterator<Item = &'a str>,
        platforms: impl Iterator<Item = &'a str>,
    ) {
        for rule in rules.take(MOST_SERIES / FINAL_STATES.len()) {
            FINAL_STATES.iter().for_each(|state| self.task_ends.add([rule, state], 0));
        }
        for platform in platforms {
            self.messages_sent.add([platform], 0);
            self.messages_failed.add([platform], 0);
        }
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            events: Series::default(),
            firings: Series::default(),
            refusals: Series::default(),
            task_ends: Series::default(),
            run_ends: Series::default(),
            messages_sent: Series::default(),
            messages_failed: Series::default(),
            queue_waits: Histogram::of_work(),
            runs: Histogram::of_work(),
            checks: Histogram::of_work(),
            commits: Histogram::of_moments(),
            commands: 0,
            starts: 0,
        }
    }
}

impl Counts {
    fn note(&mut self, note: &Note) {
        match note {
            Note::Fired { rule } => self.firings.add([rule], 1),
            Note::Refused { rule, why } => self.refusals.add([rule, why], 1),
            Note::Started { waited_ms } => self.queue_waits.observe(seconds(*waited_ms)),
            Note::RunEnded { is_check, why, took_ms } => {
                self.run_ends.add([if *is_check { "check" } else { "agent" }, why], 1);
                let times = if *is_check { &mut self.checks } else { &mut self.runs };
                took_ms.iter().for_each(|took_ms| times.observe(seconds(*took_ms)));
            }
            Note::TaskEnded { rule, state } => self.task_ends.add([rule, state], 1),
            Note::Message { platform, is_sent: true } => self.messages_sent.add([platform], 1),
            Note::Message { platform, is_sent: false } => self.messages_failed.add([platform], 1),
        }
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// The sums, for others to look at as well. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<Counts>>);

impl Tally {
    /// One of the daemon whose start has this number.
    pub(crate) fn of_start(starts: u64) -> Self {
        Self(Arc::new(Mutex::new(Counts { starts, ..Counts::default() })))
    }

    /// Adds what a committed transaction has brought: its events' topics, its notes, the time that the commit took if it wrote something, and the
    /// number of its commands.
    pub(crate) fn add<'a>(
        &self,
        topics: impl Iterator<Item = &'a str>,
        notes: &[Note],
        commit: Option<Duration>,
        commands: usize,
    ) {
        let mut counts = self.lock();
        // Events that come together mostly have one topic.
        let (mut last, mut count) = ("", 0);
        for topic in topics {
            let first = topic.split(':').next().unwrap_or_default();
            if first != last {
                counts.add_events(last, count);
                (last, count) = (first, 0);
            }
            count += 1;
        }
        counts.add_events(last, count);
        notes.iter().for_each(|note| counts.note(note));
        commit.iter().for_each(|took| counts.commits.observe(took.as_secs_f64()));
        counts.commands += commands as u64;
    }

    /// The sums so far.
    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add_events(&mut self, topic: &str, count: u64) {
        if count > 0 {
            self.events.add([topic], count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_count_by_the_first_part_of_their_topics_and_there_are_so_many_series() {
        let tally = Tally::default();
        tally.add(["task:queued", "task:started", "a", "task:x"].into_iter(), &[], None, 3);
        let many: Vec<String> = (0..500).map(|n| format!("n{n:03}:x")).collect();
        tally.add(many.iter().map(String::as_str), &[], None, 1);
        tally.add(["task:queued"].into_iter(), &[], Some(Duration::from_millis(3)), 1);
        let counts = tally.counts();
        let of = |topic: &str| counts.events.iter().find(|(labels, _)| labels == &[topic]).map(|(_, n)| n);
        assert_eq!((of("task"), of("a"), of("n000"), of("n499")), (Some(4), Some(1), Some(1), None));
        assert_eq!((of(OTHER), counts.events.iter().count()), (Some(402), MOST_SERIES + 1));
        assert_eq!((counts.commits.count(), counts.commands), (1, 5));
    }

    #[test]
    fn a_name_that_is_other_is_not_taken_for_all_others() {
        let mut firings = Series::<1>::default();
        firings.add(["other"], 1);
        firings.add(["other_"], 2);
        (0..MOST_SERIES + 5).for_each(|n| firings.add([&format!("r{n}")], 1));
        let of = |rule: &str| firings.iter().find(|(labels, _)| labels == &[rule]).map(|(_, n)| n);
        assert_eq!((of("other_"), of("other__"), of(OTHER)), (Some(1), Some(2), Some(7)));
    }

    #[test]
    fn what_is_beyond_the_most_still_tells_what_it_waits_for() {
        let (mut queued, mut ends) = (Series::<2>::default(), Series::<2, 1>::default());
        for n in 0..MOST_SERIES + 5 {
            queued.add([&format!("lane-{n:03}"), "slot"], 1);
            queued.add([&format!("lane-{n:03}"), "paused"], 1);
            ends.add(["agent", &format!("reason-{n:03}")], 1);
        }
        let of = |labels: [&str; 2]| queued.iter().find(|(known, _)| known == &labels).map(|(_, n)| n);
        assert_eq!((of([OTHER, "slot"]), of([OTHER, "paused"])), (Some(55), Some(55)));
        assert_eq!((queued.iter().count(), ends.iter().count()), (MOST_SERIES + 2, MOST_SERIES + 1));
        assert_eq!(ends.iter().last(), Some((["agent", "reason-099"], 1)));
    }

    #[test]
    fn notes_are_added_up() {
        let tally = Tally::default();
        let ended = |is_check, took_ms| Note::RunEnded { is_check, why: "done".to_owned(), took_ms };
        let notes = [
            Note::Fired { rule: "r".to_owned() },
            Note::Refused { rule: "r".to_owned(), why: "busy" },
            Note::Refused { rule: "r".to_owned(), why: "busy" },
            Note::Started { waited_ms: -5 },
            ended(false, Some(2000)),
            ended(true, None),
            Note::TaskEnded { rule: "r".to_owned(), state: "failed" },
            Note::Message { platform: "slack".to_owned(), is_sent: true },
        ];
        tally.add(std::iter::empty(), &notes, None, 0);
        let counts = tally.counts();
        assert_eq!(counts.refusals.iter().collect::<Vec<_>>(), [(["r", "busy"], 2)]);
        assert_eq!((counts.runs.count(), counts.runs.sum(), counts.checks.count()), (1, 2.0, 0));
        let ends: Vec<_> = counts.run_ends.iter().collect();
        assert_eq!(ends, [(["agent", "done"], 1), (["check", "done"], 1)]);
        assert_eq!((counts.queue_waits.count(), counts.queue_waits.sum()), (1, 0.0));
        assert_eq!(counts.messages_failed.iter().count(), 0);
    }
}
