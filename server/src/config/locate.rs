//! From serde's path and words to a line, a column and a sentence.

use aiwg_protocol::schema::config_schema;
use jsonc_parser::{ast, common::Ranged};
use serde_json::Value;
use serde_path_to_error::Segment;

use super::error::Problem;

/// A text and its name.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A problem at a byte of the text.
    pub(super) fn problem(&self, at: usize, message: String) -> Problem {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Problem {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        }
    }
}

/// Where a path of keys and places leads, as a byte of the text: to the key where the last segment is one.
pub(super) fn position<'a>(tree: &ast::Value<'_>, path: impl IntoIterator<Item = Step<'a>>) -> usize {
    let mut node = tree;
    let mut at = node.start();
    for step in path {
        let next = match (node, step) {
            (ast::Value::Object(object), Step::Key(key)) => {
                object.properties.iter().find(|property| property.name.as_str() == key).map(|property| {
                    at = property.start();
                    &property.value
                })
            }
            (ast::Value::Array(array), Step::Place(place)) => {
                array.elements.get(place).inspect(|element| at = element.start())
            }
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    at
}

/// A step from a value into it.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Place(usize),
}

/// Says where and what serde found wrong.
pub(super) fn locate(
    source: &Source<'_>,
    tree: &ast::Value<'_>,
    root: &Value,
    error: serde_path_to_error::Error<serde_json::Error>,
) -> Problem {
    let path = error.path().clone();
    let words = error.into_inner().to_string();
    let mut steps: Vec<Step<'_>> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(Step::Key(key)),
            Segment::Seq { index } => Some(Step::Place(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    let unknown = words.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    if let Some(name) = unknown {
        // serde_path_to_error names the unknown key itself where it saw it, and only its object where serde had buffered it.
        if !matches!(steps.last(), Some(Step::Key(last)) if *last == name) {
            steps.push(Step::Key(name));
        }
        // A tagged enum is reported at its object: the key is still to be found in it.
        let message = unknown_key(name, &words, &steps);
        return source.problem(position(tree, steps.iter().copied()), message);
    }
    let at = position(tree, steps.iter().copied());
    let shown = path.to_string();
    let place = if shown == "." { String::new() } else { format!("{shown}: ") };
    let hint = if value_at(root, &steps).is_some_and(Value::is_null) {
        "; leave the key out for its default"
    } else {
        ""
    };
    source.problem(at, format!("{place}{words}{hint}"))
}

fn value_at<'v>(root: &'v Value, steps: &[Step<'_>]) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Place(place) => value.get(place),
    })
}

fn unknown_key(name: &str, words: &str, steps: &[Step<'_>]) -> String {
    let expected: Vec<&str> = words
        .split_once(", expected ")
        .map(|(_, rest)| rest.split('`').skip(1).step_by(2).collect())
        .unwrap_or_default();
    let section: Vec<String> = steps[..steps.len().saturating_sub(1)]
        .iter()
        .map(|step| match step {
            Step::Key(key) => (*key).to_owned(),
            Step::Place(place) => format!("[{place}]"),
        })
        .collect();
    let place = if section.is_empty() {
        String::new()
    } else {
        format!(" in {}", section.join(".").replace(".[", "["))
    };
    match nearest(name, expected.iter().copied()) {
        Some(near) => format!("unknown key {name:?}{place}; did you mean {near:?}?"),
        None if expected.is_empty() => format!("unknown key {name:?}{place}; {}", elsewhere(name)),
        None => format!("unknown key {name:?}{place}; expected one of {}", expected.join(", ")),
    }
}

/// The known name that a misspelt one was most likely meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(distance, known)| *distance <= known.len().max(name.len()) / 2)
        .min()
        .map(|(_, known)| known)
}

/// Serde does not say what it expected: name the nearest key of the whole schema.
fn elsewhere(name: &str) -> String {
    let schema = config_schema();
    let mut keys = Vec::new();
    collect_keys(&schema, &mut keys);
    match nearest(name, keys.iter().map(String::as_str)) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "`aiwg schema config` lists all keys".to_owned(),
    }
}

fn collect_keys(schema: &Value, keys: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| collect_keys(member, keys));
        }
        Value::Array(members) => members.iter().for_each(|member| collect_keys(member, keys)),
        _ => {}
    }
}
