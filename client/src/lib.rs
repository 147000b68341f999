//! The Rust SDK for the aiwg daemon.
//!
//! ```no_run
//! # async fn example() -> Result<(), aiwg_client::ClientError> {
//! use aiwg_client::{DaemonClient, types::TaskSubmitParams};
//!
//! let client = DaemonClient::connect().await?;
//! client.emit("deployment:complete", &serde_json::json!({ "version": "1.2.3" })).await?;
//! let task = client.task_submit(TaskSubmitParams { prompt: "Fix the tests".into(), ..Default::default() }).await?;
//! println!("{}", task.task_id);
//! # Ok(())
//! # }
//! ```

mod call;
mod client;
mod connection;
mod discover;
mod error;
mod link;
mod members;
mod methods;
mod open;
mod random;
mod resilient;
mod spool;
mod subscribe;
mod topic;

pub use aiwg_protocol::{ApiError, ErrorKind, types};
pub use client::{DaemonClient, Emission, Options};
pub use discover::{discover, find_project};
pub use error::ClientError;
pub use open::open_socket;
pub use random::key as new_idempotency_key;
pub use subscribe::{Pushed, Subscribe};
pub use topic::Topic;

/// What the derived code of a [`Topic`] names, so that a program needs no dependencies of its own for it.
pub use {serde, serde_json};
