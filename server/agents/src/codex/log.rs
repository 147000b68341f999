//! The messages of `codex exec --json`.

use serde_json::Value;

use crate::{
    evaluation::{Denial, Tokens},
    lines::Log,
    numbers::count,
    price::Spent,
    reporter::Common,
};

/// The types of messages that there are.
const TYPES: &[&str] = &[
    "thread.started",
    "turn.started",
    "turn.completed",
    "turn.failed",
    "item.started",
    "item.updated",
    "item.completed",
    "error",
];

/// The model, as long as nobody says which it is: the messages do not.
pub(super) const MODEL: &str = "codex";

/// The end of a turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Turn {
    /// None has come to an end.
    #[default]
    Open,
    /// It has come to its end.
    Completed,
    /// It has failed, for the reason that this sentence tells.
    Failed(String),
}

/// The messages so far.
#[derive(Debug, Default)]
pub(crate) struct CodexLog {
    pub(super) common: Common,
    pub(super) answer: Option<String>,
    pub(super) turn: Turn,
    /// The last error that was not about a new attempt. One that ends the work comes again with the turn's end.
    pub(super) error: Option<String>,
    pub(super) turns: u64,
    /// Tokens of the session from its very beginning, over all resumes.
    pub(super) session_tokens: Tokens,
    steps: u64,
}

impl CodexLog {
    fn take_item(&mut self, item: &Value) {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        match text("type") {
            Some("agent_message") => self.answer = text("text").map(str::to_owned),
            Some(kind) if text("status") == Some("declined") => {
                let denial = Denial::new(kind, text("command").unwrap_or_default());
                self.common.denials.add(Some(denial));
            }
            // One of the type "error" is a warning: the work goes on.
            _ => {}
        }
    }

    fn end_turn(&mut self, turn: Turn) {
        self.turn = turn;
        self.steps += 1;
    }
}

impl Log for CodexLog {
    fn take(&mut self, message: &Value) {
        let Some(kind) = message.get("type").and_then(Value::as_str) else { return };
        let sentence = |value: Option<&Value>| {
            value.and_then(|value| value.get("message")).and_then(Value::as_str).map(str::to_owned)
        };
        match kind {
            "thread.started" => {
                let thread = message.get("thread_id").and_then(Value::as_str).map(str::to_owned);
                self.common.session = thread.or(self.common.session.take());
            }
            "turn.started" => self.end_turn(Turn::Open),
            "turn.completed" => {
                self.turns += 1;
                self.session_tokens = tokens(message.get("usage"));
                self.end_turn(Turn::Completed);
            }
            "turn.failed" => self.end_turn(Turn::Failed(sentence(message.get("error")).unwrap_or_default())),
            "item.completed" => self.take_item(message.get("item").unwrap_or(&Value::Null)),
            "error" => {
                let error = sentence(Some(message)).filter(|error| !error.starts_with("Reconnecting"));
                self.error = error.or(self.error.take());
            }
            known if TYPES.contains(&known) => {}
            other => self.common.unknown.add("type", other),
        }
    }

    fn done(&self) -> Option<u64> {
        (self.turn != Turn::Open).then_some(self.steps)
    }

    fn spent(&self) -> Spent {
        let untold = [(MODEL.to_owned(), self.session_tokens)].into();
        Spent { told_usd: 0.0, untold, session: self.common.session.clone() }
    }
}

/// The tokens of a `usage`. Those from the cache are among those of the input.
fn tokens(usage: Option<&Value>) -> Tokens {
    let count = |name: &str| usage.and_then(|usage| usage.get(name)).map_or(0, count);
    let (cache_read, cache_creation) = (count("cached_input_tokens"), count("cache_write_input_tokens"));
    Tokens {
        input: count("input_tokens").saturating_sub(cache_read).saturating_sub(cache_creation),
        output: count("output_tokens"),
        cache_read,
        cache_creation,
    }
}
