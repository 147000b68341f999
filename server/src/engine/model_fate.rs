//! The ends of the transactions of the model tests.

use proptest::prelude::*;

/// The end of a transaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Committed,
    /// Undone, as after an error of the disk.
    RolledBack,
    /// The process died before the commit.
    Crashed,
}

/// Most are committed.
pub(super) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![5 => Just(Fate::Committed), 1 => Just(Fate::RolledBack), 2 => Just(Fate::Crashed)]
}
