//! The documents that are emitted from the definition.

mod compat;
mod config;
mod openrpc;
mod types;

pub use compat::{breaking_changes, is_major_raise};
pub use config::config_schema;
pub use openrpc::openrpc;
pub use types::{Types, types};
