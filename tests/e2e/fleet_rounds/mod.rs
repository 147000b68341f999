//! Four hosts on one machine, on one PostgreSQL, and everything that can be killed, frozen, cut off or set wrong is, round after round, under load.
//!
//! Each host has a directory, a daemon, a name space of network with a link of its own, and a clock of its own (see `clock.c`). `AIWG_FLEET_ROUNDS=200` has more
//! rounds than the suite has, and hosts that are away until the others give them up; `AIWG_FLEET_SEED` has others.

mod checks;
mod faults;
mod host;
mod load;
mod network;
mod witness;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use self::{
    faults::Rounds,
    host::{Host, preload},
    load::{Load, prompt},
    network::{Network, clock_library},
    witness::Witness,
};
use crate::support::{Project, processes_of, until};

/// The number of hosts.
const HOSTS: usize = 4;

/// `daemon.max_attempts`.
const MOST_ATTEMPTS: u32 = 3;

/// The number of waiting tasks that are enough: what is killed all the time does less.
const ENOUGH: u64 = 30;

/// Longest time in which nothing comes of what waits: an agent that was lost twice rests for a minute.
const STUCK: Duration = Duration::from_secs(150);

/// What a daemon logs when a report of it is refused.
const NOT_TAKEN_IN: &str = "its end was not taken in";

/// What daemons log as errors where hosts and their PostgreSQL fail.
const EXPECTED: [&str; 4] = [
    NOT_TAKEN_IN,
    "a transaction failed and was undone",
    "a transaction could not be undone",
    "the state could not be read again from the database; the next transaction tries again",
];

fn variable(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

#[test]
fn whatever_fails_in_a_fleet_nothing_is_lost_and_nothing_done_twice() {
    let (number, seed) = (variable("AIWG_FLEET_ROUNDS", 10), variable("AIWG_FLEET_SEED", 1_130));
    eprintln!("AIWG_FLEET_ROUNDS={number} AIWG_FLEET_SEED={seed}");
    let dir = tempfile::Builder::new().prefix("aiwg-fleet-").tempdir().unwrap();
    let library = clock_library(dir.path());
    let off = |command: &mut std::process::Command, seconds: i64| {
        if let Some(library) = &library {
            let file = dir.path().join("clock");
            std::fs::write(&file, seconds.to_ne_bytes()).unwrap();
            preload(command, library, &file);
        }
    };
    let Some((network, links)) = Network::start(HOSTS, &off) else { return };
    let witness = Witness::new(dir.path());
    let mut rule = Project::rule("load", "load:go", &prompt("", witness.script()));
    rule["max_failures"] = Value::Null;
    let config = json!({
        "fleet": { "lost_after_seconds": 60 },
        "daemon": { "max_parallel_actions": 2, "max_attempts": MOST_ATTEMPTS },
        "rules": [rule]
    });
    let mut hosts: Vec<Host> = (1..)
        .zip(links)
        .map(|(n, link)| Host::new(n, &network, link, (library.as_deref(), &config)))
        .collect();
    hosts.iter_mut().for_each(Host::start);
    let sockets: Vec<_> = hosts.iter().map(|host| host.project.socket()).collect();
    let load = Load::begin(&sockets, seed, witness.script());
    let mut rounds = Rounds::of(network, hosts, witness, seed);

    for round in 0..u32::try_from(number).unwrap() {
        rounds.round(round);
        let waiting = rounds.hosts.iter().find_map(waiting).map_or(0, |(queued, _)| queued);
        load.is_enough.store(waiting > ENOUGH, Ordering::Relaxed);
    }
    rounds.end();
    let acknowledged = load.end();
    until_empty(&rounds);

    let found = checks::check(&rounds, &acknowledged);
    let (mut wrong, mut refused) = (found.wrong, 0);
    for host in &rounds.hosts {
        let log = host.project.read(".aiwg/daemon/daemon.log");
        refused += log.lines().filter(|line| line.contains(NOT_TAKEN_IN)).count();
        let bad = log.lines().filter(|line| {
            line.contains("panicked")
                || line.contains(" ERROR ") && !EXPECTED.iter().any(|words| line.contains(words))
        });
        wrong.extend(bad.map(|line| format!("{}: {line}", host.name)));
        host.done(&["daemon", "stop"]);
        until("the end of all processes", || processes_of(host.project.path()).is_empty());
    }
    eprintln!("faults: {:?}; {} hosts were given up for their silence", rounds.counts, rounds.silent);
    eprintln!("{} stale reports met a running successor, {refused} reports were refused", rounds.met);
    eprintln!("errors: {:?}; {} calls without an answer", acknowledged.errors, acknowledged.unanswered);
    for words in &found.words {
        eprintln!("{words}");
    }
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(number < 10 || rounds.met > 0 && refused > 0, "no stale report met a running successor");
    assert!(acknowledged.events.len() > 20, "too little happened to show anything");
}

/// The numbers of tasks that wait and that run; none where the host does not answer.
fn waiting(host: &Host) -> Option<(u64, u64)> {
    let stats = host.ask("task.stats", &json!({}))?["result"].take();
    Some((stats["queued"].as_u64()?, stats["running"].as_u64()?))
}

/// Waits until all tasks have ended, for as long as some do.
fn until_empty(rounds: &Rounds) {
    let (mut last, mut since) = (None, Instant::now());
    loop {
        let now = rounds.hosts.iter().find_map(waiting);
        if now == Some((0, 0)) {
            return;
        }
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if since.elapsed() > STUCK {
            let list = rounds.hosts[0].ask("task.list", &json!({ "states": ["queued", "running"] }));
            panic!("nothing comes of what waits: {}", list.unwrap_or_default());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
