//! Changing the store.

use aiwg_model::{
    ApprovalNo, Cursor, Firing, Hold, HostRow, ImportedTask, InForce, Keep, KeptAnswer, MatchDecision,
    MessageNo, MessageRow, NewApproval, NewMessage, Outcome, Pending, QueueSwitch, RunId, RunStart, RunTree,
    Spending, StopReason, Switch, TaskNo, TaskRow, TaskSpec, Terms, ToolUse,
};
use aiwg_protocol::types::{
    ApprovalDecision, ApprovalKind, ApprovalState, Event, Json, Origin, TaskState, TaskUsage, Timestamp,
};

use crate::{Cell, Classified, Placed, Result, Table, View};

/// An open transaction. All that is done in it counts together once it is committed; nothing of it has happened if it is dropped before.
///
/// After an error of one of these methods it can only be dropped. That something could not be stored may be the error of a later one, or of
/// [`commit`](Self::commit): a store that is elsewhere is waited for once.
pub trait Transaction: View {
    /// Returns when all of it is on the disk, and survives a power cut. True if that is anything.
    ///
    /// # Errors
    /// Nothing of it has happened.
    fn commit(self: Box<Self>) -> Result<bool>;

    /// Sees to it that there is room for so much text, in bytes, besides what is kept for the ends of running tasks.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Full`]: there is not.
    fn make_room(&mut self, text: u64) -> Result<()>;

    /// Writes something that changes nothing, so that it is known whether that is possible.
    fn write_something(&mut self) -> Result<()>;

    /// Numbers of events and tasks begin after these, if they would otherwise begin before.
    fn begin_after(&mut self, event: u64, task: u64) -> Result<()>;

    /// Puts a task into the queue, under a number that no task has.
    fn insert_task(&mut self, no: TaskNo, task: &TaskSpec, at: Timestamp) -> Result<()>;

    /// Takes over tasks of another daemon. Those without a number, and the second of two with the same, get one above all others.
    fn import(&mut self, tasks: Vec<ImportedTask>) -> Result<()>;

    /// A task that has to go on; none if there is none, or if its row cannot be read. In the latter case the task has
    /// failed: its specification is unknown, and the tasks that wait for it must not wait for ever.
    fn task_or_fail(&mut self, no: TaskNo, at: Timestamp) -> Result<Option<TaskRow>>;

    /// Queued to running, with one launch and one attempt more.
    ///
    /// # Errors
    /// It is not queued, or its row cannot be read.
    fn start(&mut self, no: TaskNo, at: Timestamp) -> Result<TaskRow>;

    /// Running to queued again, in its old place. Unless an agent was `started`, it was no attempt.
    ///
    /// # Errors
    /// It does not run.
    fn requeue(&mut self, no: TaskNo, started: bool) -> Result<()>;

    /// One launch more of a running task, for its next run in the slot that it has. The reason for which its last run was ended is forgotten.
    ///
    /// # Errors
    /// It does not run.
    fn go_on(&mut self, no: TaskNo) -> Result<()>;

    /// Keeps the answer of a running task's agent with it, while the task goes on.
    ///
    /// # Errors
    /// It does not run.
    fn keep_result(&mut self, no: TaskNo, result: &str) -> Result<()>;

    /// Changes what is stored of a queued task: its prompt, priority, lane, class, agent and time of expiry. Its place changes with its
    /// priority.
    ///
    /// # Errors
    /// It is not queued.
    fn edit(&mut self, no: TaskNo, spec: &TaskSpec) -> Result<()>;

    /// Stores other terms of a task that has not ended.
    ///
    /// # Errors
    /// There is no such task, or it has ended.
    fn set_terms(&mut self, no: TaskNo, terms: &Terms) -> Result<()>;

    /// Puts the queued and the running tasks into classes again, and has their lanes add to their priorities what they add now: `place_of` gives
    /// both for a task with this lane, agent and rule.
    fn classify(&mut self, place_of: &dyn Fn(&Classified<'_>) -> Placed) -> Result<()>;

    /// Switches a switch of the queue on since this time, or off if none is given.
    fn set_queue_switch(&mut self, switch: QueueSwitch, since: Option<Timestamp>) -> Result<()>;

    /// Notes why a running task is being ended, so that it ends in the right state even if this daemon does not see it end.
    fn mark_ending(&mut self, no: TaskNo, ending: StopReason) -> Result<()>;

    /// From the state `from` to the final state of `outcome`.
    ///
    /// # Errors
    /// It is not in that state.
    fn finish(&mut self, no: TaskNo, from: TaskState, outcome: &Outcome, at: Timestamp) -> Result<()>;

    /// Notes that a run begins, in place of one that was noted under its number.
    fn begin_run(&mut self, run: &RunStart<'_>) -> Result<()>;

    /// Notes how a run ended: the outcome's reason, exit and usage. Nothing if it is not noted that it began.
    fn end_run(&mut self, run: RunId, outcome: &Outcome, at: Timestamp) -> Result<()>;

    /// Notes the work tree of a run, and what it has left there, also where its task has ended. Nothing if it is not noted that the run began.
    fn set_tree(&mut self, run: RunId, tree: &RunTree) -> Result<()>;

    /// Notes a host, in place of what was noted of it.
    fn set_host(&mut self, host: &HostRow) -> Result<()>;

    /// Notes since when a host is given no new tasks; none if it is.
    ///
    /// # Errors
    /// There is no such host.
    fn drain_host(&mut self, id: &str, since: Option<Timestamp>) -> Result<()>;

    /// Notes that a host is given up, unless it was already, or was heard of after `before`. False if it was.
    fn lose_host(&mut self, id: &str, before: Option<Timestamp>, at: Timestamp) -> Result<bool>;

    /// Keeps a queued task from starting. False if it is held by that already; then it is not held twice, and its time stays. All that holds a task
    /// is forgotten when it ends.
    fn hold(&mut self, task: TaskNo, hold: &Hold) -> Result<bool>;

    /// Releases what is held by this. The tasks that were, in the order of their numbers; others may hold them still.
    fn release(&mut self, kind: &str, key: &str) -> Result<Vec<TaskNo>>;

    /// Releases one task of this. False if it was not held by it.
    fn release_one(&mut self, task: TaskNo, kind: &str, key: &str) -> Result<bool>;

    /// Releases all that is held by this kind.
    fn release_all(&mut self, kind: &str) -> Result<()>;

    /// Releases what is held until now at the latest. Each task with what it was released of.
    fn release_due(&mut self, now: Timestamp) -> Result<Vec<(TaskNo, Hold)>>;

    /// Stores an approval that is pending, under the next number.
    fn add_approval(&mut self, approval: &NewApproval, at: Timestamp) -> Result<ApprovalNo>;

    /// From pending to this state, with the decision of the person who made it. False if it is not pending: then nothing has changed.
    fn decide_approval(
        &mut self,
        no: ApprovalNo,
        state: ApprovalState,
        decision: Option<&ApprovalDecision>,
    ) -> Result<bool>;

    /// Withdraws what is pending of a task, all of it or what is of one kind. The numbers, in their order.
    fn withdraw_approvals(&mut self, task: TaskNo, kind: Option<ApprovalKind>) -> Result<Vec<ApprovalNo>>;

    /// Forgets the approvals of a task and of this kind that are withdrawn, all but the latest `keep`.
    fn prune_withdrawn(&mut self, task: TaskNo, kind: ApprovalKind, keep: u32) -> Result<()>;

    /// Notes the use of a tool for which a permission was used up.
    fn use_approval(&mut self, no: ApprovalNo, used_by: &str) -> Result<()>;

    /// Notes the use of a tool that a permission holds up or lets through; none once it does not any more.
    fn set_tool_use(&mut self, no: ApprovalNo, tool_use: Option<&ToolUse>) -> Result<()>;

    /// Notes that a task is carried out again, as this new one.
    fn note_retry(&mut self, no: TaskNo, again: TaskNo) -> Result<()>;

    /// Notes that a task was cancelled since it was to start after this one.
    fn note_in_vain(&mut self, no: TaskNo, after: TaskNo) -> Result<()>;

    /// Forgets that tasks are turns of a conversation. The number of those that were.
    fn forget_conversation(&mut self, conversation: &str) -> Result<usize>;

    /// The earlier cost of a session, in US dollars, of which a task now reports the total. The total becomes the
    /// session's cost, unless it is lower. 0 for an unknown session.
    fn session_cost(&mut self, session: &str, total: f64) -> Result<f64>;

    /// Adds what a run used to the sums: `of` its task's rule and its agent, if it has any, and of the day in UTC. `is_first` says that nothing of its
    /// task was added before: it counts as one task more.
    fn add_usage(
        &mut self,
        of: (Option<&str>, Option<&str>),
        usage: &TaskUsage,
        is_first: bool,
        at: Timestamp,
    ) -> Result<()>;

    /// Adds money to that of its day, rule and agent.
    fn add_spending(&mut self, spent: &Spending) -> Result<()>;

    /// Adds to the cost of a task of a rule. Those of the latest [`crate::RULE_COSTS`] tasks are kept.
    fn add_rule_cost(&mut self, rule: &str, task: TaskNo, usd: f64) -> Result<()>;

    /// Sets the cost that is set aside for a run, in US dollars.
    fn reserve(&mut self, run: RunId, usd: f64) -> Result<()>;

    /// Sets the cost of a run that was counted against the budgets, in US dollars.
    fn charge(&mut self, run: RunId, usd: f64) -> Result<()>;

    /// Forgets the money that was spent before a day, `limit` rows at the most. How many.
    fn prune_spending(&mut self, before: &str, limit: u64) -> Result<usize>;

    /// Appends an event that already has its number, from the sender that is stored under this one.
    fn insert_event(&mut self, event: &Event, origin: Option<u64>) -> Result<()>;

    /// Stores who is at the other end of a connection. Returns the number by which events and tasks name it. It is forgotten with the
    /// last of those that do.
    fn insert_origin(&mut self, who: &Origin) -> Result<u64>;

    /// The number of a rule's revision: the latest one, if the rule is as it was then, or a new one. The last 1,000 of all rules are kept.
    fn revision(&mut self, rule: &str, definition: &Json, at: Timestamp) -> Result<u64>;

    /// Notes the decision on a match that made no task of its own, in place of an earlier one. It is forgotten with its event.
    fn insert_decision(&mut self, made: &MatchDecision) -> Result<()>;

    /// Notes that all matches of a rule that wait are refused: by a word, and a reason for people.
    fn refuse_pending(&mut self, rule: &str, decision: &str, reason: &str, at: Timestamp) -> Result<()>;

    /// Moves a cursor, wherever it is.
    fn move_cursor(&mut self, cursor: &Cursor) -> Result<()>;

    /// Stores answers to calls with keys, each in place of one that is stored under its key. That is fastest in the order of the keys.
    fn keep_answers(&mut self, answers: &[KeptAnswer]) -> Result<()>;

    /// Sets the switch of a rule, or of all automation.
    fn set_switch(&mut self, rule: Option<&str>, switch: Switch) -> Result<()>;

    /// Adds a match to those of a rule that wait; the first of them otherwise. What waits then.
    fn add_pending(&mut self, rule: &str, event: &Event, at: Timestamp) -> Result<Pending>;

    /// Sets when a rule's matches are due; when the rule is no longer busy, if none.
    fn set_pending_due(&mut self, rule: &str, due_at: Option<Timestamp>) -> Result<()>;

    /// Forgets a rule's waiting matches.
    fn remove_pending(&mut self, rule: &str) -> Result<()>;

    /// Remembers a firing: the last 10,000 are kept.
    fn insert_firing(&mut self, firing: &Firing) -> Result<()>;

    /// Resets the count of a rule's firings.
    fn forgive_firings(&mut self, rule: &str) -> Result<()>;

    /// Notes the configuration that is in force.
    fn set_in_force(&mut self, in_force: &InForce) -> Result<()>;

    /// Forgets finished tasks that nobody waits for, with their runs and approvals, those that ended first, `limit` at the most. Their numbers.
    fn prune_tasks(&mut self, keep: Keep, limit: u64) -> Result<Vec<TaskNo>>;

    /// Forgets events, the oldest ones, `limit` at the most: none of those that a queued or running task, or a match that waits, came from, and
    /// none after them. How many.
    fn prune_events(&mut self, keep: Keep, limit: u64) -> Result<usize>;

    /// Forgets those cursors whose time is over, `limit` at the most. How many.
    fn prune_cursors(&mut self, now: Timestamp, limit: u64) -> Result<usize>;

    /// Forgets the answers to calls whose time is over, `limit` at the most, or some hours after that. How many.
    fn prune_answers(&mut self, now: Timestamp, limit: u64) -> Result<usize>;

    /// Gives some of the room that is free back to the disk, so little that nobody waits long. True if there is more.
    fn give_back(&mut self) -> Result<bool>;

    /// Notes up to when things have aged.
    fn set_aged(&mut self, at: Timestamp) -> Result<()>;

    /// Stores a message to a platform, which waits, under the next number.
    fn add_message(&mut self, message: &NewMessage, at: Timestamp) -> Result<MessageNo>;

    /// Stores a message as it stands now, in place of what is stored under its number.
    fn set_message(&mut self, row: &MessageRow) -> Result<()>;

    /// Forgets a message. False if there is none.
    fn remove_message(&mut self, no: MessageNo) -> Result<bool>;

    /// Forgets the messages that wait for a chat, are due and have expired, except for notices whose severity is below `least`, and for those about
    /// an approval: as long as they are here, someone is to decide. How many.
    fn expire_messages(&mut self, platform: &str, chat: &str, now: Timestamp, least: u8) -> Result<usize>;

    /// Has the notices that wait expire at this moment at the earliest.
    fn keep_notices(&mut self, until: Timestamp) -> Result<()>;

    /// Gives the messages that wait for a chat to another one of the same platform.
    fn move_messages(&mut self, platform: &str, chat: &str, to: &str) -> Result<()>;

    /// Forgets the messages that were sent, or cannot be, and were stored before this moment, `limit` at the most. How many.
    fn prune_messages(&mut self, before: Timestamp, limit: u64) -> Result<usize>;

    /// Removes all rows of all tables, but what stays where it is ([`crate::STAYING`]). What this process knows of them is not read again: once this is committed the
    /// store is to be closed.
    fn empty(&mut self) -> Result<()>;

    /// Adds rows to a table that has none with these keys, as [`View::rows_after`] gives them. As for [`Transaction::empty`], the store is to be closed afterwards.
    fn put(&mut self, table: &Table, rows: &[Vec<Cell>]) -> Result<()>;
}
