//! A call that has failed, in words for a model: what kind of error it is, what happened, and what to do.

use aiwg_client::{ApiError, ClientError, ErrorKind};
use aiwg_protocol::START_COMMAND;
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::json;

/// The member of a result's `_meta` that has the error for programs.
const META: &str = "aiwg/error";

/// A call without a result.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: String,
    what: String,
    to_do: Option<&'static str>,
    /// The error as the daemon has sent it; none if it has not.
    api: Option<Box<ApiError>>,
}

impl Failure {
    /// An error that no daemon has answered.
    pub(crate) fn new(kind: &str, what: impl Into<String>, to_do: Option<&'static str>) -> Self {
        Self { kind: kind.to_owned(), what: what.into(), to_do, api: None }
    }

    /// The text: kind, what happened, what to do.
    pub(crate) fn text(&self) -> String {
        let next = self.to_do.map(|to_do| format!("\nWhat to do: {to_do}.")).unwrap_or_default();
        format!("{}: {}{next}", self.kind, self.what)
    }

    /// What a client is given: an error of the tool, which a model reads, and not of the protocol, which it does not.
    pub(crate) fn into_result(self) -> CallToolResult {
        let mut result = CallToolResult::error(vec![ContentBlock::text(self.text())]);
        let data = self.api.and_then(|error| serde_json::to_value(error.data).ok());
        let error = json!({ "kind": self.kind, "message": self.what, "data": data });
        let mut meta = MetaObject::new();
        meta.insert(META.to_owned(), error);
        result.meta = Some(meta);
        result
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self {
            kind: error.data.kind.to_string(),
            what: error.message.clone(),
            to_do: error.kind().and_then(remedy),
            api: Some(Box::new(error)),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let what = error.to_string();
        match error {
            ClientError::Api(error) => error.into(),
            ClientError::NoDaemon { .. } | ClientError::NoProject { .. } => no_daemon(what),
            ClientError::Disconnected(_) => Self::new(
                "disconnected",
                format!("{what}; what was asked for may have taken effect or not"),
                Some("look before you ask again: task_list and event_list show what has come of it"),
            ),
            ClientError::Timeout { .. } => Self::new(
                "timeout",
                format!("{what}; what was asked for may take effect or not"),
                Some(
                    "see `aiwg daemon status` and `aiwg daemon logs`, or ask again with a longer --request-timeout",
                ),
            ),
            ClientError::NotAllowed { .. } | ClientError::NotTrusted(_) | ClientError::Stranger { .. } => {
                Self::new("not_allowed", what, Some("have a person look at whose project this is"))
            }
            _ => Self::new("failed", what, None),
        }
    }
}

/// There is nobody to ask.
pub(crate) fn no_daemon(what: String) -> Failure {
    // Whatever the client's error says, this is where to look for it.
    let what =
        if what.contains(START_COMMAND) { what } else { format!("{what}; `{START_COMMAND}` starts one") };
    Failure::new(
        "no_daemon",
        what,
        Some("run `aiwg daemon start` in the project, or ask the person to, then ask again"),
    )
}

/// What a model can do about an error, where its message does not say so.
fn remedy(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::InvalidParams => {
            "correct the argument that is named, by the tool's input schema, and call again"
        }
        ErrorKind::InvalidPayload | ErrorKind::UnknownTopic => {
            "topic_list shows the topics and the schemas of their payloads"
        }
        ErrorKind::WaitTimeout => "it goes on: call again to wait on",
        ErrorKind::TaskNotFound | ErrorKind::DependencyNotFound => "task_list shows the tasks that there are",
        ErrorKind::TaskEnded => "task_get shows how it has ended; task_retry submits it again",
        ErrorKind::EventNotFound => "event_list shows the events that there are",
        ErrorKind::RuleNotFound => "automation_status shows the rules that there are",
        ErrorKind::JobNotFound => "schedule_list shows the jobs that there are",
        ErrorKind::AccountNotFound => "account_list shows the accounts that there are",
        ErrorKind::QueueFull => "wait until tasks have ended, then ask again",
        ErrorKind::NotAllowed => "do not try another way: a person may do it, or allow it",
        ErrorKind::ChainTooDeep => "do the work yourself, or end and let a person submit it",
        kind if kind.retryable() => "ask again in a moment",
        _ => return None,
    })
}

/// The error for programs of a result.
#[cfg(test)]
pub(crate) fn meta(result: &CallToolResult) -> &serde_json::Value {
    result.meta.as_ref().and_then(|meta| meta.get(META)).unwrap_or(&serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::catalogue;

    #[test]
    fn an_error_of_the_daemon_says_its_kind_what_happened_and_what_to_do() {
        let failure = Failure::from(ApiError::new(ErrorKind::TaskNotFound, "there is no task-0009"));
        assert_eq!(
            failure.text(),
            "task_not_found: there is no task-0009\nWhat to do: task_list shows the tasks that there are."
        );
        let result = failure.into_result();
        assert_eq!((result.is_error, &meta(&result)["kind"]), (Some(true), &json!("task_not_found")));
        assert!(result.structured_content.is_none(), "it would not fit the tool's schema");
    }

    #[test]
    fn without_a_daemon_it_says_how_to_start_one() {
        for error in [
            ClientError::NoProject { from: PathBuf::from("/tmp") },
            ClientError::NoDaemon { path: PathBuf::from("/s"), source: std::io::ErrorKind::NotFound.into() },
        ] {
            assert!(Failure::from(error).text().contains("aiwg daemon start"));
        }
    }

    #[test]
    fn the_tools_that_remedies_name_are_there() {
        let tools: Vec<String> = catalogue().into_iter().map(|tool| tool.name).collect();
        for remedy in ErrorKind::ALL.iter().copied().filter_map(remedy) {
            let words = remedy.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for word in words.filter(|word| word.contains('_')) {
                assert!(tools.iter().any(|tool| tool == word), "{word}");
            }
        }
    }
}
