//! The methods: each is a function of the method's name, in one file for each namespace.

mod account;
mod approval;
mod automation;
mod budget;
mod chat;
mod check;
mod daemon;
mod dry_run;
mod event;
mod host;
mod logs;
mod messaging;
mod metrics;
mod output;
mod permission;
mod report;
mod rpc;
mod schedule;
mod steer;
mod task;
mod topic;
mod why;
mod workspace;

// All of them, by glob: a new method is stated in its own file and nowhere else.
pub(super) use account::*;
pub(super) use approval::*;
pub(super) use automation::*;
pub(super) use budget::*;
pub(super) use chat::*;
pub(crate) use daemon::*;
pub(super) use dry_run::*;
pub(crate) use event::*;
pub(super) use host::*;
pub(super) use logs::*;
pub(super) use messaging::*;
pub(super) use metrics::*;
pub(super) use output::*;
pub(super) use permission::*;
pub(crate) use report::*;
pub(super) use rpc::*;
pub(super) use schedule::*;
pub(super) use steer::*;
pub(super) use task::*;
pub(super) use topic::*;
pub(super) use why::*;
pub(super) use workspace::*;
