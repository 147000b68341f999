//! The params and results of every method, and the types in them.

mod account;
mod approval;
mod automation;
mod bounded;
mod budget;
mod by_name;
mod chat;
mod common;
mod daemon;
mod event;
mod file_event;
mod health_check;
mod json;
mod logs;
mod messaging;
mod open;
mod output;
mod queue;
mod report;
mod round;
mod rpc;
mod schedule;
mod selection;
mod stats;
mod status;
mod steer;
mod subscription;
mod task;
mod task_event;
mod timestamp;
mod usage;
mod why;

// What the configuration says as well.
pub use crate::terms::*;

// All of them, by glob: a new type is stated in its own file and nowhere else.
pub use account::*;
pub use approval::*;
pub use automation::*;
pub use budget::*;
pub use chat::*;
pub use common::*;
pub use daemon::*;
pub use event::*;
pub use file_event::*;
pub use health_check::*;
pub use json::*;
pub use logs::*;
pub use messaging::*;
pub use open::{Open, Word};
pub use output::*;
pub use queue::*;
pub use report::*;
pub use round::*;
pub use rpc::*;
pub use schedule::*;
pub use selection::*;
pub use stats::*;
pub use status::*;
pub use steer::*;
pub use subscription::*;
pub use task::*;
pub use task_event::*;
pub use timestamp::*;
pub use usage::*;
pub use why::*;
