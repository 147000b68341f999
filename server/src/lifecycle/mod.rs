//! The means by which a daemon is the only one of its project: the lock and the pid file; and the limits of the system.

mod host;
mod limits;
mod lock;
mod opened;
mod pid_file;
mod registry;
mod service;
mod signals;

pub(crate) use host::{Host, machine};
pub use limits::hide_memory;
pub(crate) use limits::{limit_open_files, raise_open_files};
pub(crate) use lock::before;
pub use lock::{Holder, Lock, Phase};
pub(crate) use pid_file::PidFile;
pub(crate) use registry::Registration;
pub use registry::projects_with_daemon;
pub use service::SERVICE_ENV;
pub(crate) use service::{report_alive, report_ready, report_reloading, report_stopping, watchdog};
pub use signals::hold_signals;
pub(crate) use signals::release_signals;
