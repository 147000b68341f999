//! The store: what must survive anything. SQLite in WAL mode with `synchronous=FULL`; no SQL outside this folder.
//!
//! There is one writer, the engine's thread, through [`Store`]; everyone else reads through a [`Reader`]. The queue itself
//! lives here too, as a partial index: nothing has to be loaded at start, and a rolled back transaction leaves nothing to
//! undo in memory but the counters below.

mod aside;
mod automation;
mod conversations;
mod counts;
mod dependencies;
mod events;
mod files;
mod import;
mod lenient;
mod made_here;
mod mend;
mod open;
mod overview;
mod prune;
mod read;
mod reserve;
mod row;
mod schedules;
mod selection;
mod stamp;
mod tasks;
mod usage;
mod write;

pub use aiwg_model::{
    Firing, Keep, Outcome, Pending, Processes, RuleFacts, Run, SessionCost, StopReason as Ending, Switch,
    TaskNo, TaskRow, TaskSpec as NewTask, WatchCursor as FilesTold,
};
pub(crate) use aiwg_model::{PROMPT_HEAD, TAIL_BYTES};
pub use aside::SetAside;
pub use import::Imported;
pub(crate) use lenient::is_unreadable;
pub use made_here::InForce;
pub(crate) use made_here::{Found, ask};
pub(crate) use mend::HIGHEST_BELIEVED;
pub use open::StoreError;
pub(crate) use open::is_damage;
pub(crate) use read::PAGE_BYTES;
pub use read::{EventFilter, EventPage, From, Reader, TaskFilter, TaskPage};
pub(crate) use reserve::no_room;
pub use selection::Selection;
pub(crate) use stamp::{Mismatch, has_journal, has_lost_log, log_of};
pub use write::Store;
