//! The cost of a schema for an event, and of a key.

use std::{path::Path, time::Duration};

use serde_json::{Map, Value, json};

use crate::{
    daemon::BenchDaemon,
    load::{KEY, Load, Until, measure},
    table,
};

/// Number of members of the payload, each of which the schema names.
const MEMBERS: usize = 20;

/// Number of times that each is measured.
const ROUNDS: u32 = 5;

pub(crate) fn run(aiwg: &Path) {
    let without = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false } }));
    let with = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false }, "topics": topics() }));
    let large = line(&members(), None);
    table::head("time for an event of 20 members, microseconds", "with a schema", "without");
    compare((&with, &large), (&without, &large));
    for (payload, what) in
        [(json!({ "version": "1.2.3" }), "a small event"), (members(), "an event of 20 members")]
    {
        table::head(&format!("time for {what}, microseconds"), "with a key", "without");
        compare((&without, &line(&payload, Some(KEY))), (&without, &line(&payload, None)));
    }
}

/// Two lines, each to its daemon, in turns: the time until an event is answered, and the processor's time that the daemon takes for it.
fn compare(one: (&BenchDaemon, &str), other: (&BenchDaemon, &str)) {
    for (what, in_flight) in [("one at a time", 1), ("64 in flight, each of them", 64)] {
        let (mut times, mut processor) = ([0.0, 0.0], [0.0, 0.0]);
        for _ in 0..ROUNDS {
            for (no, (daemon, line)) in [one, other].into_iter().enumerate() {
                let until = Until::Time(Duration::from_secs(1));
                let load = Load { line, in_flight, together: true, until };
                let before = daemon.processor_us();
                let per_second = measure(&daemon.socket, &load).per_second;
                times[no] += 1e6 / per_second / f64::from(ROUNDS);
                // It has answered for about as long as it was asked.
                processor[no] += (daemon.processor_us() - before) / per_second / f64::from(ROUNDS);
            }
        }
        table::row(what, times[0], times[1]);
        table::row("  the daemon's processor time", processor[0], processor[1]);
    }
}

/// A topic whose schema names all members, of five kinds.
fn topics() -> Value {
    let kinds = [
        json!({ "type": "string", "maxLength": 100 }),
        json!({ "type": "integer", "minimum": 0 }),
        json!({ "type": "boolean" }),
        json!({ "enum": ["staging", "production"] }),
        json!({ "type": "array", "items": { "type": "string" } }),
    ];
    let properties: Map<String, Value> =
        (0..MEMBERS).map(|no| (name(no), kinds[no % kinds.len()].clone())).collect();
    let required: Vec<String> = (0..MEMBERS).map(name).collect();
    json!({ "bench:happened": { "payload": {
        "type": "object", "required": required, "properties": properties, "additionalProperties": false
    } } })
}

/// A payload that fits it.
fn members() -> Value {
    let values = [json!("1.2.3"), json!(42), json!(true), json!("staging"), json!(["a", "b"])];
    (0..MEMBERS).map(|no| (name(no), values[no % values.len()].clone())).collect::<Map<_, _>>().into()
}

/// The request.
fn line(payload: &Value, key: Option<&str>) -> String {
    let mut params = json!({ "topic": "bench:happened", "payload": payload });
    if let Some(key) = key {
        params["idempotencyKey"] = key.into();
    }
    json!({ "jsonrpc": "2.0", "id": 1, "method": "event.emit", "params": params }).to_string()
}

fn name(no: usize) -> String {
    format!("member{no}")
}
