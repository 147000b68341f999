//! The Rust SDK for the aiwg daemon.
//!
//! ```
//! # aiwg_testing::example(|_| async move {
//! use aiwg_client::{DaemonClient, types::TaskSubmitParams};
//!
//! let client = DaemonClient::connect().await?;
//! client.emit("deployment:complete", &serde_json::json!({ "version": "1.2.3" })).await?;
//! let task = client.task_run(TaskSubmitParams { prompt: "Fix the tests".into(), ..Default::default() }).await?;
//! println!("{}: {:?}", task.state, task.result);
//! # Ok(())
//! # });
//! ```
//!
//! # Logs and traces
//!
//! The crate `tracing` hears of every call at the level DEBUG, with the target `aiwg_client`: when it is made (`called`) and when it is over
//! (`answered` or `failed`), with its `method`, its `duration_ms` and its `error`. Each call is in a span `RPC` of the crate `tarpc`, which
//! carries it; a connection that was lost and one that was made again are told of as well.

mod call;
mod client;
mod connection;
mod discover;
mod error;
mod events;
mod link;
mod members;
mod methods;
mod open;
mod options;
mod random;
mod resilient;
mod spool;
mod subscribe;
mod tasks;
mod topic;
mod traces;

pub use aiwg_protocol::{ApiError, ErrorKind, types};
pub use client::{DaemonClient, Emission};
pub use discover::{discover, find_project};
pub use error::ClientError;
pub use open::open_socket;
pub use options::Options;
pub use random::key as new_idempotency_key;
pub use subscribe::{Pushed, Subscribe};
pub use topic::Topic;

/// What the derived code of a [`Topic`] names, so that a program needs no dependencies of its own for it.
pub use {serde, serde_json};
