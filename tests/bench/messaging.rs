//! Messaging with a stand-in for the three platforms: its cost while nothing happens, and the time from an event to its notice.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use aiwg_platforms_stand_in::{ChatKind, Platform, StandIn};
use serde_json::{Value, json};

use crate::{
    EMIT,
    daemon::BenchDaemon,
    load::{Load, Until, call, measure},
    table,
};

const CHAT: &str = "-1001";

/// Time after a start until all is still, and the time for which it is looked at.
const SETTLE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_secs(60);

/// Number of notices that are timed, and that wait: no minute has more messages than 60.
const ROUNDS: usize = 50;
const WAITING: usize = 10_000;

pub(crate) fn run(aiwg: &Path) {
    let stand_in = stand_in();
    idle(aiwg, &stand_in);
    let daemon = start(aiwg, &stand_in);
    table::figure("event.emit to its notice at the stand-in, median", notice(&daemon, &stand_in), "ms");
    waiting(&daemon, &stand_in);
}

/// Milliseconds from an `event.emit` to its notice.
pub(crate) fn to_notice(aiwg: &Path) -> f64 {
    let stand_in = stand_in();
    notice(&start(aiwg, &stand_in), &stand_in)
}

/// Memory of a daemon that is connected with all three and idle, above that of one without, in MiB.
pub(crate) fn memory(aiwg: &Path) -> f64 {
    let without = looked_at(&BenchDaemon::start(aiwg, &config())).0;
    looked_at(&start(aiwg, &stand_in())).0 - without
}

/// Wake-ups in a second of a daemon that is connected with all three and idle, above those of one without.
pub(crate) fn wake_ups(aiwg: &Path) -> f64 {
    let without = looked_at(&BenchDaemon::start(aiwg, &config())).1;
    looked_at(&start(aiwg, &stand_in())).1 - without
}

fn stand_in() -> StandIn {
    let stand_in = StandIn::start();
    stand_in.telegram().add_chat(CHAT, ChatKind::Supergroup);
    stand_in.slack().add_channel("C0HOME");
    stand_in
}

fn config() -> Value {
    json!({
        "watch": { "enabled": false },
        "messaging": {
            "telegram": { "chat": CHAT }, "notify": [{ "topics": ["bench:*"], "to": ["telegram"] }],
            "digest": { "window_seconds": 0, "max_per_minute": 60 },
        },
    })
}

/// A daemon that is connected with all three.
fn start(aiwg: &Path, stand_in: &StandIn) -> BenchDaemon {
    let daemon = BenchDaemon::start_in(aiwg, &config(), &stand_in.environment());
    loop {
        let status = daemon.json(&["messaging", "status"]);
        let platforms = status["platforms"].as_array().unwrap();
        if platforms.len() == 3 && platforms.iter().all(|one| one["state"] == "connected") {
            return daemon;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Memory in MiB, and wake-ups in a second.
fn looked_at(daemon: &BenchDaemon) -> (f64, f64) {
    std::thread::sleep(SETTLE);
    let before = daemon.wake_ups();
    std::thread::sleep(LOOK);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let wake_ups = daemon.wake_ups_since(&before) as f64 / LOOK.as_secs_f64();
    (daemon.resident_mib(), wake_ups)
}

fn idle(aiwg: &Path, stand_in: &StandIn) {
    let without = looked_at(&BenchDaemon::start(aiwg, &config()));
    let with = looked_at(&start(aiwg, stand_in));
    table::head("idle", "connected", "without");
    table::row("resident memory, MiB", with.0, without.0);
    table::row("wake-ups in a second, heartbeats among them", with.1, without.1);
}

/// Milliseconds from an event to its notice.
fn notice(daemon: &BenchDaemon, stand_in: &StandIn) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|n| {
            let line = EMIT.replace("1.2.3", &format!("round {n}."));
            let began = Instant::now();
            call(&daemon.socket, &line);
            stand_in.telegram().wait_for(CHAT, "the notice", |message| {
                message["text"].as_str().is_some_and(|text| text.contains(&format!("round {n}.")))
            });
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn waiting(daemon: &BenchDaemon, stand_in: &StandIn) {
    let idle = daemon.resident_mib();
    stand_in.set_outage(Platform::Telegram, true);
    measure(
        &daemon.socket,
        &Load { line: EMIT, in_flight: 64, together: false, until: Until::Lines(WAITING) },
    );
    let is_left = |is_left: fn(u64) -> bool| {
        let status = daemon.json(&["messaging", "status"]);
        let platforms = status["platforms"].as_array().unwrap();
        platforms.iter().filter_map(|one| one["waiting"].as_u64()).any(is_left)
    };
    // Some of the first ones go into the message that is tried.
    while !is_left(|count| count >= WAITING as u64 / 10 * 9) {
        std::thread::sleep(Duration::from_millis(100));
    }
    table::head("memory above idle, MiB", "now", "at the peak");
    table::row("with 10,000 notices that wait", daemon.resident_mib() - idle, daemon.peak_mib() - idle);
    stand_in.set_outage(Platform::Telegram, false);
    while is_left(|count| count > 0) {
        std::thread::sleep(Duration::from_millis(500));
    }
    table::row("once they are sent", daemon.resident_mib() - idle, daemon.peak_mib() - idle);
}
