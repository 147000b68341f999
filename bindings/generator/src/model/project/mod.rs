//! The topics that a project declares, lowered from the schemas of their payloads.

mod cycles;
mod lower;
mod merge;
mod names;
mod object;
mod union;

use serde_json::Value;

pub(crate) use self::names::{ascii, hash};
use self::{lower::Lowering, names::Names};
use super::TypeDef;
use crate::text::{pascal_case, printable};

/// A topic that a project declares.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredTopic {
    /// Its name: `deployment:complete`.
    pub name: String,
    /// The occasion on which it is emitted.
    pub description: Option<String>,
    /// The schema of its payload: JSON Schema 2020-12, an object or a boolean.
    pub payload: Value,
}

/// The topics that a project declares.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DeclaredTopics {
    /// All of them; their order does not count.
    pub topics: Vec<DeclaredTopic>,
    /// True if no other topic may be emitted: `strict_topics`.
    pub strict: bool,
}

/// The same, as templates take them.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) topics: Vec<Topic>,
    /// The type of each topic's payload, followed by those within it.
    pub(crate) types: Vec<TypeDef>,
    pub(crate) strict: bool,
}

/// A topic and its payload.
#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) docs: String,
    /// The name of the payload's type.
    pub(crate) payload: String,
}

impl Project {
    /// Lowers the schemas. A schema, or a part of one, that the model has no word for is any JSON, with a note.
    ///
    /// `taken` are names of types that stand in the same file.
    pub(crate) fn lower(declared: &DeclaredTopics, taken: &[&str]) -> Self {
        let mut all: Vec<&DeclaredTopic> = declared.topics.iter().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let mut names = Names::new(taken);
        // Those that are written as usual come first: a topic that differs only in its punctuation takes no name from them.
        let mut order: Vec<usize> = (0..all.len()).collect();
        order.sort_by_key(|at| all.get(*at).map(|topic| oddity(&topic.name)));
        let mut payloads = vec![String::new(); all.len()];
        for at in order {
            if let (Some(topic), Some(payload)) = (all.get(at), payloads.get_mut(at)) {
                *payload = names.take(&pascal_case(&topic.name), &topic.name);
            }
        }
        let (mut topics, mut types) = (Vec::new(), Vec::new());
        for (topic, payload) in all.into_iter().zip(payloads) {
            let docs = printable(topic.description.as_deref().unwrap_or_default());
            let mut own = Lowering::new(&topic.payload, &payload, &mut names).types(&docs);
            cycles::break_up(&mut own);
            types.append(&mut own);
            topics.push(Topic { name: topic.name.clone(), docs, payload });
        }
        Self { topics, types, strict: declared.strict }
    }
}

/// How far a topic's name is from what is usual: words in small letters with single colons between them, then those with hyphens.
fn oddity(topic: &str) -> u8 {
    let is_of = |others: &[char]| {
        topic.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || others.contains(&c))
    };
    // Two colons in a row, and one at the beginning or the end, are not usual either.
    let has_empty_word = topic.split([':', '-']).any(str::is_empty);
    u8::from(!is_of(&[':'])) + u8::from(!is_of(&[':', '-'])) + u8::from(has_empty_word)
}
