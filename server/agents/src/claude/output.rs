//! The sum of all messages of an output.

use serde_json::Value;

use super::{
    Denial, Format, Tokens,
    limits::{self, Rejections},
    message::{Message, ResultMessage},
    spent::{SpentLog, add},
    totals::Totals,
};
use crate::{
    evaluation::{Received, TokensByModel, Unknown},
    limit::LimitWarning,
    numbers::{believed_usd, sum},
};

/// The types of messages that there are. One that is not among them says nothing that is understood here.
const TYPES: &[&str] = &[
    "system",
    "assistant",
    "user",
    "result",
    "rate_limit_event",
    "stream_event",
    "tool_progress",
    "tool_use_summary",
    "auth_status",
    "prompt_suggestion",
    "control_request",
    "control_response",
    "control_cancel_request",
    "command_lifecycle",
    "attachment",
    "keep_alive",
];

/// Maximum number of denials kept of all the results of an output; the others are counted.
const MOST_DENIALS: usize = 50;

/// Content of an agent's output so far.
///
/// An agent may give several results: where it left a command running in the background, it comes back to work when
/// that has finished. The last result is the answer, unless one before it was an error; turns, tokens and refused permissions are those of all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Output {
    pub(super) format: Format,
    pub(super) last: Option<ResultMessage>,
    /// The first of its turns that has failed.
    failed: Option<Box<Judged>>,
    pub(super) session_id: Option<String>,
    pub(super) turns: u64,
    pub(super) tokens: Tokens,
    pub(super) denials: Vec<Denial>,
    pub(super) denial_count: usize,
    /// The sum of what the results say about themselves; none once one of them did not.
    own_cost_usd: Option<f64>,
    /// True if the agent has gone on working after its last result.
    pub(super) works_again: bool,
    pub(super) background_tasks: usize,
    /// Number of messages that have changed the agent's progress.
    pub(super) steps: u64,
    /// The kind of error that the model's last message is about; none where it is about none.
    pub(super) error: Option<String>,
    /// The limits that are used up, by the events.
    pub(super) rejections: Rejections,
    pub(super) limit_warnings: Vec<LimitWarning>,
    pub(super) unknown: Unknown,
    pub(super) tokens_by_model: TokensByModel,
    pub(super) spent: SpentLog,
    pub(super) totals: Totals,
    pub(super) received: Received,
}

/// The end of a turn, with what had been said of its errors by then.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Judged {
    pub(super) result: Option<ResultMessage>,
    pub(super) error: Option<String>,
    pub(super) rejections: Rejections,
}

impl Output {
    /// Output of an agent that has said nothing yet.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { format, ..Self::default() }
    }

    /// True if there is a result message.
    #[must_use]
    pub fn has_result(&self) -> bool {
        self.last.is_some()
    }

    /// The session, known as soon as the agent has begun.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Cost of this process by its own account, in US dollars; none where it gives only the total of the session.
    pub(super) fn own_cost_usd(&self) -> Option<f64> {
        self.last.as_ref().and(self.own_cost_usd)
    }

    /// The turn by which the work is judged: the first one that has failed, or else the last. A turn of its own that a message has got, or the end
    /// of what ran in the background, makes nothing good.
    pub(super) fn judged(&self) -> Judged {
        match &self.failed {
            Some(failed) => (**failed).clone(),
            None => self.ended_with(self.last.clone()),
        }
    }

    fn ended_with(&self, result: Option<ResultMessage>) -> Judged {
        Judged { result, error: self.error.clone(), rejections: self.rejections.clone() }
    }

    /// Takes in the next message.
    pub(super) fn take(&mut self, message: Message) {
        if let Value::String(session) = &message.session_id {
            self.session_id = Some(session.clone());
        }
        self.received.take(&message);
        if message.is("result", None) {
            self.take_result(message.into_result());
        } else if message.is("system", Some("background_tasks_changed")) {
            let before = self.background_tasks;
            self.background_tasks = message.tasks.as_array().map_or(0, Vec::len);
            self.steps += u64::from(self.background_tasks != before);
        } else if message.is("system", Some("init")) {
            self.take_work();
        } else if message.is("assistant", None) {
            self.take_work();
            if message.is_main() {
                self.error = message.error();
            }
            self.spent.take_answer(message.message);
        } else if message.is("rate_limit_event", None) {
            self.rejections.take(&message.rate_limit_info);
            limits::update(&mut self.limit_warnings, &message.rate_limit_info);
        } else if let Value::String(kind) = &message.kind
            && !TYPES.contains(&kind.as_str())
        {
            self.unknown.add("type", kind);
        }
    }

    fn take_work(&mut self) {
        self.steps += u64::from(!self.works_again);
        self.works_again = true;
    }

    fn take_result(&mut self, result: ResultMessage) {
        let before = if self.last.is_some() { self.own_cost_usd } else { Some(0.0) };
        self.own_cost_usd = before.zip(result.own_cost_usd).map(|(before, more)| believed_usd(before + more));
        self.turns = sum(self.turns, result.turns);
        self.tokens += result.tokens;
        for (model, tokens) in &result.tokens_by_model {
            add(&mut self.tokens_by_model, model.clone(), *tokens);
        }
        self.spent.take_result(result.own_cost_usd, result.session_total_usd, &result.tokens_by_model);
        if let Some(usd) = result.session_total_usd {
            self.totals.take(self.session_id.as_deref(), usd);
        }
        self.denial_count += result.denial_count;
        let room = MOST_DENIALS.saturating_sub(self.denials.len());
        self.denials.extend(result.denials.iter().take(room).cloned());
        self.works_again = false;
        self.steps += 1;
        // One that is no error may go on when what it left in the background has finished.
        let has_failed = result.is_error || (!result.is_end_of_work() && self.background_tasks == 0);
        if has_failed && self.failed.is_none() {
            self.failed = Some(Box::new(self.ended_with(Some(result.clone()))));
        }
        self.last = Some(result);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn output(messages: &[Value]) -> Output {
        let mut output = Output::new(Format::StreamJson);
        for message in messages {
            output.take(serde_json::from_value(message.clone()).unwrap());
        }
        output
    }

    fn result(cost: Option<f64>) -> Value {
        json!({
            "type": "result", "is_error": false, "num_turns": 2, "usage": {"input_tokens": 10},
            "permission_denials": [{"tool_name": "Bash"}],
            "model_usage_since_last_result": cost.map(|cost| json!({"m": {"costUSD": cost}}))
        })
    }

    #[test]
    fn several_results_add_up() {
        let output = output(&[result(Some(0.5)), result(Some(0.25))]);
        assert_eq!((output.turns, output.tokens.input, output.denial_count), (4, 20, 2));
        assert_eq!(output.own_cost_usd(), Some(0.75));
    }

    #[test]
    fn the_own_cost_is_known_only_if_each_result_tells_it() {
        assert_eq!(output(&[result(None), result(Some(0.25))]).own_cost_usd(), None);
        assert_eq!(output(&[result(Some(0.25)), result(None)]).own_cost_usd(), None);
        assert_eq!(output(&[]).own_cost_usd(), None);
    }

    #[test]
    fn work_after_a_result_is_noticed() {
        let again = json!({"type": "system", "subtype": "init", "session_id": "s"});
        assert!(!output(&[again.clone(), result(None)]).works_again);
        let output = output(&[result(None), again]);
        assert!(output.works_again && output.has_result());
        assert_eq!(output.session_id(), Some("s"));
    }

    #[test]
    fn what_changes_nothing_is_no_step() {
        let system = |subtype: &str| json!({"type": "system", "subtype": subtype, "tasks": []});
        let vain = [json!({"type": "system"}), json!({"type": "user"}), system("background_tasks_changed")];
        let mut messages = [&[result(None)], &vain[..]].concat();
        assert_eq!(output(&messages).steps, 1);
        messages.extend([system("init"), system("init"), json!({"type": "assistant"}), result(None)]);
        assert_eq!(output(&messages).steps, 3);
        messages.push(json!({"type": "system", "subtype": "background_tasks_changed", "tasks": [{}]}));
        assert_eq!(output(&messages).steps, 4);
    }

    #[test]
    fn what_runs_in_the_background_is_counted() {
        let tasks = |tasks| json!({"type": "system", "subtype": "background_tasks_changed", "tasks": tasks});
        assert_eq!(output(&[tasks(json!([{}, {}]))]).background_tasks, 2);
        assert_eq!(output(&[tasks(json!([{}])), tasks(json!([]))]).background_tasks, 0);
    }

    #[test]
    fn a_later_total_of_its_session_takes_nothing_from_an_earlier_one() {
        let total = |session: &str, usd: f64| json!({"type": "result", "is_error": false, "session_id": session, "total_cost_usd": usd});
        let totals = output(&[total("a", 0.5), total("a", 0.0), total("b", 0.25)]).totals;
        assert_eq!((totals.sum(), totals.of(Some("b"))), (Some(0.75), Some(0.25)));
    }
}
