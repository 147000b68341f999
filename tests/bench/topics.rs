//! The cost of a schema for an event.

use std::{path::Path, time::Duration};

use serde_json::{Map, Value, json};

use crate::{
    daemon::BenchDaemon,
    load::{Load, Until, measure},
    table,
};

/// Number of members of the payload, each of which the schema names.
const MEMBERS: usize = 20;

pub(crate) fn run(aiwg: &Path) {
    let without = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false } }));
    let with = BenchDaemon::start(aiwg, &json!({ "watch": { "enabled": false }, "topics": topics() }));
    let line = line();
    table::head("time for an event of 20 members, microseconds", "with a schema", "without");
    for (what, in_flight) in [("one at a time", 1), ("64 in flight, each of them", 64)] {
        let load =
            Load { line: &line, in_flight, together: true, until: Until::Time(Duration::from_secs(2)) };
        let (mut checked, mut plain) = (0.0, 0.0);
        for _ in 0..3 {
            checked += 1e6 / measure(&with.socket, &load).per_second / 3.0;
            plain += 1e6 / measure(&without.socket, &load).per_second / 3.0;
        }
        table::row(what, checked, plain);
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

/// The request.
fn line() -> String {
    let values = [json!("1.2.3"), json!(42), json!(true), json!("staging"), json!(["a", "b"])];
    let payload: Map<String, Value> =
        (0..MEMBERS).map(|no| (name(no), values[no % values.len()].clone())).collect();
    json!({ "jsonrpc": "2.0", "id": 1, "method": "event.emit", "params": { "topic": "bench:happened", "payload": payload } })
        .to_string()
}

fn name(no: usize) -> String {
    format!("member{no}")
}
