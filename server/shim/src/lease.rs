//! The lease of an agent whose task others may give to another host: it ends where its daemon can no longer say to them that it lives.
//!
//! The daemon prolongs it by a file for all its shims. Its times are those of a clock that goes on while the machine sleeps, and that nobody sets.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_fs::{open_regular, write_atomic};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Longest time between two looks at the file.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Shortest time between two looks.
const SHORTEST: Duration = Duration::from_millis(100);

/// Longest file that is read, in bytes.
const LONGEST: u64 = 64;

/// The lease of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The file by which it is prolonged.
    pub path: PathBuf,
    /// Its end until then: milliseconds of [`boot_ms`].
    pub until_ms: u64,
}

/// The time since the machine was started, in milliseconds, that in which it slept included.
#[must_use]
pub fn boot_ms() -> u64 {
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    let now = clock_gettime(clock);
    let (seconds, nanos) = (u64::try_from(now.tv_sec).unwrap_or(0), u64::try_from(now.tv_nsec).unwrap_or(0));
    seconds.saturating_mul(1000).saturating_add(nanos / 1_000_000)
}

/// Prolongs the leases of all shims that have this file, until this moment of [`boot_ms`].
///
/// # Errors
/// The file cannot be written.
pub fn prolong(path: &Path, until_ms: u64) -> io::Result<()> {
    write_atomic(path, until_ms.to_string().as_bytes())
}

impl Lease {
    /// True if it is over now.
    pub(crate) fn is_over(&self) -> bool {
        Kept::of(self.clone()).is_over(Instant::now())
    }
}

/// A lease that is looked after.
pub(crate) struct Kept {
    lease: Lease,
    next_look: Instant,
}

impl Kept {
    pub(crate) fn of(lease: Lease) -> Self {
        Self { lease, next_look: Instant::now() }
    }

    /// The time of the next look.
    pub(crate) fn next_look(&self) -> Instant {
        self.next_look
    }

    /// Looks, if it is time to. True if it is over. It is never shorter than it was: a file that is gone says nothing.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        if now < self.next_look {
            return false;
        }
        self.lease.until_ms = self.lease.until_ms.max(read(&self.lease.path).unwrap_or(0));
        let left_ms = self.lease.until_ms.saturating_sub(boot_ms());
        // It may be prolonged at the last moment.
        self.next_look = now + LOOK_EVERY.min(Duration::from_millis(left_ms)).max(SHORTEST);
        left_ms == 0
    }
}

fn read(path: &Path) -> Option<u64> {
    use std::io::Read;
    let mut text = String::new();
    open_regular(path).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_prolonged_and_never_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lease");
        let lease = |until_ms| Kept::of(Lease { path: path.clone(), until_ms });
        let is_over = |until_ms| {
            let mut kept = lease(until_ms);
            kept.is_over(Instant::now())
        };
        assert!(is_over(boot_ms()) && !is_over(boot_ms() + 60_000));
        prolong(&path, boot_ms() + 60_000).unwrap();
        let mut kept = lease(0);
        assert!(!kept.is_over(Instant::now()));
        prolong(&path, 1).unwrap();
        kept.next_look = Instant::now();
        assert!(!kept.is_over(Instant::now()), "it was longer");
        // Whatever an agent has put in its way is replaced, and neither followed nor waited for.
        let (other, way) = (dir.path().join("other"), path.with_extension("tmp"));
        std::fs::write(&other, "a person's").unwrap();
        std::os::unix::fs::symlink(&other, &way).unwrap();
        prolong(&path, 2).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &way, rustix::fs::Mode::RWXU).unwrap();
        prolong(&path, 3).unwrap();
        assert_eq!((std::fs::read(&other).unwrap(), read(&path)), (b"a person's".to_vec(), Some(3)));
        std::fs::write(&path, "soon").unwrap();
        assert!(is_over(0), "what says nothing prolongs nothing");
    }
}
