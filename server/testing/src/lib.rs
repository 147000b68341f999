//! For tests only: a daemon in the test's own process, and what tests of any kind stand on.
//!
//! [`TestDaemon`] is a real daemon in a temporary project: real socket, real store, real shims. It has threads of its
//! own, so a test may wait for it with or without a runtime. When it is dropped, its agents have ended, its threads are
//! joined, and nothing of it runs any more.
//!
//! ```no_run
//! use aiwg_testing::{TestDaemon, rule};
//! use serde_json::json;
//!
//! let daemon = TestDaemon::with(json!({ "rules": [rule("r", "a:b", "do: echo done")] }));
//! daemon.emit("a:b", json!({ "version": 1 }));
//! let task = daemon.wait_for_task("task-0001", "completed");
//! assert!(task["output"].as_str().unwrap().contains("done"));
//! ```
//!
//! The additions of the binary are not here: signals, `daemon.log`, the command, a restart in place. Those are tested
//! through it, in `tests/e2e/`.

// It is part of tests, which say by a panic what is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod agents;
mod daemon;
mod example;
mod process;
mod running;
mod shim;
mod vectors;
mod wait;
mod wire;

pub use agents::{asking, claude_stand_in, live_stand_in, repository, rule, rule_with, scripted, stand_in};
pub use daemon::TestDaemon;
pub use example::{example, method_example};
pub use process::{is_dead, kill, may_unshare, processes_of};
pub use vectors::{call_vectors, fits};
pub use wait::{until, until_some};
pub use wire::Wire;
