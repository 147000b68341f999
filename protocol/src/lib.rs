//! The one definition of aiwg's API.
//!
//! [`service::DaemonService`] states every method once: its wire name, documentation, params, result, errors and examples.
//! Everything else is derived from it: the JSON-RPC 2.0 wire ([`wire`]) that runs under tarpc on both sides, the
//! OpenRPC document and the configuration's schema ([`schema`]), and through those the JavaScript and Python clients and
//! the reference documentation.
//!
//! This crate knows nothing of the server: the documents are emitted without compiling it.

pub mod config;
pub mod definition;
pub mod error;
pub mod schema;
pub mod service;
pub mod types;
pub mod wire;

pub use error::{ApiError, ErrorKind};
pub use service::{DaemonService, DaemonServiceClient, DaemonServiceRequest, DaemonServiceResponse, METHODS};

/// The version of the wire contract, `major.minor`: the major number is raised by a breaking change, the minor one by an
/// addition.
pub const PROTOCOL_VERSION: &str = "1.0";
