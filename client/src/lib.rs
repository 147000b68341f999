//! The Rust SDK for the aiwg daemon.
