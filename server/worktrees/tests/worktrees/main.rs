//! Work trees, with real git in temporary directories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod apply;
mod enemies;
mod keep;
mod limits;
mod remote;
mod slots;
mod snapshot;
mod support;
