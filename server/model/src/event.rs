//! Events, before they are stored.

use aiwg_protocol::types::{Cause, EventSource, Json, Timestamp};

/// An event before it has its number.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What happened.
    pub topic: String,
    /// What there is to say of it.
    pub payload: Json,
    /// Who says so.
    pub source: EventSource,
    /// What led to it.
    pub cause: Option<Cause>,
    /// When it happened, where that was before the daemon took it in.
    pub happened_at: Option<Timestamp>,
}
