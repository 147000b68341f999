//! Calls whose params fit.

use serde_json::Value;

use super::{Outcome, Vector, least, values, with};
use crate::{
    GenerateError,
    model::{Method, Model},
};

/// Methods that end the daemon, or change what other vectors stand on, or want one of several optional members: nothing that
/// they would accept is called.
const NOT_CALLED: &[&str] = &[
    "daemon.stop",
    "daemon.restart",
    "daemon.drain",
    "daemon.pause",
    "host.drain",
    "host.lost",
    "automation.disable",
    "automation.test",
    "task.cancelMany",
    "task.retryMany",
];

pub(super) fn of(model: &Model, method: &Method) -> Result<Vec<Vector>, GenerateError> {
    if NOT_CALLED.contains(&method.name.as_str()) {
        return Ok(Vec::new());
    }
    let vector = |what: String, params: Value| Vector {
        name: format!("{}, {what}", method.name),
        method: method.name.clone(),
        params,
        outcome: Outcome::Accepted,
    };
    let examples = method.examples.iter();
    let mut vectors: Vec<Vector> = examples
        .map(|example| vector(format!("the example {:?}", example.name), example.params.clone()))
        .collect();
    let least = least(model, method)?;
    for field in model.params(method)? {
        let name = &field.name;
        if !field.required {
            let what = format!("{name}: null counts as absent");
            vectors.push(vector(what, with(&least, name, Value::Null)));
        }
        for value in values::allowed(model, field) {
            vectors.push(vector(format!("{name}: {value}"), with(&least, name, value)));
        }
    }
    Ok(vectors)
}
