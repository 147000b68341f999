//! Reading beside the writer.

use std::collections::HashMap;

use aiwg_model::{
    AgentSum, ApprovalNo, ApprovalRow, Follow, Hold, HostRow, MessageCounts, QueuedCount, RuleFacts, RunRow,
    Spending, TaskNo, TaskRow, Trace,
};
use aiwg_protocol::types::{ChatTurn, RuleExecution, TaskStats, Timestamp};

use crate::{
    ApprovalFilter, EventFilter, EventPage, OutputPiece, Result, StreamOf, Table, TaskFilter, TaskPage,
};

/// Sees what has been committed, from any thread. Its calls block.
///
/// A row that cannot be read is passed over, and reported; only [`Reader::task`] fails for it.
pub trait Reader: Send + Sync {
    /// A task.
    fn task(&self, no: TaskNo) -> Result<Option<TaskRow>>;

    /// Tasks, the newest first: fewer than asked for where they are very long.
    fn tasks(&self, filter: &TaskFilter) -> Result<TaskPage>;

    /// The runs of a task, in the order of their numbers.
    fn runs(&self, task: TaskNo) -> Result<Vec<RunRow>>;

    /// A piece of a stream of a run, from this byte on, with so many bytes at the most. It is empty where nothing is stored from there on.
    ///
    /// # Errors
    /// The store cannot be read.
    fn output(&self, of: StreamOf, from: u64, most: u64) -> Result<OutputPiece>;

    /// The last bytes of a stream of a run, so many at the most: what is stored of it in one piece.
    ///
    /// # Errors
    /// The store cannot be read.
    fn output_tail(&self, of: StreamOf, most: u64) -> Result<OutputPiece>;

    /// The hosts that share the store, or have shared it, in the order of their starts, each with the number of tasks that run there; none where there is no
    /// such thing.
    fn hosts(&self) -> Result<Vec<(HostRow, u32)>>;

    /// The tasks that run, the newest first, `limit` at the most: no more than the beginning of each, [`aiwg_model::PROMPT_HEAD`].
    fn running(&self, limit: u32) -> Result<Vec<TaskRow>>;

    /// The first tasks of the queue, in the order in which they will start, `limit` at the most; those that wait for others come last. No more
    /// than the beginning of each.
    fn queued(&self, limit: u32) -> Result<Vec<TaskRow>>;

    /// The tasks that run, the first of the queue in the order in which they will start (those that wait for others last), and those that
    /// have ended last: each with no more than the beginning of its prompt.
    fn overview(&self, queued: u32, finished: u32) -> Result<Vec<TaskRow>>;

    /// This task and those that must complete before it can start: 1,000 of them where there are more.
    fn needed(&self, task: TaskNo) -> Result<Vec<TaskNo>>;

    /// The holds of a task.
    fn holds(&self, task: TaskNo) -> Result<Vec<Hold>>;

    /// An approval; none as well if its row cannot be read.
    fn approval(&self, no: ApprovalNo) -> Result<Option<ApprovalRow>>;

    /// Approvals, the oldest first.
    fn approvals(&self, filter: &ApprovalFilter) -> Result<Vec<ApprovalRow>>;

    /// Number of approvals that are pending.
    fn pending_approvals(&self) -> Result<u64>;

    /// Queued tasks that wait for an approval which is not there to be decided any more, `limit` at the most.
    ///
    /// # Errors
    /// The store cannot be read.
    fn held_in_vain(&self, limit: u32) -> Result<Vec<TaskNo>>;

    /// The tasks whose record of protected files others compare with, each with the time at which the last of these has ended; none while one of
    /// them has not.
    ///
    /// # Errors
    /// The store cannot be read.
    fn records_in_use(&self) -> Result<Vec<(TaskNo, Option<Timestamp>)>>;

    /// Number of tasks in each state, and their usage.
    fn stats(&self) -> Result<TaskStats>;

    /// The usage of all agents since the project's beginning, by the rule of their tasks and by agent. What comes once there are
    /// [`crate::AGENT_SUMS`] of these sums counts as that of [`crate::OTHER`] with [`crate::OTHER`].
    fn agent_sums(&self) -> Result<Vec<AgentSum>>;

    /// Number of queued tasks of each class, and of each kind of hold on them: of a task's holds only one counts.
    fn queued_by_class(&self) -> Result<Vec<QueuedCount>>;

    /// The last turns of a conversation, the oldest first, `limit` at the most: fewer where they have more than so many bytes together, and
    /// whether that is so.
    fn turns(&self, conversation: &str, limit: u32, bytes: usize) -> Result<(Vec<ChatTurn>, bool)>;

    /// Events, in the order in which they are looked at. One call looks at so many at the most, so that a search through a long log does not
    /// keep others waiting: go on from [`EventPage::scanned`] until [`EventPage::is_last`]. Forwards it ends where numbers are missing, too.
    fn events(&self, filter: &EventFilter) -> Result<EventPage>;

    /// The number of the first event; 0 where there is none.
    fn first_event(&self) -> Result<u64>;

    /// The number of the last event that was ever stored.
    fn last_event(&self) -> Result<u64>;

    /// The events before this number, the latest first, each with about how many bytes it takes: so many at the most, so that nobody waits
    /// long.
    fn event_sizes(&self, before: u64) -> Result<Vec<(u64, u64)>>;

    /// Size of the store, in bytes, without the free space in it.
    fn size(&self) -> Result<u64>;

    /// True unless automation as a whole is switched off.
    fn automation_enabled(&self) -> Result<bool>;

    /// The facts about the rules.
    fn rule_facts(&self) -> Result<RuleFacts>;

    /// The tasks that rules have made lately, the newest first, `limit` at the most.
    fn firings(&self, limit: u32) -> Result<Vec<RuleExecution>>;

    /// The money that was spent from one day to another, these included, in the order of the days.
    fn spending(&self, first: &str, last: &str) -> Result<Vec<Spending>>;

    /// This task and those that it came of, or that came of it: the nearest first, `limit` at the most. Upwards that is the task which it carries out
    /// again, else the one of its cause; downwards the tasks of whose cause it is, without those that carry it out again.
    fn chain(&self, task: TaskNo, follow: Follow, limit: u32) -> Result<Vec<TaskNo>>;

    /// The records about these tasks and events; of each kind 10,001 at the most.
    fn trace(&self, tasks: &[TaskNo], events: &[u64], follow: Follow) -> Result<Trace>;

    /// The matches of these events that wait, each as a rule and an event: 10,001 at the most.
    fn waiting_matches(&self, events: &[u64]) -> Result<Vec<(String, u64)>>;

    /// The positions of a source's cursors, by their keys.
    fn cursors(&self, source: &str) -> Result<HashMap<String, String>>;

    /// Numbers of the messages to each platform that has any.
    fn message_counts(&self) -> Result<Vec<MessageCounts>>;

    /// The number of rows of a table, as [`crate::View::rows_of`] counts them.
    ///
    /// # Errors
    /// The store cannot be read.
    fn rows_of(&self, table: &Table) -> Result<u64>;
}
