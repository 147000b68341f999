//! The documents that are emitted from the definition.

mod asyncapi;
mod compat;
mod embedded;
mod files;
mod generators;
mod openrpc;
mod topics;
mod types;

pub use asyncapi::asyncapi;
pub use compat::{breaking_changes, is_major_raise};
pub use files::{config_schema, heartbeat_schema, state_schema};
pub use openrpc::openrpc;
pub use topics::own_topics;
pub use types::{Types, types};
