//! The watcher on real files, each test in a directory of its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod changes;
mod directories;
mod editors;
mod gap;
mod git;
mod git_ignores;
mod ignoring;
mod limits;
mod links;
mod operations;
mod options;
mod polling;
mod property;
mod roots;
mod scale;
mod support;
