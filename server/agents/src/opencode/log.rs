//! The messages of `opencode run --format json`.

use serde_json::Value;

use crate::{
    evaluation::{Denial, Tokens},
    lines::Log,
    numbers::{believed_usd, count, usd},
    price::Spent,
    reporter::Common,
};

/// The types of messages that there are.
const TYPES: &[&str] = &["step_start", "step_finish", "text", "reasoning", "tool_use", "error"];

/// An error that ended the work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OpencodeError {
    pub(super) name: String,
    pub(super) message: String,
    /// HTTP status of the model's API.
    pub(super) status: Option<u64>,
}

/// The messages so far.
#[derive(Debug, Default)]
pub(crate) struct OpencodeLog {
    pub(super) common: Common,
    pub(super) answer: Option<String>,
    /// The reason for which the last step ended; none while one is open, or before the first.
    pub(super) end: Option<String>,
    pub(super) error: Option<OpencodeError>,
    pub(super) turns: u64,
    pub(super) tokens: Tokens,
    pub(super) cost_usd: Option<f64>,
    steps: u64,
}

impl OpencodeLog {
    fn take_end(&mut self, part: &Value) {
        self.end = Some(part.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned());
        self.turns += 1;
        self.steps += 1;
        self.tokens += tokens(part.get("tokens").unwrap_or(&Value::Null));
        if let Some(cost) = part.get("cost").and_then(usd) {
            self.cost_usd = Some(believed_usd(self.cost_usd.unwrap_or_default() + cost));
        }
    }

    fn take_tool(&mut self, part: &Value) {
        let state = part.get("state").unwrap_or(&Value::Null);
        let input = state.get("input").unwrap_or(&Value::Null);
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let tool = text(part, "tool").unwrap_or_default();
        let error = text(state, "error").unwrap_or_default();
        let (name, what) =
            if text(state, "status").as_deref() == Some("error") && error.contains("rejected permission") {
                (tool, text(input, "command").unwrap_or_else(|| input.to_string()))
            } else if tool == "invalid"
                && text(input, "error").is_some_and(|error| error.contains("unavailable tool"))
            {
                (text(input, "tool").unwrap_or(tool), String::new())
            } else {
                return;
            };
        self.common.denials.add(Some(Denial::new(name, &what)));
    }

    fn take_error(&mut self, error: &Value) {
        let data = error.get("data").unwrap_or(&Value::Null);
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let message = text(data, "message").or_else(|| text(error, "message"));
        self.error = Some(OpencodeError {
            name: text(error, "name").unwrap_or_default(),
            message: message.unwrap_or_default(),
            status: data.get("statusCode").and_then(Value::as_u64),
        });
    }
}

impl Log for OpencodeLog {
    fn take(&mut self, message: &Value) {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        if let Some(session) = text("sessionID") {
            self.common.session = Some(session.to_owned());
        }
        let part = message.get("part").unwrap_or(&Value::Null);
        match text("type") {
            Some("step_start") => {
                self.steps += 1;
                self.end = None;
            }
            Some("step_finish") => self.take_end(part),
            Some("text") => self.answer = part.get("text").and_then(Value::as_str).map(str::to_owned),
            Some("tool_use") => self.take_tool(part),
            Some("error") => self.take_error(message.get("error").unwrap_or(&Value::Null)),
            Some(known) if TYPES.contains(&known) => {}
            Some(other) => self.common.unknown.add("type", other),
            None => {}
        }
    }

    fn done(&self) -> Option<u64> {
        (self.end.as_deref() == Some("stop")).then_some(self.steps)
    }

    fn spent(&self) -> Spent {
        Spent { told_usd: self.cost_usd.unwrap_or_default(), ..Spent::default() }
    }
}

/// The tokens of a step. Those of its reasoning are not among those of its output.
fn tokens(tokens: &Value) -> Tokens {
    let of = |value: &Value, name: &str| value.get(name).map_or(0, count);
    let cache = tokens.get("cache").unwrap_or(&Value::Null);
    Tokens {
        input: of(tokens, "input"),
        output: of(tokens, "output").saturating_add(of(tokens, "reasoning")),
        cache_read: of(cache, "read"),
        cache_creation: of(cache, "write"),
    }
}
