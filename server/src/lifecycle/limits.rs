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

/// Keeps the secrets of this process from other processes of its user, as far as the system can: there is no core of it if it crashes, and
/// nobody but the superuser sees its memory or the environment that it was started with. Programs that it starts are not concerned.
pub fn hide_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::warn!(%error, "the secrets in this process's memory could not be hidden from other processes of its user");
        }
    }
    let limit = getrlimit(Resource::Core);
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit }) {
        tracing::warn!(%error, "a crash would leave a core, with the secrets in it");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    use super::*;

    #[test]
    fn hidden_memory_is_in_no_core() {
        hide_memory();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
