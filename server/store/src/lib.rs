//! The daemon's durable state, which must survive anything, whatever backend keeps it.
//!
//! There is one writer, a [`Store`], whose changes are [`Transaction`]s; everybody else reads beside it, by a [`Reader`]. The types are those of
//! `aiwg-model`, and a backend's own appear nowhere: an error is a [`StoreError`] of a kind that says what can be done about it.
//!
//! The module `contract` has tests for all that a backend promises, which each of them passes; it is there with the
//! feature `contract`.

mod carry;
#[cfg(feature = "contract")]
pub mod contract;
mod error;
mod outputs;
mod query;
mod reader;
mod reports;
mod store;
mod tables;
mod transaction;
mod view;

pub use carry::{Carried, Changes, Sum, carry, verify};
pub use error::{ErrorKind, StoreError};
pub use outputs::{BLOCK, KeptOutput, OutputBlock, OutputPiece, OutputSink, StoredEnd, StreamOf};
pub use query::{
    AGENT_SUMS, ApprovalFilter, Classified, EventFilter, EventPage, From, OTHER, PAGE_BYTES, Placed,
    RULE_COSTS, Selection, TaskFilter, TaskPage, own_name,
};
pub use reader::Reader;
pub use reports::Reports;
pub use store::Store;
pub use tables::{Cell, Kind, STAYING, STAYING_CURSORS, TABLES, Table};
pub use transaction::Transaction;
pub use view::View;

/// The result of a store's methods.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
