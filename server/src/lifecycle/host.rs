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
