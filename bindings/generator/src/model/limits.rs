use serde_json::{Map, Value};

/// The demands of a schema beyond the type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) minimum: Option<String>,
    pub(crate) exclusive_minimum: Option<String>,
    pub(crate) maximum: Option<String>,
    pub(crate) min_length: Option<String>,
    pub(crate) max_length: Option<String>,
    pub(crate) pattern: Option<String>,
    /// The pattern of the names in a map.
    pub(crate) names: Option<String>,
}

impl Limits {
    pub(crate) fn of(schema: &Map<String, Value>) -> Self {
        let get = |keyword: &str| schema.get(keyword).map(plain);
        Self {
            minimum: get("minimum"),
            exclusive_minimum: get("exclusiveMinimum"),
            maximum: get("maximum"),
            min_length: get("minLength").or_else(|| get("minItems")),
            max_length: get("maxLength").or_else(|| get("maxItems")),
            pattern: get("pattern"),
            names: schema.get("propertyNames").and_then(|names| names.get("pattern")).map(plain),
        }
    }

    /// In words: `from 1 to 1000`. Empty when there are none.
    pub(crate) fn phrase(&self) -> String {
        let mut words = Vec::new();
        match (&self.minimum, &self.maximum) {
            (Some(least), Some(most)) => words.push(format!("from {least} to {most}")),
            (Some(least), None) => words.push(format!("at least {least}")),
            (None, Some(most)) => words.push(format!("at most {most}")),
            (None, None) => {}
        }
        if let Some(bound) = &self.exclusive_minimum {
            words.push(format!("more than {bound}"));
        }
        match (self.min_length.as_deref(), self.max_length.as_deref()) {
            (Some("1"), None) => words.push("not empty".to_owned()),
            (Some(least), None) => words.push(format!("length at least {least}")),
            (None, Some(most)) => words.push(format!("length at most {most}")),
            (Some(least), Some(most)) => words.push(format!("length from {least} to {most}")),
            (None, None) => {}
        }
        if let Some(pattern) = &self.pattern {
            words.push(format!("matches `{pattern}`"));
        }
        if let Some(pattern) = &self.names {
            words.push(format!("names match `{pattern}`"));
        }
        words.join(", ")
    }
}

/// A number without the fraction that it does not need, a string without its quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let text = number.to_string();
            text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
        }
        other => other.to_string(),
    }
}
