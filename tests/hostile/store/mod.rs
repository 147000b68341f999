//! A database that is locked, full, or holds impossible values.

mod lending;
mod locked;
mod many;
mod shortages;
mod values;

use rusqlite::Connection;

use crate::support::Project;

/// The database, opened beside the daemon.
fn database(project: &Project) -> Connection {
    Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap()
}
