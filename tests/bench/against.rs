//! `scripts/bench --against OLD`: every figure of this binary beside the same figure of another one, measured in turns.

use std::{path::Path, time::Duration};

use crate::{
    EMIT, PING, SUBMIT,
    daemon::BenchDaemon,
    files,
    load::{Load, Measured, Until, measure},
    messaging, rules, start, table, tasks,
};

/// A figure, and how it is taken of a binary.
struct Figure {
    what: &'static str,
    /// Number of times that it is taken of each of the two; the median counts.
    turns: usize,
    take: fn(&Path) -> f64,
}

const FIGURES: [Figure; 16] = [
    Figure { what: "wire: ping, 64 in one write, per second", turns: 7, take: pipelined_ping },
    Figure { what: "wire: ping, one at a time, median us", turns: 7, take: single_ping },
    Figure { what: "wire: event.emit, 20 rules, per second", turns: 7, take: emit },
    Figure { what: "wire: task.submit, per second", turns: 7, take: submit },
    Figure { what: "start: emit to the agent's first act, ms", turns: 3, take: start::agent },
    Figure { what: "start: daemon start to its first answer, ms", turns: 3, take: start::daemon_start },
    Figure { what: "start: daemon status, the whole process, ms", turns: 5, take: start::status },
    Figure { what: "tasks: trivial, two at once, per second", turns: 3, take: tasks::rate },
    Figure { what: "tasks: resident memory, idle, MiB", turns: 1, take: tasks::resident },
    Figure { what: "tasks: wake-ups, idle, per second", turns: 1, take: tasks::idle_wake_ups },
    Figure { what: "rules: emit with 10,000 rules, us", turns: 3, take: rules::with_many },
    Figure { what: "files: start to watch 100,000 files, ms", turns: 5, take: files::first_look },
    Figure { what: "files: a change to its event, ms", turns: 1, take: files::change_to_event },
    Figure { what: "messaging: an event to its notice, ms", turns: 3, take: messaging::to_notice },
    Figure { what: "messaging: memory, idle, above none, MiB", turns: 1, take: messaging::memory },
    Figure { what: "messaging: wake-ups, idle, above none", turns: 1, take: messaging::wake_ups },
];

/// Prints the figures whose name has the word in it.
pub(crate) fn run(new: &Path, old: &Path, word: &str) {
    table::head("in turns", "new", "old");
    for figure in FIGURES.iter().filter(|figure| figure.what.contains(word)) {
        let (mut of_new, mut of_old): (Vec<f64>, Vec<f64>) =
            (0..figure.turns).map(|_| ((figure.take)(new), (figure.take)(old))).unzip();
        table::row(figure.what, median(&mut of_new), median(&mut of_old));
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn load(aiwg: &Path, line: &str, in_flight: usize) -> Measured {
    let daemon = BenchDaemon::blocked(aiwg);
    measure(
        &daemon.socket,
        &Load { line, in_flight, together: true, until: Until::Time(Duration::from_millis(700)) },
    )
}

fn pipelined_ping(aiwg: &Path) -> f64 {
    load(aiwg, PING, 64).per_second
}

fn single_ping(aiwg: &Path) -> f64 {
    load(aiwg, PING, 1).median_us
}

fn emit(aiwg: &Path) -> f64 {
    load(aiwg, EMIT, 64).per_second
}

fn submit(aiwg: &Path) -> f64 {
    load(aiwg, SUBMIT, 64).per_second
}
