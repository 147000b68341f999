//! Being the one daemon of a project: the lock and the pid file; and what the system allows it.

mod limits;
mod lock;

pub(crate) use limits::raise_open_files;
pub(crate) use lock::{Lock, PidFile};
