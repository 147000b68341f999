use std::fmt;

use serde_json::Value;

/// A step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the member of this name.
    Key(String),
    /// To the element at this place.
    Place(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Place(place) => write!(f, "{place}"),
        }
    }
}

/// The problem with a schema, and its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemaError {
    /// The way from the schema to the place.
    pub path: Vec<Step>,
    /// The problem, for people.
    pub message: String,
}

impl SchemaError {
    /// A problem at the end of this path.
    pub(crate) fn new(path: &[Step], message: impl Into<String>) -> Self {
        Self { path: path.to_vec(), message: message.into() }
    }

    /// A problem at the place to which a JSON Pointer leads.
    pub(crate) fn at(root: &Value, pointer: &str, message: impl Into<String>) -> Self {
        Self { path: steps_of(root, pointer), message: message.into() }
    }
}

/// The steps of a JSON Pointer, as far as it leads somewhere.
pub(crate) fn steps_of(root: &Value, pointer: &str) -> Vec<Step> {
    let (mut node, mut steps) = (root, Vec::new());
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        let (next, step) = match node {
            Value::Array(list) => {
                let Ok(place) = name.parse::<usize>() else { break };
                (list.get(place), Step::Place(place))
            }
            _ => (node.get(&name), Step::Key(name)),
        };
        let Some(next) = next else { break };
        steps.push(step);
        node = next;
    }
    steps
}

/// A name as a part of a JSON Pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
