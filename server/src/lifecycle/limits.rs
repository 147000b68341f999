//! The limits that the system sets to this process.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the number of files that the daemon may have open to the most that the system allows: each connection is one, and the usual
/// 1,024 is kept for programs that use select(2) only.
///
/// Returns the number before, which agents are to get; none where it stays.
pub(crate) fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return None;
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised: fewer clients can connect at once");
    }
    limit.current
}

/// Sets the number of files this process may have open.
pub(crate) fn limit_open_files(current: u64) {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(current), ..limit }) {
        tracing::warn!(%error, "the limit of open files could not be set back");
    }
}
