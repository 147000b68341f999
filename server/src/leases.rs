//! The leases of this host's agents, where several hosts share the store: each heartbeat that the store has confirmed prolongs them.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aiwg_shim::{Lease, boot_ms};

/// Time by which an agent ends before its host may be given up, in milliseconds.
const BEFORE_MS: u64 = 30_000;

/// The leases of all agents of this host. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Leases {
    path: PathBuf,
    until_ms: Arc<AtomicU64>,
}

impl Leases {
    /// Those of a host that the store has heard of at this time of [`aiwg_shim::boot_ms`], and that is given up after so long.
    pub(crate) fn new(path: PathBuf, heard_ms: u64, lost_after_ms: u64) -> Self {
        let leases = Self { path, until_ms: Arc::default() };
        leases.prolong(heard_ms, lost_after_ms);
        leases
    }

    /// The store has heard of the host again: of a heartbeat that was sent then.
    pub(crate) fn prolong(&self, sent_ms: u64, lost_after_ms: u64) {
        let until_ms = sent_ms.saturating_add(lost_after_ms.saturating_sub(BEFORE_MS));
        self.until_ms.store(until_ms, Ordering::Relaxed);
        if let Err(error) = aiwg_shim::prolong(&self.path, until_ms) {
            tracing::warn!(%error, path = %self.path.display(), "the leases of the agents could not be prolonged");
        }
    }

    /// That of an agent that starts now.
    ///
    /// # Errors
    /// It is over: the store has not heard of this host for too long, as after the machine was asleep.
    pub(crate) fn current(&self) -> io::Result<Lease> {
        let until_ms = self.until_ms.load(Ordering::Relaxed);
        match until_ms > boot_ms() {
            true => Ok(Lease { path: self.path.clone(), until_ms }),
            false => Err(io::Error::other(
                "the store has not heard of this host for too long; it is said to it again each 10 seconds",
            )),
        }
    }
}
