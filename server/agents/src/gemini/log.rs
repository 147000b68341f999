//! The messages of `gemini --output-format stream-json`.

use serde_json::Value;

use crate::{
    evaluation::{Denial, Tokens, TokensByModel},
    lines::Log,
    numbers::count,
    price::Spent,
    reporter::Common,
};

/// The types of messages that there are.
const TYPES: &[&str] = &["init", "message", "tool_use", "tool_result", "error", "result"];

/// Kinds of errors of tools that it was not allowed to use: without a person to ask, it has none that would need one.
const REFUSED: &[&str] = &["tool_not_registered", "policy_violation"];

/// Maximum length of an answer that is kept, in bytes: the end of it.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Maximum number of models that are told apart.
const MOST_MODELS: usize = 64;

/// The result: the end of the work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct GeminiResult {
    /// True if it reports success.
    pub(super) is_success: bool,
    /// The error, in its own words.
    pub(super) error: String,
}

/// The messages so far.
#[derive(Debug, Default)]
pub(crate) struct GeminiLog {
    pub(super) common: Common,
    pub(super) answer: String,
    pub(super) result: Option<GeminiResult>,
    pub(super) turns: u64,
    pub(super) tokens: TokensByModel,
    /// The last use of a tool.
    tool: Option<(String, Denial)>,
    is_answering: bool,
    steps: u64,
}

impl GeminiLog {
    fn take_text(&mut self, text: &str) {
        if !std::mem::replace(&mut self.is_answering, true) {
            self.answer.clear();
            self.turns += 1;
        }
        self.answer.push_str(text);
        if self.answer.len() > 2 * LONGEST_ANSWER {
            self.answer = aiwg_fs::tail_of(&self.answer, LONGEST_ANSWER).to_owned();
        }
    }

    fn take_tool(&mut self, message: &Value) {
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let parameters = message.get("parameters");
        let command = parameters.and_then(|parameters| parameters.get("command")).and_then(Value::as_str);
        let what =
            command.map_or_else(|| parameters.map(Value::to_string).unwrap_or_default(), str::to_owned);
        self.tool = Some((text("tool_id").to_owned(), Denial::new(text("tool_name"), &what)));
    }

    fn take_tool_result(&mut self, message: &Value) {
        let kind = message.get("error").and_then(|error| error.get("type")).and_then(Value::as_str);
        if !kind.is_some_and(|kind| REFUSED.contains(&kind)) {
            return;
        }
        let id = message.get("tool_id").and_then(Value::as_str);
        let used = self.tool.as_ref().filter(|(of, _)| Some(of.as_str()) == id);
        self.common.denials.add(used.map(|(_, denial)| denial.clone()));
    }

    fn take_result(&mut self, message: &Value) {
        let error = message.get("error").and_then(|error| error.get("message")).and_then(Value::as_str);
        let is_success = message.get("status").and_then(Value::as_str) == Some("success");
        self.result = Some(GeminiResult { is_success, error: error.unwrap_or_default().to_owned() });
        let models = message.get("stats").and_then(|stats| stats.get("models")).and_then(Value::as_object);
        let models = models.into_iter().flatten().take(MOST_MODELS);
        self.tokens = models.map(|(model, stats)| (model.clone(), tokens(stats))).collect();
        self.steps += 1;
    }
}

impl Log for GeminiLog {
    fn take(&mut self, message: &Value) {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        let is_answer = text("type") == Some("message") && text("role") == Some("assistant");
        match text("type") {
            _ if is_answer => self.take_text(text("content").unwrap_or_default()),
            Some("init") => self.common.session = text("session_id").map(str::to_owned),
            Some("tool_use") => self.take_tool(message),
            Some("tool_result") => self.take_tool_result(message),
            Some("result") => self.take_result(message),
            Some(known) if TYPES.contains(&known) => {}
            Some(other) => self.common.unknown.add("type", other),
            None => return,
        }
        self.is_answering = is_answer;
    }

    fn done(&self) -> Option<u64> {
        self.result.as_ref().map(|_| self.steps)
    }

    fn spent(&self) -> Spent {
        Spent { told_usd: 0.0, untold: self.tokens.clone(), session: None }
    }
}

/// The tokens of a model. Those that it thought with are in the total alone.
fn tokens(stats: &Value) -> Tokens {
    let count = |name: &str| stats.get(name).map_or(0, count);
    let (sent, cached) = (count("input_tokens"), count("cached"));
    Tokens {
        input: sent.saturating_sub(cached),
        output: count("total_tokens").saturating_sub(sent).max(count("output_tokens")),
        cache_read: cached,
        cache_creation: 0,
    }
}
