//! Typed events of two made-up projects, on which the compilers and type checkers of all languages are tried: one as people would
//! write it, and one whose names and schemas are as awkward as they can be.

use serde_json::Value;

use crate::{DeclaredTopic, DeclaredTopics, GenerateError, Language, events, generated_file::Output};

/// The projects, by name, and their topics.
const PROJECTS: &[(&str, &str)] =
    &[("plain", include_str!("../topics/plain.json")), ("nasty", include_str!("../topics/nasty.json"))];

/// The folders in which programs use them.
const LANGUAGES: &[(Language, &str)] = &[
    (Language::TypeScript, "bindings/js/type-tests/events"),
    (Language::Python, "bindings/python/type-tests/events"),
    (Language::Rust, "client/tests/events"),
];

pub(crate) fn outputs() -> Result<Vec<Output>, GenerateError> {
    let mut outputs = Vec::new();
    for (project, text) in PROJECTS {
        let topics = declared(text)?;
        for (language, folder) in LANGUAGES {
            let path = format!("{folder}/{project}/{}", language.file());
            outputs.push(Output::new(path, events(*language, &topics)?));
        }
    }
    Ok(outputs)
}

/// The topics of a configuration.
fn declared(text: &str) -> Result<DeclaredTopics, GenerateError> {
    let config: Value = serde_json::from_str(text)?;
    let topic = |(name, topic): (&String, &Value)| DeclaredTopic {
        name: name.clone(),
        description: topic["description"].as_str().map(str::to_owned),
        payload: topic.get("payload").cloned().unwrap_or(Value::Bool(true)),
    };
    let topics = config["topics"].as_object().into_iter().flatten().map(topic).collect();
    Ok(DeclaredTopics { topics, strict: config["strict_topics"] == true })
}
