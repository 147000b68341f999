//! The process that a daemon runs in, and what of it is the daemon's.

/// The process that a daemon runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// Its own. It takes the process's signals, traces, orphans and limits, and is what the service manager watches.
    Own,
    /// The process of a program with other purposes, which may run several daemons. A daemon leaves all of that alone.
    Shared,
}

impl Host {
    /// True if the process is the daemon's own.
    pub(crate) fn is_own(self) -> bool {
        self == Self::Own
    }
}

/// The name of the machine; empty where it has none.
pub(crate) fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
