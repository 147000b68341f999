use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, Json, bounded};

/// The params of `event.subscribe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSubscribeParams {
    /// Only events whose topic matches one of these globs: `*` and `?` match within it, `{a,b}` either. All when absent or
    /// empty.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bounded::list")]
    #[schemars(length(max = 100), inner(length(max = 1024)))]
    pub topics: Option<Vec<String>>,
    /// The number of the last event seen: those after it come first, then the live ones, without a gap or a repeat. Only live
    /// ones when absent; 0 stands for the whole log. A number that the log has not reached is one of a log that was deleted since: an
    /// `event.missed` comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
}

/// The answer to `event.subscribe`. It comes before the first of its events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventSubscribed {
    /// The subscription's number, unique on its connection.
    pub subscription: u64,
    /// Number of the event after which events will come. It is lower than the requested one if the log does not reach
    /// that: it was deleted and restarted.
    pub since: u64,
}

/// The params of `event.unsubscribe`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventUnsubscribeParams {
    /// The subscription's number.
    pub subscription: u64,
}

/// The answer to `event.unsubscribe`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventUnsubscribed {
    /// True if there was such a subscription.
    pub unsubscribed: bool,
}

/// The params of the notification `event`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventNotification {
    /// The subscription's number.
    pub subscription: u64,
    /// The event.
    pub event: Event,
}

/// The params of the notification `event.missed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventMissedNotification {
    /// The subscription's number.
    pub subscription: u64,
    /// Number of events that were passed over, of whatever topic: at most as many are missing from the topics
    /// subscribed to.
    pub missed: u64,
    /// The number of the last event before them: `event.list` with this `since` replays what is left of them.
    pub since: u64,
}

/// The params of the notification `rpc.cancel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpcCancelParams {
    /// The `id` of the call to cancel.
    pub id: Json,
}
