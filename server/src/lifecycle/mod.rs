//! Being the one daemon of a project: the lock and the pid file.

mod lock;

pub(crate) use lock::{Lock, PidFile};
