//! Reading within a transaction, or between two.

use std::collections::HashMap;

use aiwg_model::{
    ApprovalNo, ApprovalRow, BusyPeriod, Cursor, Head, Hold, HostRow, KeptAnswer, KeyId, MessageNo,
    MessageRow, OutboxLane, Pending, QueueSwitch, RunRow, Spending, Switch, TaskNo, TaskRow,
};
use aiwg_protocol::types::{ChatTurn, Event, TaskState, Timestamp};

use crate::{Cell, Result, Selection, Table};

/// The store as its one writer sees it.
///
/// A row that cannot be read is no reason to read none: it is passed over, and reported. Only [`View::task`] fails for it, with
/// [`crate::ErrorKind::Row`].
pub trait View {
    /// The moment of it, by the store's clock, which is that of all who share it: one moment, however long it is open.
    fn now(&self) -> Timestamp;

    /// True if somebody else may have written since this process has last had the store open: whatever is known of what is stored is to be read again.
    fn has_moved(&self) -> bool;

    /// The highest event number and task number that were ever given; 0 where none was.
    fn last_numbers(&self) -> Result<(u64, u64)>;

    /// A task.
    fn task(&self, no: TaskNo) -> Result<Option<TaskRow>>;

    /// A task; none if there is none, or if its row cannot be read.
    fn task_if_readable(&self, no: TaskNo) -> Result<Option<TaskRow>>;

    /// The state of a task; none if there is none. A task in a state that does not exist has failed.
    fn task_state(&self, no: TaskNo) -> Result<Option<TaskState>>;

    /// The tasks that run, in the order of their numbers.
    fn running(&self) -> Result<Vec<TaskRow>>;

    /// The numbers of the tasks that run, be their rows readable or not.
    fn running_numbers(&self) -> Result<Vec<TaskNo>>;

    /// The runs of a task, in the order of their numbers.
    fn runs(&self, task: TaskNo) -> Result<Vec<RunRow>>;

    /// The runs of all tasks that run, each task's in the order of their numbers.
    fn runs_of_running(&self) -> Result<Vec<RunRow>>;

    /// The hosts that share the store, or have shared it, in the order of their starts; none where there is no such thing.
    fn hosts(&self) -> Result<Vec<HostRow>>;

    /// Number of queued tasks, those that wait for others included.
    fn queued(&self) -> u64;

    /// The first task of each class of the queue that has one which nothing holds, in the order of the classes: the one with the highest
    /// priority, where an hour in the queue counts as one priority more; of several, the one with the lowest number.
    fn heads(&self) -> Result<Vec<Head>>;

    /// The task that is to start next, of all classes.
    fn next_queued(&self) -> Result<Option<TaskNo>> {
        Ok(self.heads()?.into_iter().min_by_key(|head| (head.place, head.no)).map(|head| head.no))
    }

    /// Time since which a switch of the queue is on; none if it is off.
    fn queue_switch(&self, switch: QueueSwitch) -> Result<Option<Timestamp>>;

    /// Time at which the first of what happens by itself does, of what does after this moment; of all if none is given: a queued task expires, a hold ends, a
    /// pending approval expires, or matches are due.
    fn next_deadline(&self, after: Option<Timestamp>) -> Result<Option<Timestamp>>;

    /// The queued tasks that have expired, those first that have so longest, `limit` at the most.
    fn expired(&self, now: Timestamp, limit: u32) -> Result<Vec<TaskNo>>;

    /// The queued tasks whose class has this in its name, in the order of their numbers.
    fn queued_with(&self, part: &str) -> Result<Vec<TaskNo>>;

    /// The first of them that nothing holds, in the order in which they start, `limit` at the most.
    fn ready_with(&self, part: &str, limit: u32) -> Result<Vec<TaskNo>>;

    /// The task of these that is to start next.
    fn next_of(&self, tasks: &[TaskNo]) -> Result<Option<TaskNo>>;

    /// This task and those that must complete before it can start: 1,000 of them where there are more.
    fn needed(&self, task: TaskNo) -> Result<Vec<TaskNo>>;

    /// The holds of a task.
    fn holds(&self, task: TaskNo) -> Result<Vec<Hold>>;

    /// An approval; none as well if its row cannot be read.
    fn approval(&self, no: ApprovalNo) -> Result<Option<ApprovalRow>>;

    /// The latest approvals of a task, in the order of their numbers: 1,000 of them where there are more.
    fn approvals_of(&self, task: TaskNo) -> Result<Vec<ApprovalRow>>;

    /// The latest permissions of a task that are not withdrawn, in the order of their numbers: 1,000 of them where there are more.
    fn permissions_of(&self, task: TaskNo) -> Result<Vec<ApprovalRow>>;

    /// Number of all approvals of a task, and of its questions that are pending.
    fn approval_counts(&self, task: TaskNo) -> Result<(u64, u64)>;

    /// The pending approvals whose time is over, those first that expired first, `limit` at the most.
    fn approvals_due(&self, now: Timestamp, limit: u32) -> Result<Vec<ApprovalNo>>;

    /// The tasks that meet the conditions and are in one of these states, the oldest first, `limit` at the most. `not_retried` leaves out those that
    /// [`crate::Transaction::note_retry`] was called for.
    fn select(
        &self,
        selection: &Selection,
        states: &[TaskState],
        not_retried: bool,
        limit: usize,
    ) -> Result<Vec<TaskNo>>;

    /// The task as which this one was retried last, if it was.
    fn retried_as(&self, no: TaskNo) -> Result<Option<TaskNo>>;

    /// The tasks that were cancelled since they were to start after this one, and have not been retried, in the order of their numbers.
    fn in_vain_for(&self, no: TaskNo) -> Result<Vec<TaskNo>>;

    /// The turns of a conversation that have not ended.
    fn open_turns(&self, conversation: &str) -> Result<Vec<TaskNo>>;

    /// The last turns of a conversation before this one, the oldest first, `limit` at the most.
    fn turns_before(&self, conversation: &str, before: TaskNo, limit: u32) -> Result<Vec<ChatTurn>>;

    /// The event with this number; none as well if it cannot be read.
    fn event(&self, seq: u64) -> Result<Option<Event>>;

    /// The events from one number to another, both included, in their order. What cannot be read is passed over.
    fn events_between(&self, first: u64, last: u64) -> Result<Vec<Event>>;

    /// All switches that were ever set, by rule; the one of all automation has an empty name.
    fn switches(&self) -> Result<HashMap<String, Switch>>;

    /// Number of tasks of each rule that are queued or running; rules without any are left out.
    fn busy_rules(&self) -> Result<HashMap<String, usize>>;

    /// Periods since then in which tasks of rules ran, each with its rule.
    fn busy_periods(&self, since: Timestamp) -> Result<Vec<(String, BusyPeriod)>>;

    /// A rule's matches that wait.
    fn pending(&self, rule: &str) -> Result<Option<Pending>>;

    /// All matches that wait, by rule.
    fn all_pending(&self) -> Result<HashMap<String, Pending>>;

    /// The rules whose matches are due, those first that are so longest.
    fn pending_due(&self, now: Timestamp) -> Result<Vec<String>>;

    /// The events behind a rule's waiting matches, the oldest first: the latest 1,000 of them, and of these as many as have 4 MiB of payload
    /// together. The latest and the deepest are always there.
    fn pending_events(&self, rule: &str) -> Result<Vec<Event>>;

    /// Time of the latest of a rule's waiting matches.
    fn last_pending_at(&self, rule: &str) -> Result<Option<Timestamp>>;

    /// Number of firings of a rule after `since` and until `now`, as far as they count.
    fn counted_firings(&self, rule: &str, since: Timestamp, now: Timestamp) -> Result<u32>;

    /// The positions of a source's cursors, by their keys.
    fn cursors(&self, source: &str) -> Result<HashMap<String, String>>;

    /// The cursors of several sources: the source, the key and the position of each.
    fn cursors_of(&self, sources: &[&str]) -> Result<Vec<(String, String, String)>>;

    /// The number of the first event that is kept; 0 if there is none.
    fn first_event(&self) -> Result<u64>;

    /// True if a cursor is where it must be to be moved.
    fn may_move(&self, cursor: &Cursor) -> Result<bool>;

    /// The money that was spent from one day to another, these included, in the order of the days.
    fn spending(&self, first: &str, last: &str) -> Result<Vec<Spending>>;

    /// The costs of the latest tasks of a rule that have told theirs, [`crate::RULE_COSTS`] at the most, in no order.
    fn rule_costs(&self, rule: &str) -> Result<Vec<f64>>;

    /// Up to when things have aged, as [`crate::Transaction::set_aged`] has noted it last.
    fn aged(&self) -> Result<Option<Timestamp>>;

    /// The position of one cursor of a source.
    fn cursor(&self, source: &str, key: &str) -> Result<Option<String>>;

    /// The answer that is stored under a call's key, whether or not its time is over; none as well if it cannot be read.
    fn kept_answer(&self, id: &KeyId) -> Result<Option<KeptAnswer>>;

    /// A message to a platform; none as well if its row cannot be read.
    fn message(&self, no: MessageNo) -> Result<Option<MessageRow>>;

    /// The messages for a chat that are due, in the order in which they are to be sent, `limit` at the most, without the notices whose severity is
    /// below `least`.
    fn due_messages(
        &self,
        platform: &str,
        chat: &str,
        now: Timestamp,
        least: u8,
        limit: u32,
    ) -> Result<Vec<MessageRow>>;

    /// The message for a chat that is due and asks for an approval, with a severity of `least` or more: the one that is to be sent first of these.
    fn next_asked(&self, platform: &str, chat: &str, now: Timestamp, least: u8)
    -> Result<Option<MessageRow>>;

    /// The chats for which messages wait, each with the time at which the first of them is due.
    fn outbox_lanes(&self) -> Result<Vec<OutboxLane>>;

    /// True if this many messages, or more, wait for a chat.
    fn is_behind(&self, platform: &str, chat: &str, count: u32) -> Result<bool>;

    /// The messages that are being sent, in the order of their numbers.
    fn messages_sending(&self) -> Result<Vec<MessageRow>>;

    /// The platform's ids of the messages of a chat that were sent and are kept, since they ask for an approval.
    fn messages_asking(&self, platform: &str, chat: &str) -> Result<Vec<String>>;

    /// The messages that ask for an approval, by its id, in the order of their numbers: also the parts before the last, which are about `ID/0` and
    /// so on.
    fn messages_about(&self, about: &str) -> Result<Vec<MessageRow>>;

    /// The rows of a table that come after the one with this key, in the order of the keys, each with its columns in the order of [`Table::columns`]: `limit` at
    /// the most, fewer where they are long, and at least one where there is one. Those of [`crate::STAYING_CURSORS`] are not among them.
    ///
    /// # Errors
    /// Also where a row is no text that is said to be one: [`crate::ErrorKind::Row`].
    fn rows_after(&self, table: &Table, key: Option<&[Cell]>, limit: usize) -> Result<Vec<Vec<Cell>>>;

    /// The number of these rows.
    fn rows_of(&self, table: &Table) -> Result<u64>;

    /// True if texts in it can have null characters.
    fn has_null_characters(&self) -> bool;
}
