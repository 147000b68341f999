//! What is for unattended work, switched on and unused, beside none of it: within 3 %.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    SUBMIT,
    daemon::BenchDaemon,
    load::{Load, Until, call, measure},
    start::{FIRST_ACT, first_acts},
    table, tasks,
};

/// Number of times that each figure is taken of each of the two; the medians count.
const TURNS: usize = 7;

/// Time of a load.
const TIME: Duration = Duration::from_secs(2);

/// Number of starts of an agent in a turn.
const STARTS: usize = 60;

/// Of finished tasks: an idle daemon has done something before.
const FINISHED: usize = 1000;

const RULES: usize = 20;

pub(crate) fn run(aiwg: &Path) {
    table::head("all for unattended work, in turns", "on, unused", "without");
    for (what, turns, take) in [
        ("task.submit, 64 in flight, per second", TURNS, submits as fn(&Path, &Value) -> f64),
        ("event.emit to the agent's first act, median ms", TURNS, emit_to_start),
    ] {
        let (mut on, mut without): (Vec<f64>, Vec<f64>) =
            (0..turns).map(|turn| in_turns(turn, |is_on| take(aiwg, &config(is_on)))).unzip();
        exact(what, middle(&mut on), middle(&mut without));
    }
    let idle = |is_on| {
        let mut daemon = BenchDaemon::start(aiwg, &config(is_on));
        daemon.submit(FINISHED);
        tasks::until(|| daemon.count("queued") == 0 && daemon.count("running") == 0);
        daemon.restart();
        tasks::settle(&daemon);
        (daemon.resident_mib(), tasks::wake_ups(&daemon) * 10.0)
    };
    type Idle = (f64, f64);
    let (on, without): (Vec<Idle>, Vec<Idle>) = (0..3).map(|turn| in_turns(turn, idle)).unzip();
    let of = |all: &[Idle], figure: fn(&Idle) -> f64| middle(&mut all.iter().map(figure).collect::<Vec<_>>());
    exact("resident memory, idle, MiB", of(&on, |idle| idle.0), of(&without, |idle| idle.0));
    exact("wake-ups in 10 idle seconds", of(&on, |idle| idle.1), of(&without, |idle| idle.1));
}

/// Takes a figure of both, in another order each time: what the machine does meanwhile does not fall on one of them.
fn in_turns<T>(turn: usize, mut take: impl FnMut(bool) -> T) -> (T, T) {
    if turn.is_multiple_of(2) {
        let on = take(true);
        (on, take(false))
    } else {
        let without = take(false);
        (take(true), without)
    }
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A row with the ratio to a thousandth: 3 % are to be seen.
fn exact(what: &str, on: f64, without: f64) {
    println!("{what:<48}{on:>14.2}{without:>14.2}{:>9.3}", on / without);
}

/// Some rules, and where it `is_on` all that keeps an eye on unattended work, with bounds that are never reached.
fn config(is_on: bool) -> Value {
    let rule = |n: usize| {
        let mut rule = json!({
            "id": format!("rule-{n}"), "trigger": { "type": "event", "topic": format!("other:{n}") },
            "action": { "type": "submit_task", "prompt": "work" }
        });
        if is_on {
            rule["expect"] = json!({ "within": "26h" });
            rule["max_failures"] = json!(3);
            rule["action"]["lane"] = json!("docs");
            rule["action"]["retry"] = json!({ "max": 3, "on": ["exit", "timeout"] });
            rule["action"]["verify"] = json!({ "command": "true" });
            rule["action"]["approval"] = json!({ "timeout_minutes": 60, "on_timeout": "reject" });
            rule["action"]["expires"] = json!("2d");
        }
        rule
    };
    let mut rules: Vec<Value> = (0..RULES).map(rule).collect();
    // What starts in both is the same, and uses nothing of it.
    rules.push(json!({
        "id": "starts", "trigger": { "type": "event", "topic": "bench:happened" },
        "action": { "type": "submit_task", "prompt": "x" }
    }));
    let mut config = json!({
        "watch": { "enabled": false },
        "daemon": { "max_parallel_actions": 2 },
        "agent": { "command": ["sh", "-c", FIRST_ACT] },
        "rules": rules,
    });
    if is_on {
        config["budget"] = json!({
            "day_usd": 1e6, "month_usd": 1e7, "task_usd": 1e5, "warn_at": 0.8, "unknown_cost_usd": 0.0001,
            "rules": { "rule-0": { "day_usd": 1e5 } }
        });
        config["lanes"] = json!({ "docs": { "max_parallel": 1, "priority": -5 } });
        config["accounts"] = json!({ "reserve": { "five_hour": 20, "seven_day": 10 }, "resume": "auto" });
        config["agents"] = json!({ "cheap": { "program": "claude", "cap_usd": 1 } });
    }
    config
}

/// A daemon whose queue goes on to nothing: it is paused.
fn submits(aiwg: &Path, config: &Value) -> f64 {
    let daemon = BenchDaemon::start(aiwg, config);
    daemon.cli(&["daemon", "pause"]);
    let load = Load { line: SUBMIT, in_flight: 64, together: true, until: Until::Time(TIME) };
    measure(&daemon.socket, &load).per_second
}

fn emit_to_start(aiwg: &Path, config: &Value) -> f64 {
    let daemon = BenchDaemon::start(aiwg, config);
    first_acts(&daemon.file("started"), STARTS, || call(&daemon.socket, crate::EMIT))
}
