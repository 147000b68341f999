use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Json, Open, Timestamp, bounded,
    by_name::{known, known_by_name},
    open::open_enum,
};
use crate::terms::{OnTimeout, Verify};

open_enum! {
    /// The kinds of things that a person is asked for.
    pub enum ApprovalKind {
        /// The start of a task.
        Task = "task",
        /// The use of a tool by an agent.
        Permission = "permission",
        /// The answer to an agent's question.
        Question = "question",
    }
}

open_enum! {
    /// The states of an approval.
    pub enum ApprovalState {
        /// Nobody has decided yet.
        Pending = "pending",
        /// A person has approved it, or answered the question.
        Approved = "approved",
        /// A person has rejected it.
        Rejected = "rejected",
        /// Nobody has decided in time: `onTimeout` says what it counts as.
        Timeout = "timeout",
        /// Its task has ended before anybody decided, or is to do something else now.
        Withdrawn = "withdrawn",
    }
}

open_enum! {
    /// The way by which a decision came.
    pub enum ApprovalVia {
        /// The command `aiwg`.
        Cli = "cli",
        /// Another client of the socket.
        Sdk = "sdk",
        /// A messaging platform: `user` names the person there.
        Chat = "chat",
    }
}

/// Something that a person is asked for, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalSummary {
    /// `approval-0001`, counting up, never reused.
    pub id: String,
    /// The task that waits for it.
    pub task_id: String,
    /// The kind.
    pub kind: ApprovalKind,
    /// The matter to be decided, in one line that is safe to print: control characters are escaped.
    pub summary: String,
    /// Time of the request.
    pub requested_at: Timestamp,
    /// Time until which it can be decided; null for no limit.
    pub expires_at: Option<Timestamp>,
}

/// Something that a person is asked for, with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// `approval-0001`, counting up, never reused.
    pub id: String,
    /// The task that waits for it.
    pub task_id: String,
    /// The kind.
    pub kind: ApprovalKind,
    /// The state.
    pub state: ApprovalState,
    /// The matter to be decided, in one line that is safe to print: control characters are escaped.
    pub summary: String,
    /// Time of the request.
    pub requested_at: Timestamp,
    /// Time until which it can be decided; null for no limit.
    pub expires_at: Option<Timestamp>,
    /// The decision that counts if nobody makes one in time.
    pub on_timeout: Open<OnTimeout>,
    /// The request.
    pub request: ApprovalRequest,
    /// The decision; null while there is none.
    pub decision: Option<ApprovalDecision>,
}

/// The request to a person: members of other kinds are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ApprovalRequest {
    /// Of a task: the first 4,096 characters of its prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Of a task: its rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Of a task: true if its prompt or one of the messages is longer than it is here; `task.get` with `whole` has all of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Of a task: the event that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Of a task: the messages that its agent gets along with its prompt, the latest 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<ApprovalMessage>,
    /// Of a task: the agent that is to do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Of a task: its lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Of a task: what it adds to its agent's environment. `${NAME}` stands as it was written.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Of a task: the check by which it counts as done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// Of a permission: the name of the tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Of a permission: the input of the tool, as the agent gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// Of a question: its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Of a question: the answers to choose from; empty for any answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// A message that the agent of a task gets along with its prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalMessage {
    /// The first 4,096 characters of it.
    pub text: String,
    /// The task whose agent has sent it; null if a person or a script has.
    #[serde(default)]
    pub from: Option<String>,
}

/// A decision, and who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDecision {
    /// Time of the decision.
    pub at: Timestamp,
    /// The answer to a question; null for none.
    #[serde(default)]
    pub answer: Option<String>,
    /// The person's reason; null for none.
    #[serde(default)]
    pub reason: Option<String>,
    /// The process at the other end of the connection that the decision came by, and its user.
    pub by: ApprovalDecider,
}

/// The one who has decided, as the system shows the process that has connected to the socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDecider {
    /// The user's number; null if the system does not show it.
    pub uid: Option<u32>,
    /// The user's name; null if that is not known.
    pub user: Option<String>,
    /// The name of the process's program; null if the system does not show it.
    pub program: Option<String>,
    /// The process; null if the system does not show it.
    pub pid: Option<u32>,
    /// The way by which the decision came.
    pub via: ApprovalVia,
}

/// The params of `approval.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalListParams {
    /// Only approvals in this state; `pending` when absent.
    #[serde(default, deserialize_with = "known_by_name", skip_serializing_if = "Option::is_none")]
    pub state: Option<ApprovalState>,
    /// Only those that this task waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub task_id: Option<String>,
    /// Maximum number of approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("default" = 100))]
    pub limit: Option<u32>,
}

/// The params of `approval.get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalGetParams {
    /// The approval's id.
    #[schemars(length(max = 200))]
    pub approval_id: String,
}

/// The params of `approval.approve` and `approval.reject`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalDecideParams {
    /// The approval's id.
    #[schemars(length(max = 200))]
    pub approval_id: String,
    /// The reason, up to 4,096 characters: it is kept, and an agent whose request is rejected gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4096))]
    pub reason: Option<String>,
}

/// The params of `approval.answer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalAnswerParams {
    /// The id of the question.
    #[schemars(length(max = 200))]
    pub approval_id: String,
    /// The answer: one of the question's options, if it has some.
    #[schemars(length(min = 1, max = 65_536))]
    pub answer: String,
}

/// The params of `approval.ask`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalAskParams {
    /// The question.
    #[schemars(length(min = 1, max = 16_384), regex(pattern = r"\S"))]
    pub question: String,
    /// The answers to choose from, 20 at the most; any answer when absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::list")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 1000)))]
    pub options: Option<Vec<String>>,
    /// Time to answer, in minutes, at most a year; no limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 525_600), extend("exclusiveMinimum" = 0))]
    pub timeout_minutes: Option<f64>,
    /// Time after which the daemon answers that nobody has answered yet, in milliseconds: the question stays. No limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
}

open_enum! {
    /// The steps in which an agent's program asks whether a tool may be used.
    pub enum PermissionStep {
        /// It is about to use the tool: what was decided on this call before counts, once.
        Use = "use",
        /// It may not, by its own rules: a person is asked.
        Ask = "ask",
    }
}

open_enum! {
    /// The answers to an agent's program that asks whether a tool may be used.
    pub enum PermissionVerdict {
        /// Nothing was decided on this call: the program's own rules count.
        Undecided = "undecided",
        /// It may be used, this once.
        Allow = "allow",
        /// It may not.
        Deny = "deny",
        /// A person is to decide: the program ends with the call pending, and its task goes on when that is done.
        Defer = "defer",
    }
}

/// The params of `approval.permission`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalPermissionParams {
    /// The step.
    #[serde(deserialize_with = "known")]
    pub step: PermissionStep,
    /// The name of the tool.
    #[schemars(length(min = 1, max = 200))]
    pub tool: String,
    /// Its input, up to 262,144 bytes of JSON. A decision counts for exactly this input; the order of members does not matter.
    pub input: Json,
    /// With the step `use`: the agent's own name for this use of the tool, by which it is the same one when the agent goes on in its session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub tool_use_id: Option<String>,
    /// True if a subagent makes the call, which cannot be put off. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subagent: Option<bool>,
    /// With the step `ask`: time to wait for the decision, in milliseconds. After that the answer is `deny`, with a message that tells the
    /// agent how it comes to be asked about still; the approval stays. No limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u64>,
}

/// The answer to `approval.permission`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalPermission {
    /// The answer.
    pub verdict: PermissionVerdict,
    /// The approval that it comes from; null if there is none.
    pub approval_id: Option<String>,
    /// The text for the agent, with `deny`; null for none.
    pub message: Option<String>,
}

/// The answer to `approval.ask`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalOutcome {
    /// The approval's id; null if there is none for it.
    pub approval_id: Option<String>,
    /// The state; null if there is no approval for it. A `timeout` is no answer.
    pub state: Option<ApprovalState>,
    /// The answer to a question; null for none.
    pub answer: Option<String>,
    /// The person's reason; null for none.
    pub reason: Option<String>,
}

/// The payload of the events of approvals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalEvent {
    /// The approval's id.
    pub approval_id: String,
    /// The task that waits for it.
    pub task_id: String,
    /// The kind.
    pub kind: ApprovalKind,
    /// The matter to be decided, in one line.
    pub summary: String,
    /// Time until which it can be decided; absent for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// With `approval:approved` and `approval:rejected`: the user who has decided; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// With `approval:approved` and `approval:rejected`: the way by which the decision came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<ApprovalVia>,
    /// With `approval:approved` and `approval:rejected`: the person's reason; absent for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// With `approval:timeout`: what it counts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_as: Option<Open<OnTimeout>>,
}
