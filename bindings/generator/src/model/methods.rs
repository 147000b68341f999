use aiwg_protocol::{
    ErrorKind, METHODS, NOTIFICATIONS,
    definition::{self, AgentAccess, Direction, Effect, paragraphs},
    schema::Types,
    topics::{self, TOPICS},
};
use serde_json::Value;

use super::{Type, lower};
use crate::GenerateError;

/// A method.
#[derive(Debug)]
pub(crate) struct Method {
    /// On the wire: `task.submit`.
    pub(crate) name: String,
    /// `task`.
    pub(crate) namespace: Option<String>,
    /// `submit`.
    pub(crate) verb: String,
    /// Paragraphs, a blank line between them.
    pub(crate) docs: String,
    /// The name of its params struct.
    pub(crate) params: String,
    pub(crate) result: Type,
    /// Kinds, beyond those that every method may answer with.
    pub(crate) errors: Vec<&'static str>,
    /// Access of agents to it, in words.
    pub(crate) agents: &'static str,
    /// The way in which a client may send a call again whose answer was lost: `safe`, `key` or `never`.
    pub(crate) repeat: &'static str,
    /// What a call does to what is there, in words.
    pub(crate) effect: &'static str,
    pub(crate) since: &'static str,
    /// Reason for which it should no longer be used.
    pub(crate) deprecated: Option<&'static str>,
    pub(crate) examples: Vec<Example>,
}

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) params: Value,
    pub(crate) result: Value,
}

/// A message that has no answer.
#[derive(Debug)]
pub(crate) struct Notification {
    pub(crate) name: String,
    pub(crate) docs: String,
    /// The name of its params struct.
    pub(crate) params: String,
    /// True if clients send it. If false, the daemon does.
    pub(crate) to_daemon: bool,
}

/// A topic that only the daemon publishes.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: &'static str,
    pub(crate) docs: &'static str,
    /// The name of its payload's type.
    pub(crate) payload: String,
}

/// A kind of error.
#[derive(Debug)]
pub(crate) struct ErrorKindDef {
    pub(crate) kind: &'static str,
    pub(crate) code: i32,
    pub(crate) docs: String,
    pub(crate) retryable: bool,
    /// True if every method may answer with it.
    pub(crate) common: bool,
}

impl ErrorKindDef {
    pub(super) fn all() -> Vec<Self> {
        let common = |kind| ErrorKind::COMMON.contains(kind);
        ErrorKind::ALL
            .iter()
            .map(|kind| Self {
                kind: kind.name(),
                code: kind.code(),
                docs: paragraphs(kind.docs()).join("\n\n"),
                retryable: kind.retryable(),
                common: common(kind),
            })
            .collect()
    }
}

/// The rows of the definition.
pub(super) fn methods(schemas: &Types) -> Result<Vec<Method>, GenerateError> {
    METHODS
        .iter()
        .zip(&schemas.methods)
        .map(|(row, types)| {
            let (namespace, verb) = split_name(row.name)?;
            Ok(Method {
                name: row.name.to_owned(),
                namespace,
                verb,
                docs: paragraphs(row.docs).join("\n\n"),
                params: types.params.clone(),
                result: lower::inline(row.name, &types.result)?,
                errors: row.errors.iter().map(|kind| kind.name()).collect(),
                agents: agents(row.agents),
                repeat: row.repeat.name(),
                effect: effect(row),
                since: row.since,
                deprecated: row.deprecated,
                examples: row.examples.iter().map(example).collect::<Result<_, _>>()?,
            })
        })
        .collect()
}

/// Access of agents to a method, as a sentence.
fn agents(access: AgentAccess) -> &'static str {
    match access {
        AgentAccess::Allowed => "Agents may call it.",
        AgentAccess::Own => "Agents may call it about their own task and those that came of it.",
        AgentAccess::Refused => "Agents may not call it.",
        AgentAccess::Never => "Agents may not call it, whatever the configuration says.",
    }
}

/// What a call does to what is there, as a sentence or two.
fn effect(row: &definition::Method) -> &'static str {
    match (row.effect, row.idempotent) {
        (Effect::Reads, _) => "It only reads.",
        (Effect::Adds, false) => "It only adds to what is there.",
        (Effect::Adds, true) => {
            "It only adds to what is there, and a second call with the same params adds nothing more."
        }
        (Effect::Changes, false) => "It may change or end what is there.",
        (Effect::Changes, true) => {
            "It may change or end what is there; a second call with the same params changes nothing more."
        }
    }
}

/// The notifications of the definition.
pub(super) fn notifications(schemas: &Types) -> Vec<Notification> {
    NOTIFICATIONS
        .iter()
        .zip(&schemas.notifications)
        .map(|(row, params)| Notification {
            name: row.name.to_owned(),
            docs: paragraphs(row.docs).join("\n\n"),
            params: params.clone(),
            to_daemon: (row.params)().direction == Direction::In,
        })
        .collect()
}

/// The daemon's own topics.
pub(super) fn topics(schemas: &Types) -> Vec<Topic> {
    let topic = |(row, payload): (&topics::Topic, &String)| Topic {
        name: row.name,
        docs: row.docs,
        payload: payload.clone(),
    };
    TOPICS.iter().zip(&schemas.topics).map(topic).collect()
}

fn split_name(name: &str) -> Result<(Option<String>, String), GenerateError> {
    match name.split('.').collect::<Vec<_>>().as_slice() {
        [verb] => Ok((None, (*verb).to_owned())),
        [namespace, verb] => Ok((Some((*namespace).to_owned()), (*verb).to_owned())),
        _ => Err(GenerateError::MethodName(name.to_owned())),
    }
}

fn example(example: &definition::Example) -> Result<Example, GenerateError> {
    Ok(Example {
        name: example.name,
        params: serde_json::from_str(example.params)?,
        result: serde_json::from_str(example.result)?,
    })
}
