//! One message of an agent's output, reduced to what is used here.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Denial,
    spent::{ModelMessage, add},
};
use crate::{
    evaluation::{DeferredTool, Tokens, TokensByModel},
    numbers::{count, usd},
};

/// Maximum number of denials kept of one message; the others are counted.
const MOST_DENIALS: usize = 20;

/// The reason for the end of a run whose call was put off.
pub(super) const DEFERRED: &str = "tool_deferred";

/// The members of a message that say something, whatever their type: a version of the agent that gives one of them another type must
/// not make the whole message unreadable. All others, the conversation among them, are never held.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) kind: Value,
    pub(super) subtype: Value,
    pub(super) session_id: Value,
    /// Id of this message.
    pub(super) uuid: Value,
    /// True for a message of the input that is repeated.
    #[serde(rename = "isReplay")]
    pub(super) is_replay: Value,
    /// Id of the message of the input that a `command_lifecycle` is about.
    pub(super) command_uuid: Value,
    /// Its state.
    pub(super) state: Value,
    /// The background tasks that run, in `background_tasks_changed`.
    pub(super) tasks: Value,
    is_error: Value,
    result: Value,
    errors: Value,
    terminal_reason: Value,
    stop_reason: Value,
    num_turns: Value,
    total_cost_usd: Value,
    usage: Value,
    permission_denials: Value,
    model_usage_since_last_result: Value,
    deferred_tool_use: Value,
    api_error: Value,
    api_error_status: Value,
    api_error_type: Value,
    /// The kind of error that a message of the model is about.
    error: Value,
    /// Set on the messages of a subagent.
    parent_tool_use_id: Value,
    pub(super) rate_limit_info: Value,
    /// An answer of the model.
    pub(super) message: ModelMessage,
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
    /// Cost of the session from its very beginning, over all resumes, in US dollars.
    pub(super) session_total_usd: Option<f64>,
    /// Cost since the result before, or since this process began. Only in `stream-json`.
    pub(super) own_cost_usd: Option<f64>,
    pub(super) tokens: Tokens,
    /// The tokens since the result before, or since this process began, by model. Only in `stream-json`.
    pub(super) tokens_by_model: TokensByModel,
    pub(super) denials: Vec<Denial>,
    pub(super) denial_count: usize,
    /// Kind of the API's error, in a word of the program.
    pub(super) api_error: Option<String>,
    /// HTTP status of the API's error.
    pub(super) api_error_status: Option<u64>,
    /// Kind of the API's error, in a word of the API.
    pub(super) api_error_type: Option<String>,
    pub(super) deferred: Option<DeferredTool>,
}

impl ResultMessage {
    /// True if the agent had come to the end of its work. It says why it went no further, also where it exits with 0 and reports no error; one
    /// of another make, or an old one, does not say. What is not understood is no success.
    pub(super) fn is_end_of_work(&self) -> bool {
        self.has_good_subtype() && matches!(self.terminal_reason.as_deref(), None | Some("completed"))
    }

    /// True if its subtype is that of a success, or it has none.
    pub(super) fn has_good_subtype(&self) -> bool {
        matches!(self.subtype.as_str(), "" | "success")
    }
}

impl Message {
    /// True if it is of this type, and of this subtype if one is given.
    pub(super) fn is(&self, kind: &str, subtype: Option<&str>) -> bool {
        self.kind == kind && subtype.is_none_or(|subtype| self.subtype == subtype)
    }

    /// True if it is of the agent itself, and not of one of its subagents.
    pub(super) fn is_main(&self) -> bool {
        self.parent_tool_use_id.is_null()
    }

    /// The kind of error that it is about.
    pub(super) fn error(&self) -> Option<String> {
        self.error.as_str().map(str::to_owned)
    }

    /// Content of a result message.
    pub(super) fn into_result(self) -> ResultMessage {
        let denials = self.permission_denials.as_array().map_or(&[][..], Vec::as_slice);
        ResultMessage {
            denials: denials.iter().take(MOST_DENIALS).map(Denial::from_json).collect(),
            denial_count: denials.len(),
            subtype: word(&self.subtype).unwrap_or_default(),
            // Without the word that all is well, all is not well.
            is_error: self.is_error != Value::Bool(false),
            errors: texts(&self.errors),
            // A call that is put off a second time, after a resume, is told by the stop reason alone.
            terminal_reason: word(&self.terminal_reason)
                .or_else(|| word(&self.stop_reason).filter(|reason| reason == DEFERRED)),
            turns: count(&self.num_turns),
            session_total_usd: usd(&self.total_cost_usd),
            api_error: self.api_error.as_str().map(str::to_owned),
            api_error_status: self.api_error_status.as_u64(),
            api_error_type: self.api_error_type.as_str().map(str::to_owned),
            deferred: DeferredTool::from_json(&self.deferred_tool_use),
            own_cost_usd: cost_of_models(&self.model_usage_since_last_result),
            tokens: Tokens::from_json(&self.usage),
            tokens_by_model: tokens_of_models(&self.model_usage_since_last_result),
            text: match self.result {
                Value::String(text) => Some(text),
                Value::Null => None,
                other => Some(other.to_string()),
            },
        }
    }
}

/// A word; none where there is none. Anything else is a word that nobody knows.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(word) => Some(word.clone()),
        other => Some(other.to_string()),
    }
}

impl Tokens {
    pub(super) fn from_json(usage: &Value) -> Self {
        let count = |name: &str| usage.get(name).map_or(0, count);
        Self {
            input: count("input_tokens"),
            output: count("output_tokens"),
            cache_read: count("cache_read_input_tokens"),
            cache_creation: count("cache_creation_input_tokens"),
        }
    }
}

/// The tokens of each model.
fn tokens_of_models(usage: &Value) -> TokensByModel {
    let mut all = TokensByModel::new();
    for (model, usage) in usage.as_object().into_iter().flatten() {
        let count = |name: &str| usage.get(name).map_or(0, count);
        let tokens = Tokens {
            input: count("inputTokens"),
            output: count("outputTokens"),
            cache_read: count("cacheReadInputTokens"),
            cache_creation: count("cacheCreationInputTokens"),
        };
        add(&mut all, model.clone(), tokens);
    }
    all
}

/// The sum over the models; none if it is not given.
fn cost_of_models(usage: &Value) -> Option<f64> {
    let sum: Option<f64> = usage.as_object()?.values().map(|model| usd(model.get("costUSD")?)).sum();
    // The sum of nothing is -0.
    sum.map(|sum| sum + 0.0)
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::numbers::{MOST, MOST_USD};

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
    fn no_number_is_beyond_belief() {
        for huge in [json!(u64::MAX), json!(i64::MAX), json!(1e300), json!(18_446_744_073_709_551_616_f64)] {
            let result = result(json!({
                "type": "result", "num_turns": huge, "total_cost_usd": huge, "usage": {"input_tokens": huge}
            }));
            assert_eq!((result.turns, result.tokens.input), (MOST, MOST));
            assert_eq!(result.session_total_usd, Some(MOST_USD));
        }
        let negative = result(json!({"type": "result", "num_turns": -1, "total_cost_usd": -1}));
        assert_eq!((negative.turns, negative.session_total_usd), (0, None), "less than nothing says nothing");
        assert_eq!(crate::numbers::sum(MOST, MOST), MOST);
    }

    #[test]
    fn the_own_cost_is_the_sum_over_the_models() {
        let of = |usage: Value| {
            result(json!({"type": "result", "model_usage_since_last_result": usage})).own_cost_usd
        };
        assert_eq!(of(json!({"a": {"costUSD": 0.5}, "b": {"costUSD": 0.25}})), Some(0.75));
        assert_eq!(of(json!({"a": {"costUSD": 0.5}, "b": {}})), None);
        assert_eq!(of(json!(null)), None);
        assert!(of(json!({})).is_some_and(f64::is_sign_positive), "the sum of nothing is no -0");
    }
}
