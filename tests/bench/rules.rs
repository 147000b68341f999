//! The cost of many rules for an event.

use std::{path::Path, time::Duration};

use serde_json::{Value, json};

use crate::{
    EMIT,
    daemon::BenchDaemon,
    load::{Load, Until, measure},
    table,
};

/// Number of rules that match.
const MATCHING: usize = 10;

pub(crate) fn run(aiwg: &Path) {
    let few = daemon(aiwg, 0);
    let many = daemon(aiwg, 10_000 - MATCHING);
    table::head("time for an event, microseconds", "10,000 rules", "10 rules");
    for (what, in_flight) in [("one at a time", 1), ("64 in flight, each of them", 64)] {
        let load = Load { line: EMIT, in_flight, together: true, until: Until::Time(Duration::from_secs(2)) };
        let (mut with_many, mut with_few) = (0.0, 0.0);
        for _ in 0..3 {
            with_many += 1e6 / measure(&many.socket, &load).per_second / 3.0;
            with_few += 1e6 / measure(&few.socket, &load).per_second / 3.0;
        }
        table::row(what, with_many, with_few);
    }
}

/// Microseconds for an event where 10,000 rules are, of which 10 match.
pub(crate) fn with_many(aiwg: &Path) -> f64 {
    let daemon = daemon(aiwg, 10_000 - MATCHING);
    let load = Load { line: EMIT, in_flight: 64, together: true, until: Until::Time(Duration::from_secs(2)) };
    1e6 / measure(&daemon.socket, &load).per_second
}

/// With 10 rules that match, and so many that do not: by topics, by globs on topics, by files.
fn daemon(aiwg: &Path, others: usize) -> BenchDaemon {
    let rule = |id: String, trigger: Value| {
        json!({ "id": id, "trigger": trigger, "condition": { "type": "debounce", "interval_ms": 3_600_000, "max_wait_ms": 3_600_000 },
            "action": { "type": "submit_task", "prompt": "work" } })
    };
    let matching =
        (0..MATCHING).map(|n| rule(format!("match-{n}"), json!({ "type": "event", "topic": "bench:*" })));
    let other = (0..others).map(|n| {
        let trigger = match n % 3 {
            0 => json!({ "type": "event", "topic": format!("other:{n}") }),
            1 => json!({ "type": "event", "topic": format!("other-{n}:*") }),
            _ => json!({ "type": "file_change", "pattern": format!("src/part{n}/**/*.ts") }),
        };
        rule(format!("other-{n}"), trigger)
    });
    let rules: Vec<Value> = matching.chain(other).collect();
    BenchDaemon::start(aiwg, &json!({ "rules": rules, "watch": { "enabled": false } }))
}
