//! `tests/vectors/calls-generated.json`: calls that the definition allows and forbids. What reads the definition otherwise
//! than it stands (a server that forgets a limit, a client that drops a member) shows in them.

mod accepted;
mod refused;
mod values;

use aiwg_protocol::ErrorKind;
use serde_json::{Map, Value, json};

use crate::{
    GenerateError,
    generated_file::Output,
    model::{Method, Model},
};

/// Path of the vectors. The runners take every file there whose name begins so.
const PATH: &str = "tests/vectors/calls-generated.json";

/// A call and what comes of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) params: Value,
    pub(crate) outcome: Outcome,
}

/// The expected result of a call.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The params fit.
    Accepted,
    /// The params do not; this member is why, if it is one.
    Refused(Option<String>),
}

pub(crate) fn outputs(model: &Model) -> Result<Vec<Output>, GenerateError> {
    let lines = vectors(model)?.iter().map(|vector| format!("  {}", vector.json())).collect::<Vec<_>>();
    Ok(vec![Output::new(PATH, format!("[\n{}\n]\n", lines.join(",\n")))])
}

/// The vectors of every method.
pub(crate) fn vectors(model: &Model) -> Result<Vec<Vector>, GenerateError> {
    let mut vectors = Vec::new();
    for method in &model.methods {
        vectors.extend(refused::of(model, method)?);
        vectors.extend(accepted::of(model, method)?);
    }
    Ok(vectors)
}

impl Vector {
    fn json(&self) -> Value {
        let mut members = Map::new();
        members.insert("name".to_owned(), self.name.as_str().into());
        members.insert("method".to_owned(), self.method.as_str().into());
        members.insert("params".to_owned(), self.params.clone());
        let (key, value) = match &self.outcome {
            Outcome::Accepted => ("accepted", true.into()),
            Outcome::Refused(member) => ("error", refusal(member.as_deref())),
        };
        members.insert(key.to_owned(), value);
        members.into()
    }
}

fn refusal(member: Option<&str>) -> Value {
    let kind = ErrorKind::InvalidParams;
    let mut error = json!({ "code": kind.code(), "kind": kind.name() });
    if let Some(member) = member {
        error["member"] = member.into();
    }
    error
}

/// The least that a method takes: the members of its first example that must be there.
fn least(model: &Model, method: &Method) -> Result<Map<String, Value>, GenerateError> {
    let example = method.examples.first().and_then(|example| example.params.as_object());
    let required = model.params(method)?.iter().filter(|field| field.required);
    let value = |name: &str| example.and_then(|params| params.get(name)).cloned();
    Ok(required.filter_map(|field| Some((field.name.clone(), value(&field.name)?))).collect())
}

/// The same with one member put in.
fn with(params: &Map<String, Value>, member: &str, value: Value) -> Value {
    let mut params = params.clone();
    params.insert(member.to_owned(), value);
    params.into()
}
