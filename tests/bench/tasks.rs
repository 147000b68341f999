//! Many tasks: how fast they are worked off, and what they leave in memory.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{daemon::BenchDaemon, table};

const TASKS: u64 = 2000;

const FINISHED: u64 = 10_000;

/// How long the idle daemon is watched.
const IDLE: Duration = Duration::from_secs(10);

pub(crate) fn run(aiwg: &Path) {
    throughput(aiwg);
    memory(aiwg);
}

/// `true` as the agent, two at once.
fn throughput(aiwg: &Path) {
    let config = json!({ "daemon": { "max_parallel_actions": 2 }, "agent": { "command": ["true"] } });
    let daemon = BenchDaemon::start(aiwg, &config);
    let began = Instant::now();
    daemon.submit_until(TASKS);
    let submitted = daemon.count("total");
    until(|| daemon.count("completed") == submitted);
    let rate = submitted as f64 / began.elapsed().as_secs_f64();
    match pueue() {
        Some(other) => {
            table::head("trivial tasks, end to end, two at once", "aiwg", "pueue");
            table::row("tasks per second", rate, other);
        }
        None => {
            println!();
            table::figure(
                "trivial tasks, end to end, two at once",
                rate,
                "per second (pueue is not installed)",
            );
        }
    }
}

/// The same with pueue, if it is installed: tasks per second.
fn pueue() -> Option<f64> {
    let home = tempfile::tempdir().ok()?;
    let command = |program: &str| {
        let mut command = Command::new(program);
        command
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .env("XDG_DATA_HOME", home.path());
        command.env("XDG_RUNTIME_DIR", home.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut daemon = command("pueued").spawn().ok()?;
    until(|| command("pueue").arg("status").status().is_ok_and(|status| status.success()));
    command("pueue").args(["parallel", "2"]).status().ok()?;
    // A tenth of them: it gets slower the more there are, so this is in its favour.
    let tasks = TASKS / 10;
    let began = Instant::now();
    for _ in 0..tasks {
        command("pueue").args(["add", "true"]).status().ok()?;
    }
    command("pueue").args(["wait", "--quiet"]).status().ok()?;
    let rate = tasks as f64 / began.elapsed().as_secs_f64();
    let _ = command("pueue").arg("shutdown").status();
    let _ = daemon.kill();
    let _ = daemon.wait();
    Some(rate)
}

fn memory(aiwg: &Path) {
    let config = json!({ "daemon": { "max_parallel_actions": 50 }, "agent": { "command": ["true"] } });
    let mut daemon = BenchDaemon::start(aiwg, &config);
    daemon.submit_until(FINISHED);
    until(|| daemon.count("queued") == 0 && daemon.count("running") == 0);
    daemon.cli(&["daemon", "restart"]);
    let status = daemon.json(&["daemon", "status"]);
    daemon.pid = status["pid"].as_u64().unwrap().try_into().unwrap();
    settle(&daemon);
    let before = daemon.wake_ups();
    std::thread::sleep(IDLE);
    let wake_ups = daemon.wake_ups_since(&before) as f64 / IDLE.as_secs_f64();
    println!();
    table::figure(
        &format!("resident memory, idle, {} finished tasks", daemon.count("completed")),
        daemon.resident_mib(),
        "MiB",
    );
    table::figure("wake-ups, idle", wake_ups, "per second");
}

/// Idle is what comes after a start's work, the first look at what retention lets go among it, which begins 2 s after.
fn settle(daemon: &BenchDaemon) {
    std::thread::sleep(Duration::from_secs(3));
    let busy = || {
        let before = daemon.wake_ups();
        std::thread::sleep(Duration::from_secs(1));
        daemon.wake_ups_since(&before) > 20
    };
    while busy() {}
}

fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_millis(20));
    }
}
