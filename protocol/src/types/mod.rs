//! The params and results of every method, and the types in them.

mod automation;
mod by_name;
mod common;
mod daemon;
mod event;
mod health;
mod json;
mod output;
mod rpc;
mod schedule;
mod stats;
mod status;
mod subscription;
mod task;
mod timestamp;
mod usage;

// All of them, by glob: a new type is stated in its own file and nowhere else.
pub use automation::*;
pub use common::*;
pub use daemon::*;
pub use event::*;
pub use health::*;
pub use json::*;
pub use output::*;
pub use rpc::*;
pub use schedule::*;
pub use stats::*;
pub use status::*;
pub use subscription::*;
pub use task::*;
pub use timestamp::*;
pub use usage::*;
