//! Every error that the daemon can answer with, stated once.

use std::{borrow::Cow, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    limits::LONGEST_ERROR,
    types::{PayloadError, Unreadable},
};

/// The longest name of a member that is wrong, in bytes. Clients may send members of any name.
const LONGEST_MEMBER: usize = 500;

/// The number of places of a payload that one error names.
const MOST_PLACES: usize = 20;

/// The longest message about a place of a payload, in bytes.
const LONGEST_PLACE: usize = 300;

macro_rules! error_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $kind:literal, retry: $retry:literal;)+) => {
        /// The kinds of error. `data.kind` of an error answer is the stable name: programs distinguish errors by it,
        /// never by the message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorKind {
            /// All of them, in the order of their definition.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The JSON-RPC error code. Several kinds never share one.
            pub const fn code(self) -> i32 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The stable name, as in `data.kind`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $kind,)+ }
            }

            /// True if the same request may succeed when it is sent again later.
            pub const fn retryable(self) -> bool {
                match self { $(Self::$variant => $retry,)+ }
            }

            /// The condition under which it occurs, as a sentence.
            pub fn docs(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($doc),+],)+ }
            }
        }
    };
}

error_kinds! {
    /// The line is not valid JSON.
    ParseError = -32700, "parse_error", retry: false;
    /// The JSON is not a JSON-RPC 2.0 request, or the line is longer than the limit.
    InvalidRequest = -32600, "invalid_request", retry: false;
    /// No method has this name.
    MethodNotFound = -32601, "method_not_found", retry: false;
    /// A member of `params` is missing, unknown, of the wrong type or beyond its limits; `data.member` names it.
    InvalidParams = -32602, "invalid_params", retry: false;
    /// The daemon failed in a way it did not foresee; its log says more.
    InternalError = -32603, "internal_error", retry: true;
    /// The daemon is stopping and takes no new work.
    ShuttingDown = -32000, "shutting_down", retry: true;
    /// No task has this id; it may have been pruned.
    TaskNotFound = -32001, "task_not_found", retry: false;
    /// The task has ended already.
    TaskEnded = -32002, "task_ended", retry: false;
    /// No rule has this id.
    RuleNotFound = -32003, "rule_not_found", retry: false;
    /// The queue holds as many tasks as it may: try again when some have ended.
    QueueFull = -32004, "queue_full", retry: true;
    /// The wait was longer than `timeoutMs` of the params.
    WaitTimeout = -32005, "wait_timeout", retry: true;
    /// The caller cancelled the call with `rpc.cancel`.
    Cancelled = -32006, "cancelled", retry: true;
    /// The daemon could not write to its database: nothing of the request took effect.
    StorageUnavailable = -32007, "storage_unavailable", retry: true;
    /// The topic belongs to the daemon and cannot be emitted by clients.
    TopicReserved = -32008, "topic_reserved", retry: false;
    /// This connection has as many calls waiting as is allowed: wait for one to end, or open another connection.
    TooManyWaits = -32009, "too_many_waits", retry: true;
    /// This connection has as many subscriptions as is allowed: end one, or open another connection.
    TooManySubscriptions = -32010, "too_many_subscriptions", retry: false;
    /// `after` names a task that does not exist; it may have been pruned.
    DependencyNotFound = -32011, "dependency_not_found", retry: false;
    /// `after` names the very task that is being submitted.
    DependencyOnItself = -32012, "dependency_on_itself", retry: false;
    /// No schedule job, and no rule with a schedule, has this name.
    JobNotFound = -32013, "job_not_found", retry: false;
    /// The request comes from the agent of a task that was itself submitted by the agent of a task, and so on, as often as
    /// `daemon.max_task_depth` allows.
    ChainTooDeep = -32014, "chain_too_deep", retry: false;
    /// The request comes from an agent's process, and `daemon.agents_may` or `daemon.agents_env` does not allow it: a person or a script
    /// from outside may, or the configuration allows it to agents. Or it is one that only the agent of a task can make.
    NotAllowed = -32015, "not_allowed", retry: false;
    /// The task is not queued any more: it runs, or has ended.
    TaskNotQueued = -32016, "task_not_queued", retry: false;
    /// No account of an agent has this id, or several have an id that begins so.
    AccountNotFound = -32019, "account_not_found", retry: false;
    /// No event has this number; it may have been pruned.
    EventNotFound = -32018, "event_not_found", retry: false;
    /// A person has taken the task over already.
    TaskIsTaken = -32033, "task_is_taken", retry: false;
    /// Nobody has taken the task over.
    TaskIsNotTaken = -32034, "task_is_not_taken", retry: false;
    /// The task has got as many messages as one may: 100 that wait for its agent, or 1000 or 1 MiB in all.
    TooManyMessages = -32035, "too_many_messages", retry: true;
    /// The task has no session in which a person could go on.
    TaskHasNoSession = -32036, "task_has_no_session", retry: false;
    /// The task has asked people as much as one may: 20 questions that wait for an answer, or 500 approvals in all.
    TooManyApprovals = -32037, "too_many_approvals", retry: true;
    /// The task has left nothing in a work tree, or that is forgotten.
    TaskHasNoResult = -32038, "task_has_no_result", retry: false;
    /// The project can have no work trees: it is in no repository of git, say.
    WorkspaceUnusable = -32039, "workspace_unusable", retry: false;
    /// No host has this id or name, or several have; or the store is in the project's own directory, and its one host is not to be replaced.
    HostNotFound = -32044, "host_not_found", retry: false;
    /// The task has run on another host, and what is asked for takes its files: the daemon of that host has them.
    TaskElsewhere = -32043, "task_elsewhere", retry: false;
    /// An event's payload, or a task's `metadata` or `env`, is larger than `daemon.max_payload_kb` or `daemon.max_metadata_kb` allow;
    /// `data.member` names it.
    PayloadTooLarge = -32020, "payload_too_large", retry: false;
    /// The event's payload does not fit the schema that the configuration has for its topic; `data.errors` names the places.
    InvalidPayload = -32040, "invalid_payload", retry: false;
    /// The configuration does not declare the event's topic, and `strict_topics` asks for that; `data.nearest` names the declared topic
    /// that is written most like it, if there is one.
    UnknownTopic = -32041, "unknown_topic", retry: false;
    /// No approval has this id; it may have been pruned with its task.
    ApprovalNotFound = -32030, "approval_not_found", retry: false;
    /// A person has decided already: the first decision counts.
    ApprovalDecided = -32031, "approval_decided", retry: false;
    /// The time to decide is over, or the task has ended that waited for it.
    ApprovalExpired = -32032, "approval_expired", retry: false;
    /// A call with this `idempotencyKey` has been answered, and it was another one: of another method, or with other params.
    IdempotencyConflict = -32042, "idempotency_conflict", retry: false;
    /// There was no memory for the request or its answer within `daemon.max_memory_mb`: others took it, or the answers to one
    /// batch were too long together, or too many calls wait and too much is subscribed to.
    OverMemory = -32021, "over_memory", retry: true;
    /// As many connections are open as is allowed. The error comes without an id, and the connection is closed.
    TooManyConnections = -32022, "too_many_connections", retry: true;
}

impl ErrorKind {
    /// The kind of this name; none when it is not of this version of the protocol.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The kind of this code; none when it is not of this version of the protocol.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The kinds that any method may answer with.
    pub const COMMON: &[Self] = &[
        Self::ParseError,
        Self::InvalidRequest,
        Self::MethodNotFound,
        Self::InvalidParams,
        Self::InternalError,
        Self::Cancelled,
        Self::NotAllowed,
        Self::OverMemory,
    ];
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error answer: the `error` member of a JSON-RPC 2.0 response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The number of the kind; from -32000 to -32099 where it is not one that JSON-RPC 2.0 defines.
    pub code: i32,
    /// The error and its remedy, for people. The text may change with any release.
    pub message: String,
    /// The data by which programs distinguish errors.
    pub data: ErrorData,
}

/// The data by which programs distinguish errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorData {
    /// The stable name of the kind of error.
    pub kind: Cow<'static, str>,
    /// With `invalid_params`: the member that is wrong, as a path such as `env.PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// With `invalid_payload`: the places that do not fit, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<PayloadError>,
    /// With `unknown_topic`: the declared topic that is written most like the one that was sent, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl ErrorData {
    /// That of an error of which no more than its kind is known.
    pub(crate) const fn of(kind: ErrorKind) -> Self {
        Self { kind: Cow::Borrowed(kind.name()), member: None, errors: Vec::new(), nearest: None }
    }
}

impl ApiError {
    /// An error of `kind`, with a message for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let data = ErrorData::of(kind);
        Self { code: kind.code(), message: shortened(message.into(), LONGEST_ERROR), data }
    }

    /// `invalid_params`, naming the member that is wrong.
    pub fn invalid_member(member: impl Into<String>, message: impl Into<String>) -> Self {
        let mut error = Self::new(ErrorKind::InvalidParams, message);
        error.data.member = Some(shortened(member.into(), LONGEST_MEMBER));
        error
    }

    /// `invalid_params`, since this value of a member cannot be read.
    pub fn unreadable_member(member: &str, Unreadable { path, why }: &Unreadable) -> Self {
        let member = format!("{member}{path}");
        let message = format!("the member {member:?} is wrong: {why}");
        Self::invalid_member(member, message)
    }

    /// `invalid_payload`, naming the places that do not fit.
    pub fn invalid_payload(message: impl Into<String>, mut errors: Vec<PayloadError>) -> Self {
        errors.truncate(MOST_PLACES);
        for PayloadError { path, message } in &mut errors {
            *path = shortened(std::mem::take(path), LONGEST_MEMBER);
            *message = shortened(std::mem::take(message), LONGEST_PLACE);
        }
        let mut error = Self::new(ErrorKind::InvalidPayload, message);
        error.data.errors = errors;
        error
    }

    /// `unknown_topic`, naming the declared topic that is nearest to it.
    pub fn unknown_topic(message: impl Into<String>, nearest: Option<&str>) -> Self {
        let mut error = Self::new(ErrorKind::UnknownTopic, message);
        error.data.nearest = nearest.map(str::to_owned);
        error
    }

    /// The kind, if this version of the protocol knows it.
    pub fn kind(&self) -> Option<ErrorKind> {
        ErrorKind::from_name(&self.data.kind)
    }
}

/// A text without its middle, if it is longer than so many bytes: the beginning says what happened, the end what to do next.
fn shortened(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let (head, tail) =
        (text.floor_char_boundary(most / 4 * 3), text.ceil_char_boundary(text.len() - most / 5));
    let (head, tail) = (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default());
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_kinds_share_a_code_or_a_name() {
        let codes: HashSet<i32> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        let names: HashSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!((codes.len(), names.len()), (ErrorKind::ALL.len(), ErrorKind::ALL.len()));
    }

    #[test]
    fn an_error_repeats_no_megabytes() {
        let error = ApiError::invalid_member(
            "ä".repeat(1 << 20),
            format!("{} is wrong: do that", "ö".repeat(1 << 20)),
        );
        assert!(error.message.len() <= LONGEST_ERROR && error.message.ends_with(" is wrong: do that"));
        assert!(error.data.member.unwrap().len() <= LONGEST_MEMBER);
        assert_eq!(ApiError::new(ErrorKind::TaskEnded, "it has ended").message, "it has ended");
    }
}
