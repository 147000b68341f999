//! What the daemon keeps, and must survive anything, whatever keeps it.

mod error;
mod query;
mod reports;

pub use error::{ErrorKind, StoreError};
pub use query::{EventFilter, EventPage, From, PAGE_BYTES, Selection, TaskFilter, TaskPage};
pub use reports::Reports;
