//! One message of an agent's output, reduced to what is used here.

use serde::Deserialize;
use serde_json::Value;

use super::Denial;

/// How many denials of one message are kept; the others are counted.
const MOST_DENIALS: usize = 20;

/// The members of a message that say something, whatever their type: a version of the agent that gives one of them another type must
/// not make the whole message unreadable. All others, the conversation among them, are never held.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) kind: Value,
    pub(super) subtype: Value,
    pub(super) session_id: Value,
    /// The background tasks that run, in `background_tasks_changed`.
    pub(super) tasks: Value,
    is_error: Value,
    result: Value,
    errors: Value,
    terminal_reason: Value,
    num_turns: Value,
    total_cost_usd: Value,
    usage: Value,
    permission_denials: Value,
    model_usage_since_last_result: Value,
}

/// What went through the model, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, and not taken from a cache.
    pub input: u64,
    /// Generated.
    pub output: u64,
    /// Taken from a cache.
    pub cache_read: u64,
    /// Written to a cache.
    pub cache_creation: u64,
}

/// A result message: the end of the agent's work, or of a part of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ResultMessage {
    pub(super) subtype: String,
    pub(super) is_error: bool,
    pub(super) text: Option<String>,
    pub(super) errors: Vec<String>,
    pub(super) terminal_reason: Option<String>,
    pub(super) turns: u64,
    /// What the session has cost from its very beginning, over all resumes.
    pub(super) session_total_usd: Option<f64>,
    /// What has come to it since the result before, or since this process began. Only in `stream-json`.
    pub(super) own_cost_usd: Option<f64>,
    pub(super) tokens: Tokens,
    pub(super) denials: Vec<Denial>,
    pub(super) denial_count: usize,
}

impl Message {
    /// Whether it is of this type, and of this subtype if one is given.
    pub(super) fn is(&self, kind: &str, subtype: Option<&str>) -> bool {
        self.kind == kind && subtype.is_none_or(|subtype| self.subtype == subtype)
    }

    /// What a result message says.
    pub(super) fn into_result(self) -> ResultMessage {
        let denials = self.permission_denials.as_array().map_or(&[][..], Vec::as_slice);
        ResultMessage {
            denials: denials.iter().take(MOST_DENIALS).map(Denial::from_json).collect(),
            denial_count: denials.len(),
            subtype: self.subtype.as_str().unwrap_or_default().to_owned(),
            // Without the word that all is well, all is not well.
            is_error: self.is_error != Value::Bool(false),
            errors: texts(&self.errors),
            terminal_reason: self.terminal_reason.as_str().map(str::to_owned),
            turns: self.num_turns.as_u64().unwrap_or(0),
            session_total_usd: self.total_cost_usd.as_f64(),
            own_cost_usd: cost_of_models(&self.model_usage_since_last_result),
            tokens: Tokens::from_json(&self.usage),
            text: match self.result {
                Value::String(text) => Some(text),
                Value::Null => None,
                other => Some(other.to_string()),
            },
        }
    }
}

impl Tokens {
    fn from_json(usage: &Value) -> Self {
        let count = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or(0);
        Self {
            input: count("input_tokens"),
            output: count("output_tokens"),
            cache_read: count("cache_read_input_tokens"),
            cache_creation: count("cache_creation_input_tokens"),
        }
    }
}

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_creation = self.cache_creation.saturating_add(other.cache_creation);
    }
}

/// The sum over the models; none if it is not told.
fn cost_of_models(usage: &Value) -> Option<f64> {
    usage.as_object()?.values().map(|model| model.get("costUSD")?.as_f64()).sum()
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(value: Value) -> ResultMessage {
        serde_json::from_value::<Message>(value).unwrap().into_result()
    }

    #[test]
    fn a_member_of_another_type_does_not_spoil_the_rest() {
        let result = result(json!({
            "type": "result", "is_error": false, "result": {"a": 1}, "usage": 3, "num_turns": "many",
            "errors": "x", "permission_denials": {}, "total_cost_usd": "1"
        }));
        assert!(!result.is_error);
        assert_eq!(result.text.as_deref(), Some(r#"{"a":1}"#));
        assert_eq!((result.turns, result.session_total_usd, result.tokens), (0, None, Tokens::default()));
    }

    #[test]
    fn an_error_is_assumed_unless_denied() {
        assert!(result(json!({"type": "result", "subtype": "success"})).is_error);
    }

    #[test]
    fn the_own_cost_is_the_sum_over_the_models() {
        let of = |usage: Value| {
            result(json!({"type": "result", "model_usage_since_last_result": usage})).own_cost_usd
        };
        assert_eq!(of(json!({"a": {"costUSD": 0.5}, "b": {"costUSD": 0.25}})), Some(0.75));
        assert_eq!(of(json!({"a": {"costUSD": 0.5}, "b": {}})), None);
        assert_eq!(of(json!(null)), None);
    }
}
