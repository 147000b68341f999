//! Calls whose params do not fit, each in one thing only.

use serde_json::{Map, Value, json};

use super::{Outcome, Vector, least, values, with};
use crate::{
    GenerateError,
    model::{Field, Method, Model},
};

/// No method has such a member.
const UNKNOWN: &str = "noSuchMember";

pub(super) fn of(model: &Model, method: &Method) -> Result<Vec<Vector>, GenerateError> {
    let least = least(model, method)?;
    let vector = |what: String, params: Value, member: Option<&str>| Vector {
        name: format!("{}, {what}", method.name),
        method: method.name.clone(),
        params,
        outcome: Outcome::Refused(member.map(str::to_owned)),
    };
    let mut vectors = vec![
        vector("params by position".to_owned(), json!(["x"]), None),
        vector("an unknown member".to_owned(), with(&least, UNKNOWN, 1.into()), Some(UNKNOWN)),
    ];
    for field in model.params(method)? {
        if field.required {
            let params = without(&least, &field.name);
            vectors.push(vector(format!("{}: missing", field.name), params, Some(&field.name)));
        }
        for wrong in wrong_values(model, field)? {
            let what = format!("{}: {}", wrong.member, wrong.value_in_words());
            vectors.push(vector(what, with(&least, &field.name, wrong.value), Some(&wrong.member)));
        }
    }
    Ok(vectors)
}

/// A member that is wrong, by its type or by its limits; none twice.
fn wrong_values(model: &Model, field: &Field) -> Result<Vec<values::Wrong>, GenerateError> {
    let mut all = values::of_another_type(model, &field.ty, &field.name);
    // Documented in docs/architecture.md: some clients send null for what they leave out.
    all.retain(|wrong| field.required || !wrong.value.is_null());
    for value in values::beyond_limits(field)? {
        if all.iter().all(|wrong| wrong.value != value) {
            all.push(values::Wrong { member: field.name.clone(), value });
        }
    }
    Ok(all)
}

fn without(params: &Map<String, Value>, member: &str) -> Value {
    params
        .iter()
        .filter(|(name, _)| *name != member)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
