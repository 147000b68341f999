//! The store in SQLite, in WAL mode with `synchronous=FULL`: what is SQLite's own. The statements are those of `aiwg-store-sql`.
//!
//! There is one writer, the engine's thread, through [`SqliteStore`]; everyone else reads through a [`SqliteReader`].

mod driver;
mod error;
mod made_here;
mod mend;
#[cfg(test)]
mod migrated;
mod open;
mod quarantine;
mod reserve;
mod stamp;
mod store;
#[cfg(test)]
mod tests;

pub use driver::Sqlite;
pub use error::from_io;
pub use made_here::{Found, ask, is_older};
pub use quarantine::Quarantined;
pub use stamp::{Mismatch, Stamp, has_journal, has_lost_log, log_of};
pub use store::SqliteStore;

/// A connection of its own that sees what has been committed. Its calls block.
pub type SqliteReader = aiwg_store_sql::SqlReader<Sqlite>;
