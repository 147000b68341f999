//! The store in SQL: what is the same in every database.
//!
//! There is one text of each statement, in the SQL that SQLite and PostgreSQL have in common (see [`Connection`]), and one reading of each row. A
//! backend brings its [`Connection`], its tables, and a [`Backend`] over a [`Writer`]: how a transaction begins and ends there. It has the traits of
//! `aiwg-store` by that: [`Open`] is the transaction and the view, [`SqlReader`] the reader.
//!
//! The queue is an index of the table of tasks: nothing has to be loaded at start, and a transaction that is undone leaves nothing to
//! undo in memory but the counters.

mod answer_groups;
mod answers;
mod approvals;
mod automation;
mod conversations;
mod counts;
mod cursors;
mod driver;
mod events;
mod filter;
mod holds;
mod hosts;
mod import;
mod in_force;
mod lenient;
mod lineage;
mod list;
mod marks;
mod outbox;
mod outputs;
mod overview;
mod prune;
mod queue;
mod read;
mod row;
mod rows;
mod runs;
mod selection;
mod spending;
mod tasks;
mod transaction;
mod usage;
mod value;
mod write;

pub use driver::{Connection, Row, Statement};
pub use marks::numbered;
pub use read::SqlReader;
pub use transaction::{Backend, Open};
pub use value::{FromValue, ToValue, Value, ValueRef, unreadable};
pub use write::Writer;

/// What a backend's own tests look at.
#[doc(hidden)]
pub mod inside {
    pub use super::{
        answers::{READ_AT_ONCE, SPAN_MS},
        holds::NEXT_RELEASE,
        list::LOOKED_AT,
        queue::{FIRST_OF_CLASS, HEADS, NEXT_EXPIRY},
        usage::MOST,
    };
}
