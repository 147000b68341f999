//! Many tasks: how fast they are worked off, and what they leave in memory.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{daemon::BenchDaemon, table};

const TASKS: usize = 2000;

const FINISHED: usize = 10_000;

/// Time for which the idle daemon is watched.
const IDLE: Duration = Duration::from_secs(10);

pub(crate) fn run(aiwg: &Path) {
    throughput(aiwg);
    memory(aiwg);
}

/// Tasks per second, with `true` as the agent, two at once.
pub(crate) fn rate(aiwg: &Path) -> f64 {
    let config = json!({ "daemon": { "max_parallel_actions": 2 }, "agent": { "command": ["true"] } });
    let daemon = BenchDaemon::start(aiwg, &config);
    let began = Instant::now();
    daemon.submit(TASKS);
    until(|| daemon.count("completed") == TASKS as u64);
    TASKS as f64 / began.elapsed().as_secs_f64()
}

fn throughput(aiwg: &Path) {
    let rate = rate(aiwg);
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
    let daemon = idle(aiwg);
    println!();
    table::figure(
        &format!("resident memory, idle, {} finished tasks", daemon.count("completed")),
        daemon.resident_mib(),
        "MiB",
    );
    table::figure("wake-ups, idle", wake_ups(&daemon), "per second");
}

/// MiB of a daemon that idles after 10,000 tasks.
pub(crate) fn resident(aiwg: &Path) -> f64 {
    idle(aiwg).resident_mib()
}

/// Wake-ups a second of a daemon that idles after 10,000 tasks.
pub(crate) fn idle_wake_ups(aiwg: &Path) -> f64 {
    wake_ups(&idle(aiwg))
}

/// A daemon that has worked off its tasks, restarted, and come to rest.
fn idle(aiwg: &Path) -> BenchDaemon {
    let config = json!({ "daemon": { "max_parallel_actions": 50 }, "agent": { "command": ["true"] } });
    let mut daemon = BenchDaemon::start(aiwg, &config);
    daemon.submit(FINISHED);
    until(|| daemon.count("queued") == 0 && daemon.count("running") == 0);
    daemon.restart();
    settle(&daemon);
    daemon
}

/// Wake-ups a second of an idle daemon.
pub(crate) fn wake_ups(daemon: &BenchDaemon) -> f64 {
    let before = daemon.wake_ups();
    std::thread::sleep(IDLE);
    daemon.wake_ups_since(&before) as f64 / IDLE.as_secs_f64()
}

/// Idle is what comes after a start's work, the first look at what retention lets go among it, which begins 2 s after.
pub(crate) fn settle(daemon: &BenchDaemon) {
    std::thread::sleep(Duration::from_secs(3));
    let busy = || {
        let before = daemon.wake_ups();
        std::thread::sleep(Duration::from_secs(1));
        daemon.wake_ups_since(&before) > 20
    };
    while busy() {}
}

/// Waits until this is so.
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_millis(20));
    }
}
