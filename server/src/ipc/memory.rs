//! How much memory connections may take, all together and each.

use aiwg_protocol::wire::{Budget, server::Limits};

/// A MiB, in bytes.
const MIB: usize = 1024 * 1024;

/// How much one long answer may take while it is made: a page of the store, the row that ends it, and what JSON adds.
pub(crate) const LONG_ANSWER: usize = 10 * MIB;

/// What all connections share: half of it for what they read, half for what they are sent.
pub(crate) struct Memory {
    pub(crate) lines: Budget,
    pub(crate) answers: Budget,
}

impl Memory {
    /// So much in all, in MiB: `daemon.max_memory_mb`.
    pub(crate) fn new(max_memory_mb: u32) -> Self {
        let half = mib(max_memory_mb) / 2;
        Self { lines: Budget::new(half), answers: Budget::new(half) }
    }

    /// What one connection may hold, where a line may have so many MiB.
    pub(super) fn limits(&self, max_message_mb: u32) -> Limits {
        Limits { line: mib(max_message_mb), lines: self.lines.clone(), gathered: self.answers.total() / 4 }
    }
}

fn mib(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(MIB)
}
