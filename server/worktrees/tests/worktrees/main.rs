//! Work trees, with real git in temporary directories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod keep;
mod slots;
mod snapshot;
mod support;
