//! What the daemon is about, as plain types: tasks, events, what rules remember, names and limits.
//!
//! Nothing here reads, writes, waits or decides: whoever does can depend on it without depending on each other.

mod cursor;
mod event;
mod hold;
mod imported;
mod in_force;
pub mod limits;
pub mod names;
mod order;
mod outcome;
mod retention;
mod rule_state;
mod run;
mod task;
pub mod text;

pub use cursor::{Cursor, OnlyIf};
pub use event::NewEvent;
pub use hold::Hold;
pub use imported::ImportedTask;
pub use in_force::InForce;
pub use order::{Order, StartOrder};
pub use outcome::{Outcome, Processes, SessionCost};
pub use retention::Keep;
pub use rule_state::{BusyPeriod, Firing, Pending, RuleFacts, Switch};
pub use run::{EndReason, RunId, RunRow, RunStart};
pub use task::{PROMPT_HEAD, StopReason, TAIL_BYTES, TaskNo, TaskRow, TaskSpec};
