//! What each method does: a function of the method's name, one file for each namespace.

mod check;
mod daemon;
mod event;
mod output;
mod rpc;
mod task;

pub(crate) use daemon::status;
pub(super) use daemon::{daemon_status, daemon_stop, ping};
pub(super) use event::{event_emit, event_list, event_subscribe, event_unsubscribe};
pub(super) use output::task_output;
pub(super) use rpc::rpc_discover;
pub(super) use task::{task_cancel, task_get, task_list, task_retry, task_stats, task_submit, task_wait};
