//! The answer to why: what led to a task or an event, and what it led to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Json, TaskState, Timestamp, by_name::by_name, open::open_enum};

/// The direction in which a chain is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyDirection {
    /// Up to what came from outside.
    #[default]
    Causes,
    /// Down to all that came of it.
    Effects,
}

/// The params of `task.why`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskWhyParams {
    /// A task's id, as `task-0004`, or an event's, as `event-17`.
    pub id: String,
    /// The direction. Default: `causes`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "by_name")]
    pub direction: Option<WhyDirection>,
}

/// A chain of causes and effects, as a graph without circles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// The id of the node that was asked about.
    pub asked: String,
    /// The nodes. Each comes after those that it came of.
    pub nodes: Vec<WhyNode>,
    /// True if there is more: the answer has up to 10,000 nodes and 1 MiB. With `causes`, the part nearest to the one asked about is there.
    pub cut: bool,
}

open_enum! {
    /// The kind of a node.
    pub enum WhyKind {
        /// Something that came from outside: a client's process, a change of a file, a schedule, the daemon itself.
        Origin = "origin",
        /// An event.
        Event = "event",
        /// A rule that made a task, or is going to.
        Rule = "rule",
        /// A task.
        Task = "task",
        /// A run of a task.
        Run = "run",
        /// A request of a task to a person: that it may start, that its agent may use a tool, or an answer.
        Approval = "approval",
        /// A rule that an event matched and that made nothing of it.
        Refusal = "refusal",
        /// Something that a queued task, or the agent of a running one, waits for.
        Wait = "wait",
    }
}

/// A link of a chain of causes and effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhyNode {
    /// The id, which no other node of the answer has: `event-17`, `task-0004`, `task-0004/run-1`.
    pub id: String,
    /// The kind.
    pub kind: WhyKind,
    /// The ids of the nodes that it came of, the main one first; empty where a chain begins, and where what came before is forgotten.
    pub causes: Vec<String>,
    /// Time at which it came about; `null` if it is unknown.
    pub at: Option<Timestamp>,
    /// The end of a task or a run; the time up to which a task waits, if that is known; absent for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The node in a few words, for people: of a task the beginning of its prompt, of a refusal its reason.
    pub text: String,
    /// The state of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TaskState>,
    /// The reason in a word: for which a task or a run ended, for which a rule refused (`off`, `all_off`, `tripped`, `too_deep`,
    /// `own_change`, `busy`, `rule_changed`, `rule_removed`), `waiting` of a rule whose matches have made no task yet, or for which a task
    /// waits: as the member `waiting` of a task has it, `slot`, or `task` where its agent waits for the end of another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason for which a task did not complete, for people: its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The profile by which the agent of a run was started; `agent` stands for the section `agent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The name of the host of a run, where several share the project's store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The one who has finished a task by hand, and who had taken it over when, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_by: Option<String>,
    /// The cost of a task or a run, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// The rule's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The number of the rule's revision, from 1: it counts up when a changed rule makes a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The rule as it was in this revision, without `env`: with the first node of each revision only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Json>,
    /// The client that it came from; of an approval, the one that has decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
}

/// A client, as the system showed its process when it connected. What is absent was not to be seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<OriginProcess>,
    /// Its working directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// The number of its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The name of its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The processes above it, the nearest first: up to three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<OriginProcess>,
    /// The person who has written it on a messaging platform. There is no process then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<OriginPerson>,
    /// The webhook by which it was delivered. There is no process then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<OriginWebhook>,
}

/// A webhook, as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OriginWebhook {
    /// The path of its requests: `/github`.
    pub path: String,
    /// The kind of its sender: `github`, `gitlab`, `slack`, `standard` or `json`.
    pub kind: String,
    /// True if its requests are signed with a secret. Otherwise anyone on the daemon's machine may have sent it.
    pub signed: bool,
}

/// A person on a messaging platform.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OriginPerson {
    /// The person's id, with the platform before it: `telegram:77`.
    pub id: String,
    /// The name that the person had there at that time; absent if the platform gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The chat in which it was written, with the platform before it.
    pub chat: String,
}

/// A process, by the name that it gives itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OriginProcess {
    /// Its number.
    pub pid: u32,
    /// The program, without its directory; absent if it had ended already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The script that it executes, if it is an interpreter's. No other part of its command line is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}
