//! Reads the oracle's cases from standard input, and counts in how many of them the crates `cron` and `croner` leave the way
//! of Debian's cron.

mod translate;

use std::{
    io::{self, BufRead},
    panic::{self, AssertUnwindSafe},
    str::FromStr,
};

use chrono::TimeZone;
use chrono_tz::Tz;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    expression: String,
    zone: String,
    start: i64,
    end: i64,
    debian: Vec<i64>,
}

/// A way to use a crate: the times of a case, or None if it refuses the expression.
type Way = fn(&Case, Tz) -> Option<Vec<i64>>;

/// Selects the cases on which a way is tried.
type Which = fn(&Case) -> bool;

#[derive(Default)]
struct Count {
    cases: u32,
    refused: u32,
    different: u32,
    not_forward: u32,
}

impl Count {
    fn add(&mut self, case: &Case, times: Option<Vec<i64>>) {
        self.cases += 1;
        let Some(mut times) = times else {
            self.refused += 1;
            return;
        };
        self.not_forward += u32::from(times.windows(2).any(|pair| pair[0] >= pair[1]));
        // In its favour: a time that it gives twice running is one.
        times.dedup();
        self.different += u32::from(times != case.debian);
    }
}

fn cron_with_seconds(case: &Case, zone: Tz) -> Option<Vec<i64>> {
    cron(&format!("0 {}", case.expression), case, zone)
}

fn cron_translated(case: &Case, zone: Tz) -> Option<Vec<i64>> {
    cron(&translate::for_cron(&case.expression), case, zone)
}

fn cron(expression: &str, case: &Case, zone: Tz) -> Option<Vec<i64>> {
    let schedule = cron::Schedule::from_str(expression).ok()?;
    let from = zone.timestamp_opt(case.start - 1, 0).single()?;
    until_end(case, schedule.after(&from).map(|time| time.timestamp()))
}

fn croner(case: &Case, zone: Tz) -> Option<Vec<i64>> {
    let schedule = croner::Cron::from_str(&case.expression).ok()?;
    let from = zone.timestamp_opt(case.start - 1, 0).single()?;
    until_end(case, schedule.iter_after(from).map(|time| time.timestamp()))
}

/// The times in the case's window. None if computing them panics. One that never comes forward is cut off.
fn until_end(case: &Case, times: impl Iterator<Item = i64>) -> Option<Vec<i64>> {
    let take = AssertUnwindSafe(|| times.take(5_000).take_while(|&time| time < case.end).collect());
    panic::catch_unwind(take).ok()
}

/// True if both days must agree, as `cron` always has it.
fn is_and(case: &Case) -> bool {
    let fields: Vec<&str> = case.expression.split(' ').collect();
    fields[2].starts_with('*') || fields[4].starts_with('*')
}

fn main() {
    let ways: [(&str, Way, Which); 4] = [
        ("cron, a field for seconds in front", cron_with_seconds, |_| true),
        ("cron, all fields translated", cron_translated, |_| true),
        ("  of these where both days must agree", cron_translated, is_and),
        ("croner", croner, |_| true),
    ];
    let mut counts: [Count; 4] = Default::default();
    // The first line is the folder of the time zones.
    for line in io::stdin().lock().lines().skip(1) {
        let case: Case = serde_json::from_str(&line.expect("a line")).expect("a case");
        let zone: Tz = case.zone.parse().expect("a zone");
        for ((_, way, counts_here), count) in ways.iter().zip(&mut counts) {
            if counts_here(&case) {
                count.add(&case, way(&case, zone));
            }
        }
    }
    println!("{:40} {:>8} {:>8} {:>10} {:>12}", "", "cases", "refused", "different", "not forward");
    for ((name, ..), count) in ways.iter().zip(&counts) {
        let Count { cases, refused, different, not_forward } = count;
        println!("{name:40} {cases:>8} {refused:>8} {different:>10} {not_forward:>12}");
    }
}
