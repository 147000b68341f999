//! Requests held against the platforms' published descriptions, `descriptions/*.json`.

mod blocks;
mod lengths;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value, json};

pub(crate) use blocks::check as check_blocks;

/// Which part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Query,
    Body,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Body => "body",
        }
    }
}

/// A platform's description of its calls. `source` in the file says where it is from.
pub(crate) struct Description {
    file: Value,
    // A description holds far more calls than one test makes.
    compiled: Mutex<HashMap<(String, Part), Arc<Validator>>>,
}

pub(crate) static TELEGRAM: LazyLock<Description> =
    LazyLock::new(|| Description::parse(include_str!("../../descriptions/telegram.json")));
pub(crate) static DISCORD: LazyLock<Description> =
    LazyLock::new(|| Description::parse(include_str!("../../descriptions/discord.json")));
pub(crate) static SLACK: LazyLock<Description> =
    LazyLock::new(|| Description::parse(include_str!("../../descriptions/slack.json")));

/// The misfits, each with its place. Of several forms that were all wrong, those of the one that comes closest.
fn told(error: &ValidationError<'_>, part: Part) -> Vec<String> {
    let forms = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.as_slice()
        }
        _ => &[],
    };
    let place = error.instance_path().as_str();
    match forms.iter().min_by_key(|errors| errors.iter().map(|one| distance(one, place)).sum::<usize>()) {
        Some(errors) => errors.iter().flat_map(|error| told(error, part)).collect(),
        None => vec![format!("{}{place}: {error}", part.name())],
    }
}

/// Distance of a value from a form: another type of the whole is far, and so is another constant (forms are told apart by
/// theirs); a fault further inside is near.
fn distance(error: &ValidationError<'_>, whole: &str) -> usize {
    match error.kind() {
        ValidationErrorKind::Type { .. } if error.instance_path().as_str() == whole => 100,
        ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => 50,
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.len(),
        _ => 1,
    }
}

impl Description {
    fn parse(text: &str) -> Self {
        Self { file: serde_json::from_str(text).expect("extracted JSON"), compiled: Mutex::default() }
    }

    /// True if the platform has the call, as far as it is described here.
    pub(crate) fn knows(&self, call: &str) -> bool {
        self.file["calls"].get(call).is_some()
    }

    /// The calls that are described here.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        self.file["calls"].as_object().into_iter().flatten().map(|(call, _)| call.as_str())
    }

    fn schema(&self, call: &str, part: Part) -> Option<&Value> {
        self.file["calls"].get(call)?.get(part.name())
    }

    /// The misfits of a value, each with its place.
    pub(crate) fn check(&self, call: &str, part: Part, value: &Value) -> Vec<String> {
        let Some(schema) = self.schema(call, part) else {
            // A body that is not described must not be there.
            let is_nothing = value.is_null() || value.as_object().is_some_and(Map::is_empty);
            return if is_nothing { vec![] } else { vec![format!("{}: {call} takes none", part.name())] };
        };
        let validator = self.validator(call, part, schema);
        validator.iter_errors(value).flat_map(|error| told(&error, part)).collect()
    }

    fn validator(&self, call: &str, part: Part, schema: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = compiled.entry((call.to_owned(), part)).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["$defs"] = self.file["$defs"].clone();
            whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
            Arc::new(lengths::options().build(&whole).expect("an extracted schema"))
        });
        Arc::clone(validator)
    }

    /// Reads the texts of a form as what the description says that they are.
    pub(crate) fn read_form(&self, call: &str, form: &Map<String, Value>) -> Value {
        let properties = self.schema(call, Part::Body).map_or(&Value::Null, |schema| &schema["properties"]);
        let read = form.iter().map(|(name, value)| {
            let text = value.as_str().unwrap_or_default();
            (name.clone(), self.read_text(&properties[name], text))
        });
        Value::Object(read.collect())
    }

    fn read_text(&self, schema: &Value, text: &str) -> Value {
        let schema = self.resolve(schema);
        let options = schema["anyOf"].as_array().map_or_else(|| vec![schema], |all| all.iter().collect());
        for option in options {
            let fits = match (self.resolve(option)["type"].as_str(), serde_json::from_str::<Value>(text)) {
                // python-telegram-bot and slack_sdk write truth as 1, true and True.
                (Some("boolean"), _) => match text.to_ascii_lowercase().as_str() {
                    "1" | "true" => Some(json!(true)),
                    "0" | "false" => Some(json!(false)),
                    _ => None,
                },
                (Some("integer"), Ok(value)) => value.is_i64().then_some(value),
                (Some("number"), Ok(value)) => value.is_number().then_some(value),
                (Some("object"), Ok(value)) => value.is_object().then_some(value),
                (Some("array"), Ok(value)) => value.is_array().then_some(value),
                _ => None,
            };
            if let Some(value) = fits {
                return value;
            }
        }
        text.into()
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/"));
        name.map_or(schema, |name| &self.file["$defs"][name])
    }
}

#[cfg(test)]
mod tests;
