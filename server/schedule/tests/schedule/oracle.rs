//! Compares thousands of random schedules with two independent implementations of Debian's rules, around the days on
//! which clocks are set in all time zones: a minute by minute transcription of cron's main loop, and `cronsim`.
//!
//! All read the same time zones: those of the Python package `tzdata`, so what the system has plays no part.

use std::{
    collections::HashMap,
    env, fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use aiwg_schedule::{Schedule, rfc3339};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    expression: String,
    zone: String,
    /// The times are seconds since 1970; the end is not part of the window.
    start: i64,
    end: i64,
    debian: Vec<i64>,
    cronsim: Option<Vec<i64>>,
    /// The reason for which cronsim is not asked about these days.
    excuse: Option<String>,
}

/// The time zones that the oracle has.
struct Zones {
    folder: PathBuf,
    read: HashMap<String, TimeZone>,
}

impl Zones {
    fn get(&mut self, name: &str) -> TimeZone {
        let zone = self.read.entry(name.to_owned()).or_insert_with(|| {
            let bytes = fs::read(self.folder.join(name)).unwrap();
            TimeZone::tzif(name, &bytes).unwrap()
        });
        zone.clone()
    }
}

/// Directory in which `scripts/oracles` puts the other implementations.
fn oracles() -> PathBuf {
    let oracles = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/oracles/schedule");
    assert!(oracles.exists(), "run scripts/oracles first, or scripts/test, which does");
    oracles
}

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn it_is_what_debian_does() {
    let seed = setting("AIWG_CRON_SEED", 1);
    let count = setting("AIWG_CRON_CASES", 2_400);
    let oracles = oracles();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/cases.py");
    let mut python = Command::new(oracles.join("bin/python"))
        .args(["-B".as_ref(), script.as_os_str()])
        .args([seed.to_string(), count.to_string()])
        // An empty path: the zones of the package, never those of the system.
        .env("PYTHONTZPATH", "")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(python.stdout.take().unwrap()).lines();
    let mut zones = Zones { folder: lines.next().unwrap().unwrap().into(), read: HashMap::new() };
    let (mut cases, mut fires, mut excused) = (0, 0, 0);
    for line in lines {
        let case: Case = serde_json::from_str(&line.unwrap()).unwrap();
        let zone = zones.get(&case.zone);
        let ours = fires_in(&case, &zone);
        assert_same(&case, &zone, "Debian's main loop", &case.debian, &ours);
        match (&case.cronsim, &case.excuse) {
            (Some(cronsim), _) => assert_same(&case, &zone, "cronsim", cronsim, &ours),
            (None, Some(_)) => excused += 1,
            (None, None) => panic!("`{}` in {}: cronsim does not end", case.expression, case.zone),
        }
        cases += 1;
        fires += ours.len();
    }
    assert!(python.wait().unwrap().success(), "the oracle failed");
    assert!(cases >= count);
    println!("{cases} schedules, {fires} times; cronsim was not asked about {excused}");
}

fn fires_in(case: &Case, zone: &TimeZone) -> Vec<i64> {
    let schedule: Schedule = case.expression.parse().unwrap_or_else(|error| {
        panic!("`{}` is refused: {error}", case.expression);
    });
    let before = Timestamp::from_second(case.start - 1).unwrap();
    schedule
        .upcoming(before, zone)
        .map(Timestamp::as_second)
        .take_while(|&second| second < case.end)
        .collect()
}

/// Fails with the first difference.
fn assert_same(case: &Case, zone: &TimeZone, who: &str, theirs: &[i64], ours: &[i64]) {
    if theirs == ours {
        return;
    }
    let index = theirs.iter().zip(ours).take_while(|(a, b)| a == b).count();
    let shown = |times: &[i64]| {
        times.get(index).map_or("nothing more".to_owned(), |&second| {
            rfc3339(Timestamp::from_second(second).unwrap(), zone)
        })
    };
    panic!(
        "`{}` in {}, from {}: {who} fires at {}, we at {}",
        case.expression,
        case.zone,
        rfc3339(Timestamp::from_second(case.start).unwrap(), zone),
        shown(theirs),
        shown(ours),
    );
}
