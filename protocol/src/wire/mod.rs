//! The wire: JSON-RPC 2.0 (<https://www.jsonrpc.org/specification>), one UTF-8 JSON message a line, both ways.
//!
//! [`client::ClientTransport`] is a tarpc transport: a stream of responses and a sink of requests. [`server::ServerTransport`] is the
//! other end, for an executor that keeps the order in which requests were sent. What never becomes a typed request (broken lines,
//! unknown methods, params that do not fit, the framing of batches) is answered by the server transport itself.

mod answer;
mod batch;
mod budget;
pub mod client;
mod codec;
mod line;
mod message;
mod out;
mod params;
pub mod server;

pub use answer::error_line;
pub use budget::{Budget, CALL_BYTES, FREE_BYTES, Room};
pub use codec::Lines;
pub use line::{Line, LineReader};
pub use message::{Entries, Id, Incoming, Request};
pub use params::{DecodeError, decode_params};

/// The longest line that is read, in bytes, unless configured otherwise: 16 MiB.
pub const DEFAULT_MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// The longest line that a client takes from a daemon, in bytes: 64 MiB, several times what a daemon's longest answer has. Whoever sends a
/// longer one is none.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Maximum number of requests in a batch: answers must not grow without bound from one line.
pub const MAX_BATCH: usize = 1000;

/// A deadline that never comes. tarpc gives each request 10 seconds by default and then drops its handler without an
/// answer; here every request ends in an answer, and those that wait have time-outs of their own. (Its timer wheel reaches no
/// further than two years.)
pub fn no_deadline() -> std::time::Instant {
    std::time::Instant::now() + std::time::Duration::from_secs(365 * 24 * 3600)
}
