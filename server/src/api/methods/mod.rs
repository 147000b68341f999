//! What each method does: a function of the method's name, one file for each namespace.

mod automation;
mod chat;
mod check;
mod daemon;
mod event;
mod logs;
mod output;
mod rpc;
mod schedule;
mod task;
mod trial;

// All of them, by glob: a new method is stated in its own file and nowhere else.
pub(super) use automation::*;
pub(super) use chat::*;
pub(crate) use daemon::*;
pub(super) use event::*;
pub(super) use logs::*;
pub(super) use output::*;
pub(super) use rpc::*;
pub(super) use schedule::*;
pub(super) use task::*;
pub(super) use trial::*;
