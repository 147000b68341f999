//! What runs beside the engine, each part by itself.

mod event_log;
pub(crate) mod health_check;
pub(crate) mod retention;
pub(crate) mod scheduler;
pub(crate) mod state_guard;
mod status_files;
mod tasks_file;
pub(crate) mod watcher;

pub(crate) use event_log::{last_of, last_written, write_event_log};
pub(crate) use status_files::write_status_files;
pub(crate) use tasks_file::{WRITTEN_BY, write_tasks_file};
