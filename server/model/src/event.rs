//! Events, before they are stored.

use aiwg_protocol::types::{Cause, EventSource, Json, Timestamp};

/// An event before it has its number.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The topic.
    pub topic: String,
    /// The details.
    pub payload: Json,
    /// The publisher.
    pub source: EventSource,
    /// The cause.
    pub cause: Option<Cause>,
    /// Time at which it happened, if that was before the daemon received it.
    pub happened_at: Option<Timestamp>,
    /// The emitter's trace context, as W3C has it.
    pub traceparent: Option<String>,
}
