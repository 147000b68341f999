//! The engine: the one place where things happen, one after the other.
//!
//! Sources (the socket, the supervisor, the watcher, the scheduler) send commands through [`Engine`]: see [`call`]. A thread of its own takes all
//! that have gathered, applies them in one transaction, commits, and only then lets anyone know: it answers the callers,
//! publishes the events on the bus and hands orders to the supervisor. So an acknowledged event and the tasks that rules
//! made of it are on the disk together, a hundred waiting calls cost one sync, and there is no moment in which the rules, the queue
//! and the log disagree.
//!
//! If the transaction fails, nothing was published, and what is in memory is read again from the store. Its commands are kept and carried
//! out again, each by itself, so that only those fail which cannot be stored: see [`recover`].

mod accounts;
#[cfg(test)]
mod approval_tests;
mod approvals;
mod automation;
mod budget;
mod call;
mod classes;
mod clock;
mod command;
mod conversation;
mod cursors;
mod demands;
mod due;
mod edit;
mod effects;
mod events;
#[cfg(test)]
mod fallback_tests;
mod fallbacks;
mod feedback;
mod gates;
mod gathering;
mod handle;
mod holds;
mod hosts;
mod inbox;
mod journal;
mod lineage;
mod many;
mod matches;
mod memory;
mod messages;
#[cfg(test)]
mod model_fate;
#[cfg(test)]
mod model_tests;
mod payload;
mod record;
mod recover;

mod next_run;
mod once;
mod others;
mod pause;
mod permissions;
mod retry;
mod run_ends;
mod slots;
mod spans;
mod spool;
mod starts;
mod state;
mod steer;
mod submit;
mod takeover;
mod tasks;
mod thread;
mod traces;
mod transaction;
mod trees;
#[cfg(test)]
mod unattended_model_tests;
mod unstored;
mod verify;
#[cfg(test)]
mod verify_model_tests;
mod waiting;
mod waits;

pub(crate) use accounts::state_of;
pub(crate) use aiwg_model::text::similar;
pub use approvals::{Choice, Verdict};
pub(crate) use approvals::{LONGEST_SUMMARY, later};
pub(crate) use automation::{automation, rule_facts};
pub use budget::Budgets;
pub(crate) use budget::budget_status;
pub use classes::Classes;
pub(crate) use classes::lane_of;
pub use command::{
    Automation, DueScope, EngineConfig, EngineError, NewEvent, Order, Prune, Pruned, RuleState, Select,
    StartOrder, Starts,
};
pub use due::Due;
pub(crate) use due::fire_when_due;
pub use edit::Edit;
pub use gates::{Gate, Gates};
pub(crate) use gathering::{Gathered, Gatherer, Gathering, gathering};
pub use handle::Engine;
pub(crate) use hosts::Way;
pub(crate) use inbox::FILES;
pub use inbox::Publication;
pub(crate) use messages::{Asked, Decision, Effect, Outgoing, Receipt, muted};
pub use pause::{By, Draining};
pub use permissions::{LetThrough, PermissionAnswer, Permit, ToolCall};
pub use spool::{Spooled, Spooling};
pub use steer::SentBy;
pub(crate) use steer::messages_for_agent;
pub use takeover::TakenBy;
pub use thread::{EngineSetup, start};
pub use traces::Traces;
pub(crate) use trees::{
    Base, Brought, Sent, TreeUse, being_applied, latest_kept, to_bring, to_push, tree_uses,
};
pub(crate) use verify::used_ms;
pub(crate) use waits::Wait;
