//! What the daemon keeps, under the names that it has had.

pub use aiwg_model::{
    Firing, InForce, Keep, Outcome, Pending, RuleFacts, StopReason as Ending, Switch, TaskNo, TaskRow,
    TaskSpec as NewTask,
};
pub(crate) use aiwg_model::{
    ImportedTask as Imported, PROMPT_HEAD, Processes, Run, SessionCost, TAIL_BYTES, limits::HIGHEST_BELIEVED,
};
pub(crate) use aiwg_store::PAGE_BYTES;
pub use aiwg_store::{EventFilter, EventPage, From, Selection, StoreError, TaskFilter, TaskPage};
pub(crate) use aiwg_store_sqlite::{
    Found, Mismatch, Quarantined as SetAside, ask, from_io, has_journal, has_lost_log, is_damage,
    is_unreadable, log_of, no_room,
};
pub use aiwg_store_sqlite::{SqliteReader as Reader, SqliteStore as Store};
