//! The daemon's own topics.

use minijinja::{Value, context};

use super::{comment, methods::types_import, types};
use crate::model::Model;

/// The topics, each with the type of its payload.
pub(super) fn own(model: &Model) -> Vec<Value> {
    let view = |topic: &crate::model::Topic| {
        let name = match topic.name.strip_suffix('*') {
            // A name of the user's own is part of it.
            Some(prefix) => format!("[topic: `{prefix}${{string}}`]"),
            None => types::property(topic.name),
        };
        context! { docs => comment::block(topic.docs, 2), entry => format!("{name}: {};", topic.payload) }
    };
    model.topics.iter().map(view).collect()
}

/// The import of their payloads.
pub(super) fn imports(model: &Model) -> String {
    types_import(model.topics.iter().map(|topic| topic.payload.as_str()))
}
