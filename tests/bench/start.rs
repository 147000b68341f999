//! Times to start things, beside a bare fork and exec.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use serde_json::json;

use crate::{EMIT, daemon::BenchDaemon, load::call, table};

const ROUNDS: usize = 200;

/// First act of an agent: it writes down when that was, in nanoseconds.
pub(crate) const FIRST_ACT: &str = "date +%s%N > started";

pub(crate) fn run(aiwg: &Path) {
    table::head("from the wish to the first act, median ms", "aiwg", "fork and exec");
    table::row("event.emit to the agent's first act", agent(aiwg), bare());
    table::row("daemon start to its first answer", daemon_start(aiwg), true_command());
    table::row("aiwg daemon status, the whole process", status(aiwg), true_command());
}

/// Milliseconds of the whole process.
pub(crate) fn status(aiwg: &Path) -> f64 {
    let daemon = BenchDaemon::start(aiwg, &json!({}));
    median(50, || {
        daemon.cli(&["daemon", "status"]);
    })
}

/// Milliseconds from an `event.emit` to the first act of the agent that it leads to.
pub(crate) fn agent(aiwg: &Path) -> f64 {
    let config = json!({
        "agent": { "command": ["sh", "-c", FIRST_ACT] },
        "rules": [{
            "id": "r", "trigger": { "type": "event", "topic": "bench:happened" },
            "action": { "type": "submit_task", "prompt": "x" }
        }]
    });
    let daemon = BenchDaemon::start(aiwg, &config);
    let started = daemon.file("started");
    first_acts(&started, ROUNDS, || call(&daemon.socket, EMIT))
}

fn bare() -> f64 {
    let dir = tempfile::tempdir().unwrap();
    first_acts(&dir.path().join("started"), ROUNDS, || {
        let mut command = Command::new("sh");
        command.args(["-c", FIRST_ACT]).current_dir(dir.path()).stdin(Stdio::null()).status().unwrap();
    })
}

/// The median of so many times from a wish to what is written into the file, in milliseconds.
pub(crate) fn first_acts(file: &Path, rounds: usize, wish: impl FnMut()) -> f64 {
    times_to_first_act(file, rounds, wish)[rounds / 2]
}

/// These times, the shortest first.
pub(crate) fn times_to_first_act(file: &Path, rounds: usize, mut wish: impl FnMut()) -> Vec<f64> {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let _ = std::fs::remove_file(file);
            let wished = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            wish();
            loop {
                let text = std::fs::read_to_string(file).unwrap_or_default();
                if let Ok(nanos) = text.trim().parse::<u64>() {
                    return (Duration::from_nanos(nanos).as_secs_f64() - wished.as_secs_f64()) * 1e3;
                }
                std::thread::sleep(Duration::from_micros(200));
            }
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

/// Milliseconds from `daemon start` to the first answer.
pub(crate) fn daemon_start(aiwg: &Path) -> f64 {
    median(20, || drop(BenchDaemon::start(aiwg, &json!({})))) - stop(aiwg)
}

/// Duration of the stop, which is a part of that.
fn stop(aiwg: &Path) -> f64 {
    let mut times: Vec<f64> = (0..20)
        .map(|_| {
            let daemon = BenchDaemon::start(aiwg, &json!({}));
            let began = Instant::now();
            drop(daemon);
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

pub(crate) fn true_command() -> f64 {
    median(50, || {
        Command::new("true").status().unwrap();
    })
}

/// The median time of some rounds, in milliseconds.
pub(crate) fn median(rounds: usize, mut act: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            act();
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[rounds / 2]
}
