//! The command line of events.

use aiwg_protocol::limits::EVENTS_LISTED;
use clap::{Subcommand, ValueHint};

use crate::{
    examples,
    values::{Payload, idempotency_key, limit, payload},
};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum EventCommand {
    /// Emit an event
    #[command(after_help = examples::EMIT)]
    Emit {
        /// The event's topic: up to 200 characters of A-Z a-z 0-9 _ . : / -
        #[arg(value_hint = ValueHint::Other)]
        topic: String,
        /// The event's payload, as JSON; - reads it from standard input
        #[arg(value_name = "JSON", value_parser = payload, value_hint = ValueHint::Other)]
        payload: Option<Payload>,
        /// If no daemon answers, keep the event for the next one; as with AIWG_OFFLINE=1
        #[arg(long)]
        offline: bool,
        /// Call it by this key: emitted again with it within a day, the event is one
        #[arg(long, value_name = "KEY", value_parser = idempotency_key, value_hint = ValueHint::Other)]
        idempotency_key: Option<String>,
    },
    /// Print events as they happen
    #[command(after_help = examples::WATCH)]
    Watch {
        /// Only topics that match one of these patterns, such as 'deployment:*'
        #[arg(value_name = "PATTERN", value_hint = ValueHint::Other)]
        topics: Vec<String>,
        /// Begin with the events after this number
        #[arg(long, value_name = "SEQ", value_hint = ValueHint::Other)]
        since: Option<u64>,
    },
    /// List events, the oldest first
    #[command(after_help = examples::EVENT_LIST, alias = "ls")]
    List {
        /// Only topics that match one of these patterns, such as 'deployment:*'
        #[arg(value_name = "PATTERN", value_hint = ValueHint::Other)]
        topics: Vec<String>,
        /// Only events after this number
        #[arg(long, value_name = "SEQ", value_hint = ValueHint::Other)]
        since: Option<u64>,
        /// Maximum number, up to 1000: the newest ones, or with --since the next
        #[arg(long, value_name = "N", default_value_t = EVENTS_LISTED, value_parser = limit(), value_hint = ValueHint::Other)]
        limit: u32,
    },
}
