//! What the daemon keeps, under the names that it has had.

pub use aiwg_model::{
    Firing, InForce, Keep, Outcome, Pending, RuleFacts, StopReason, Switch, TaskNo, TaskRow, TaskSpec,
};
pub(crate) use aiwg_model::{
    ImportedTask, PROMPT_HEAD, Processes, Run, SessionCost, TAIL_BYTES, limits::HIGHEST_BELIEVED,
};
pub(crate) use aiwg_store::PAGE_BYTES;
pub use aiwg_store::{
    ErrorKind, EventFilter, EventPage, From, Reader, Selection, Store, StoreError, TaskFilter, TaskPage,
    Transaction, View,
};
