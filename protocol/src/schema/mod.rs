//! The documents that are emitted from the definition.

mod config;
mod openrpc;
mod types;

pub use config::config_schema;
pub use openrpc::openrpc;
pub use types::{Types, types};
