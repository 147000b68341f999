//! Being the one daemon of a project: the lock and the pid file; and what the system allows it.

mod limits;
mod lock;
mod service;

pub(crate) use limits::{limit_open_files, raise_open_files};
pub(crate) use lock::{Lock, PidFile};
pub use service::SERVICE_ENV;
pub(crate) use service::{feed_watchdog, tell_ready, tell_reloading, tell_stopping};
