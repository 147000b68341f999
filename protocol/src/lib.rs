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
mod json_error;
pub mod limits;
pub mod names;
pub mod schema;
pub mod service;
pub mod spool;
pub mod terms;
pub mod topics;
pub mod trust;
pub mod types;
pub mod wire;

pub use error::{ApiError, ErrorKind};
pub use service::{
    DaemonService, DaemonServiceClient, DaemonServiceRequest, DaemonServiceResponse, METHODS, NOTIFICATIONS,
};

/// The version of the wire contract, `major.minor`: the major number is raised by a breaking change, the minor one by an
/// addition.
pub const PROTOCOL_VERSION: &str = "1.0";

/// The directory that makes a directory a project: it holds the configuration, and all that the daemon keeps.
pub const PROJECT_DIR: &str = ".aiwg";

/// Path of a project's configuration, relative to the project's directory.
pub const CONFIG_PATH: &str = ".aiwg/daemon.json";

/// Path of the daemon's socket, relative to the project's directory.
pub const SOCKET_PATH: &str = ".aiwg/daemon/daemon.sock";

/// The environment variable that names the socket to use, whatever the working directory.
pub const SOCKET_ENV: &str = "AIWG_DAEMON_SOCKET";

/// The environment variable that names project directories whose `.aiwg` may belong to anyone, as `PATH` names directories; see [`trust`].
pub const SAFE_DIRECTORY_ENV: &str = "AIWG_SAFE_DIRECTORY";

/// The command that starts the daemon, as error messages name it.
pub const START_COMMAND: &str = "aiwg daemon start";

/// The longest socket path that every system takes, in bytes. Where a project lies deeper, [`SOCKET_PATH`] is a symbolic link
/// to a socket with a shorter path, and clients resolve it before they connect.
pub const MAX_SOCKET_PATH: usize = 100;

/// Maximum number of calls of a connection that wait for something at once, such as `task.wait`.
pub const MAX_WAITING_CALLS: usize = 512;

/// Maximum number of subscriptions of a connection.
pub const MAX_SUBSCRIPTIONS: usize = 64;
