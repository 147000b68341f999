use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Json, Timestamp, bounded, open::open_enum};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its number: 1 for the first event of the project, then counting up by one.
    pub seq: u64,
    /// The topic: `deployment:complete`.
    pub topic: String,
    /// The details; `null` if the emitter gave none.
    pub payload: Json,
    /// The publisher.
    pub source: EventSource,
    /// Time at which the daemon received it; of an event that was emitted while there was no daemon, the time at which it happened.
    pub at: Timestamp,
    /// The cause; absent if it came from outside.
    #[serde(rename = "causedBy", default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<Cause>,
    /// The trace context of its emitter, as the header `traceparent` of W3C has it; absent if it had none. A task that a rule makes of the event
    /// has it in its `metadata`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

open_enum! {
    /// The publisher of an event.
    pub enum EventSource {
        /// A client, with `event.emit`.
        Client = "client",
        /// The queue and the supervisor of agent tasks.
        Supervisor = "supervisor",
        /// The file watcher.
        FileWatcher = "file_watcher",
        /// The scheduler.
        Scheduler = "scheduler",
        /// The rules.
        Automation = "automation",
        /// The daemon itself.
        Daemon = "daemon",
        /// Another service, by a webhook.
        Webhook = "webhook",
    }
}

/// The cause of an event or a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// The task whose process emitted it, or whose state it reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The rule that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The number of the event that triggered the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// Number of tasks between this and what came from outside; 0 for none.
    pub depth: u32,
}

/// The params of `event.emit`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventEmitParams {
    /// Up to 200 characters of `A-Z a-z 0-9 _ . : / -`. The daemon's own topics (`task:`, `agent:`, `approval:`,
    /// `budget:`, `file:`, `schedule:`, `daemon:`, `automation:`, `health:`, `chat:`) are refused.
    #[schemars(regex(pattern = r"^[A-Za-z0-9_.:/-]{1,200}$"))]
    pub topic: String,
    /// The details: any JSON value that can be read. It may hold no half of a surrogate pair, no number beyond a
    /// double's range, no object that has a member twice, and at most 120 levels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Json>,
    /// A name for this call, any text of the caller's own: another call with it, of the same caller within 24 hours, has no effect and gets the
    /// same answer. So a call whose answer was lost can be repeated. If its params or its method differ, it is an error.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "idempotencyKey")]
    #[schemars(length(min = 1, max = 200))]
    pub idempotency_key: Option<String>,
    /// The trace context of the caller, as the header `traceparent` of W3C has it: 55 characters, and none of its ids may be all zeros. The event
    /// has it, and each task that a rule makes of it (`metadata`). With a key, a call that has another one is still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"))]
    pub traceparent: Option<String>,
}

/// The answer to `event.emit`: the event is in the log, and its tasks in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventEmitted {
    /// The event's number.
    pub seq: u64,
    /// The ids of the rules that took it up: that have made a task of it, or will.
    pub rules: Vec<String>,
    /// The part of `rules` that has not made a task of it yet: they wait for quiet, for their own task to end, or for
    /// room in the queue. Absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<String>,
    /// The rules that it matched as well and that made nothing of it; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedMatch>,
}

/// A rule that an event matched and that made nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedMatch {
    /// The rule's id.
    pub rule: String,
    /// The reason, for people.
    pub reason: String,
}

/// The params of `event.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventListParams {
    /// Only events whose topic matches one of these globs: `*` and `?` match within it, `{a,b}` either. All when absent or
    /// empty.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::list")]
    #[schemars(length(max = 100), inner(length(max = 1024)))]
    pub topics: Option<Vec<String>>,
    /// The number of the last event seen: the answer starts with the next one. Without it, the answer holds the newest. Nothing comes
    /// after a number that the log has not reached, such as one of a log that was deleted since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Maximum number of events. The answer has fewer if they exceed 8 MiB together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("default" = 100))]
    pub limit: Option<u32>,
}
