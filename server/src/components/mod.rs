//! The components: the parts that run beside the engine, each by itself.

pub(crate) mod accounts;
pub(crate) mod approvals;
pub(crate) mod automation;
pub(crate) mod event_log;
pub(crate) mod health_check;
pub(crate) mod messaging;
pub(crate) mod report;
pub(crate) mod retention;
pub(crate) mod scheduler;
pub(crate) mod spool;
pub(crate) mod state_guard;
pub(crate) mod status_files;
pub(crate) mod tasks_file;
pub(crate) mod telemetry;
pub(crate) mod watchdog;
pub(crate) mod watcher;
