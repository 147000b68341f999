//! The limits on the memory of connections, all together and each.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use aiwg_protocol::wire::{Budget, server::Limits};

use crate::allocator::give_back_what_is_free;

/// A MiB, in bytes.
const MIB: usize = 1024 * 1024;

/// The memory that one long answer may take while it is made, in bytes: a page of the store, the row that ends it, and the characters that JSON adds.
pub(crate) const LONG_ANSWER: usize = 10 * MIB;

/// The number of freed bytes from which they are given back to the system.
const WORTH_IT: usize = 4 * MIB;

/// The budgets that all connections share.
pub(crate) struct Memory {
    /// Half of it: for the lines that they send, and the calls in them.
    pub(crate) lines: Budget,
    /// Three eighths: for the answers and notifications that they are sent.
    pub(crate) answers: Budget,
    /// An eighth: for subscriptions and calls that wait.
    pub(crate) long_lived: Budget,
    is_giving_back: Arc<AtomicBool>,
}

impl Memory {
    /// The budgets of this many MiB in all: `daemon.max_memory_mb`.
    pub(crate) fn new(max_memory_mb: u32) -> Self {
        let eighth = mib(max_memory_mb) / 8;
        Self {
            lines: Budget::new(4 * eighth),
            answers: Budget::new(3 * eighth),
            long_lived: Budget::new(eighth),
            is_giving_back: Arc::default(),
        }
    }

    /// The limits of one connection, where a line may have `max_message_mb` MiB.
    pub(crate) fn limits(&self, max_message_mb: u32) -> Limits {
        Limits {
            line: mib(max_message_mb),
            lines: self.lines.clone(),
            answers: self.answers.clone(),
            gathered: self.answers.total() / 3,
        }
    }

    /// Gives memory back to the system, beside the connections, if much of it has come back since that was done last. To be called when a
    /// connection has nothing to do any more.
    pub(crate) fn give_back(&self) {
        let budgets = [&self.lines, &self.answers, &self.long_lived];
        let has_come_back = |budget: &&Budget| budget.most().saturating_sub(budget.taken()) >= WORTH_IT;
        if !budgets.iter().any(has_come_back) || self.is_giving_back.swap(true, Ordering::Relaxed) {
            return;
        }
        budgets.iter().for_each(|budget| budget.forget_most());
        let done = Arc::clone(&self.is_giving_back);
        tokio::task::spawn_blocking(move || {
            give_back_what_is_free();
            done.store(false, Ordering::Relaxed);
        });
    }
}

fn mib(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(MIB)
}

/// Converts KiB to bytes.
pub(super) fn kib(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(1024)
}
