//! The daemon's terms as plain types: tasks, events, the states of rules, names and limits.
//!
//! The crate reads, writes, waits for and decides nothing: parts that do depend on it, and not on each other.

mod approval;
mod call_key;
mod cursor;
mod digest;
mod end_reason;
mod event;
mod hold;
mod imported;
mod in_force;
pub mod limits;
mod lineage;
mod message;
pub mod names;
mod order;
mod outbox;
mod outcome;
mod queue;
mod retention;
mod rounds;
mod rule_state;
mod run;
mod spending;
mod stop_reason;
mod task;
mod task_no;
mod terms;
pub mod text;
mod tree;
mod verify;

pub use approval::{ApprovalNo, ApprovalRow, NewApproval, ToolUse};
pub use call_key::{Answer, CallKey, KeptAnswer, KeyId};
pub use cursor::{Cursor, OnlyIf};
pub use end_reason::EndReason;
pub use event::NewEvent;
pub use hold::Hold;
pub use imported::ImportedTask;
pub use in_force::InForce;
pub use lineage::{Follow, MatchDecision, RuleRevision, Sender, Trace, TracedEvent, TracedTask};
pub use message::{Message, MessageId, Received};
pub use order::{Order, RoundOrder, StartOrder};
pub use outbox::{MessageCounts, MessageNo, MessageRow, MessageState, NewMessage, OutboxLane};
pub use outcome::{Outcome, Processes, SessionCost, Used, UsedBy};
pub use queue::{Head, QueueSwitch, QueuedCount};
pub use retention::Keep;
pub use rounds::{PastRound, RoundDetail, RoundUse, Rounds, check_result, is_answer, is_end_of_work};
pub use rule_state::{BusyPeriod, Firing, Pending, RuleFacts, Switch};
pub use run::{RunId, RunRow, RunStart};
pub use spending::{AgentSum, RunCost, Spending, sum_of, whole_usd};
pub use stop_reason::StopReason;
pub use task::{PROMPT_HEAD, TAIL_BYTES, TaskRow, TaskSpec, end_of_answer, is_cut_answer};
pub use task_no::TaskNo;
pub use terms::{AskedBy, Sent, Taken, Terms};
pub use tree::{KeptTree, RunTree, TreeOrder, TreeTerms};
pub use verify::{FoundFiles, ProtectRecord, VerifyTerms};
