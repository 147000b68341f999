//! The store in SQLite, in WAL mode with `synchronous=FULL`. No SQL outside this crate.
//!
//! There is one writer, the engine's thread, through [`SqliteStore`]; everyone else reads through a [`SqliteReader`]. The queue
//! itself lives here too, as a partial index: nothing has to be loaded at start, and a rolled back transaction leaves nothing to
//! undo in memory but the counters.

mod answers;
mod approvals;
mod automation;
mod conversations;
mod counts;
mod cursors;
mod error;
mod events;
mod filter;
mod holds;
mod import;
mod lenient;
mod lineage;
mod list;
mod made_here;
mod mend;
#[cfg(test)]
mod migrated;
mod open;
mod outbox;
mod overview;
mod prune;
mod quarantine;
mod queue;
mod read;
mod reserve;
mod row;
mod runs;
mod selection;
mod spending;
mod stamp;
mod tasks;
mod transaction;
mod usage;
mod write;

pub use error::from_io;
pub use made_here::{Found, ask};
pub use quarantine::Quarantined;
pub use read::SqliteReader;
pub use stamp::{Mismatch, Stamp, has_journal, has_lost_log, log_of};
pub use write::SqliteStore;
