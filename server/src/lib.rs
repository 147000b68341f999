//! The aiwg daemon.
