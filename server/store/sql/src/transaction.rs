//! The traits of a store, each call of which is one of [`Writer`] or [`SqlReader`].

use std::collections::HashMap;

use aiwg_model::{
    AgentSum, ApprovalNo, ApprovalRow, BusyPeriod, Cursor, Firing, Follow, Head, Hold, HostRow, ImportedTask,
    InForce, Keep, KeptAnswer, KeyId, MatchDecision, MessageCounts, MessageNo, MessageRow, NewApproval,
    NewMessage, OutboxLane, Outcome, Pending, QueueSwitch, QueuedCount, RuleFacts, RunId, RunRow, RunStart,
    RunTree, Spending, StopReason, Switch, TaskNo, TaskRow, TaskSpec, Terms, ToolUse, Trace,
};
use aiwg_protocol::types::{
    ApprovalDecision, ApprovalKind, ApprovalState, ChatTurn, Event, Json, Origin, RuleExecution, TaskState,
    TaskStats, TaskUsage, Timestamp,
};
use aiwg_store::{
    ApprovalFilter, Cell, Classified, EventFilter, EventPage, OutputPiece, Placed, Reader, Result, Selection,
    StreamOf, Table, TaskFilter, TaskPage, Transaction, View,
};

use super::{driver::Connection, read::SqlReader, write::Writer};

/// A store over a [`Writer`]: what differs from one database to another.
pub trait Backend {
    /// Its connection.
    type Connection: Connection;

    /// The writer.
    fn writer(&self) -> &Writer<Self::Connection>;

    /// The writer, to change something.
    fn writer_mut(&mut self) -> &mut Writer<Self::Connection>;

    /// See [`View::now`].
    fn now(&self) -> Timestamp;

    /// See [`View::has_moved`].
    fn has_moved(&self) -> bool;

    /// Returns when all of the open transaction is on the disk. True if that is anything.
    ///
    /// # Errors
    /// Nothing of it has happened.
    fn commit(&mut self) -> Result<bool>;

    /// Forgets what was not committed; nothing where there is no such thing.
    ///
    /// # Errors
    /// It cannot. Then this is to be called again before anything else.
    fn undo(&mut self) -> Result<()>;

    /// See [`Transaction::make_room`].
    ///
    /// # Errors
    /// There is no room.
    fn make_room(&mut self, text: u64) -> Result<()>;

    /// See [`Transaction::give_back`].
    ///
    /// # Errors
    /// It cannot.
    fn give_back(&mut self) -> Result<bool>;

    /// See [`Transaction::set_in_force`].
    ///
    /// # Errors
    /// It cannot be noted.
    fn set_in_force(&mut self, in_force: &InForce) -> Result<()>;

    /// True if texts can have null characters.
    const HAS_NULL_CHARACTERS: bool = true;

    /// See [`Transaction::empty`].
    ///
    /// # Errors
    /// It cannot.
    fn empty(&mut self) -> Result<()> {
        self.writer_mut().empty()
    }

    /// Whatever is to be done once rows with numbers of their own were put into a table.
    ///
    /// # Errors
    /// It cannot.
    fn has_put(&mut self, _: &Table) -> Result<()> {
        Ok(())
    }
}

/// A transaction that is open, or a view. It is undone when this is dropped, unless it is over.
pub struct Open<'a, B: Backend> {
    store: &'a mut B,
    is_over: bool,
}

impl<B: Backend> Drop for Open<'_, B> {
    fn drop(&mut self) {
        if !self.is_over
            && let Err(error) = self.store.undo()
        {
            // Whatever comes next tries again first.
            tracing::error!(%error, "a transaction could not be undone");
        }
    }
}

impl<'a, B: Backend> Open<'a, B> {
    /// The transaction that has begun in a store just now.
    pub fn begun(store: &'a mut B) -> Self {
        Self { store, is_over: false }
    }
}

/// Each of these calls is the one of the same name.
macro_rules! calls {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($arg: $type),*) -> Result<$result> {
            self.store.writer().$name($($arg),*)
        })*
    };
}

/// The same, for those that change something.
macro_rules! changes {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&mut self, $($arg: $type),*) -> Result<$result> {
            self.store.writer_mut().$name($($arg),*)
        })*
    };
}

/// The same, of a reader.
macro_rules! reads {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($arg: $type),*) -> Result<$result> {
            SqlReader::$name(self, $($arg),*)
        })*
    };
}

impl<B: Backend> View for Open<'_, B> {
    fn now(&self) -> Timestamp {
        self.store.now()
    }

    fn has_moved(&self) -> bool {
        self.store.has_moved()
    }

    fn queued(&self) -> u64 {
        self.store.writer().queued()
    }

    fn has_null_characters(&self) -> bool {
        B::HAS_NULL_CHARACTERS
    }

    calls! {
        last_numbers() -> (u64, u64);
        first_event() -> u64;
        task(no: TaskNo) -> Option<TaskRow>;
        task_if_readable(no: TaskNo) -> Option<TaskRow>;
        task_state(no: TaskNo) -> Option<TaskState>;
        running() -> Vec<TaskRow>;
        running_numbers() -> Vec<TaskNo>;
        runs_of_running() -> Vec<RunRow>;
        events_between(first: u64, last: u64) -> Vec<Event>;
        runs(task: TaskNo) -> Vec<RunRow>;
        hosts() -> Vec<HostRow>;
        heads() -> Vec<Head>;
        queue_switch(switch: QueueSwitch) -> Option<Timestamp>;
        next_deadline(after: Option<Timestamp>) -> Option<Timestamp>;
        expired(now: Timestamp, limit: u32) -> Vec<TaskNo>;
        queued_with(part: &str) -> Vec<TaskNo>;
        ready_with(part: &str, limit: u32) -> Vec<TaskNo>;
        next_of(tasks: &[TaskNo]) -> Option<TaskNo>;
        needed(task: TaskNo) -> Vec<TaskNo>;
        holds(task: TaskNo) -> Vec<Hold>;
        approval(no: ApprovalNo) -> Option<ApprovalRow>;
        approvals_of(task: TaskNo) -> Vec<ApprovalRow>;
        permissions_of(task: TaskNo) -> Vec<ApprovalRow>;
        approval_counts(task: TaskNo) -> (u64, u64);
        approvals_due(now: Timestamp, limit: u32) -> Vec<ApprovalNo>;
        select(selection: &Selection, states: &[TaskState], not_retried: bool, limit: usize) -> Vec<TaskNo>;
        retried_as(no: TaskNo) -> Option<TaskNo>;
        in_vain_for(no: TaskNo) -> Vec<TaskNo>;
        open_turns(conversation: &str) -> Vec<TaskNo>;
        turns_before(conversation: &str, before: TaskNo, limit: u32) -> Vec<ChatTurn>;
        event(seq: u64) -> Option<Event>;
        switches() -> HashMap<String, Switch>;
        busy_rules() -> HashMap<String, usize>;
        busy_periods(since: Timestamp) -> Vec<(String, BusyPeriod)>;
        pending(rule: &str) -> Option<Pending>;
        all_pending() -> HashMap<String, Pending>;
        pending_due(now: Timestamp) -> Vec<String>;
        pending_events(rule: &str) -> Vec<Event>;
        last_pending_at(rule: &str) -> Option<Timestamp>;
        counted_firings(rule: &str, since: Timestamp, now: Timestamp) -> u32;
        cursors(source: &str) -> HashMap<String, String>;
        cursors_of(sources: &[&str]) -> Vec<(String, String, String)>;
        may_move(cursor: &Cursor) -> bool;
        spending(first: &str, last: &str) -> Vec<Spending>;
        rule_costs(rule: &str) -> Vec<f64>;
        aged() -> Option<Timestamp>;
        cursor(source: &str, key: &str) -> Option<String>;
        kept_answer(id: &KeyId) -> Option<KeptAnswer>;
        message(no: MessageNo) -> Option<MessageRow>;
        due_messages(platform: &str, chat: &str, now: Timestamp, least: u8, limit: u32) -> Vec<MessageRow>;
        next_asked(platform: &str, chat: &str, now: Timestamp, least: u8) -> Option<MessageRow>;
        outbox_lanes() -> Vec<OutboxLane>;
        is_behind(platform: &str, chat: &str, count: u32) -> bool;
        messages_asking(platform: &str, chat: &str) -> Vec<String>;
        messages_sending() -> Vec<MessageRow>;
        messages_about(about: &str) -> Vec<MessageRow>;
        rows_after(table: &Table, key: Option<&[Cell]>, limit: usize) -> Vec<Vec<Cell>>;
        rows_of(table: &Table) -> u64;
    }
}

impl<B: Backend> Transaction for Open<'_, B> {
    fn commit(mut self: Box<Self>) -> Result<bool> {
        let has_written = self.store.commit()?;
        self.is_over = true;
        Ok(has_written)
    }

    fn make_room(&mut self, text: u64) -> Result<()> {
        self.store.make_room(text)
    }

    fn give_back(&mut self) -> Result<bool> {
        self.store.give_back()
    }

    fn set_in_force(&mut self, in_force: &InForce) -> Result<()> {
        self.store.set_in_force(in_force)
    }

    fn empty(&mut self) -> Result<()> {
        self.store.empty()
    }

    fn put(&mut self, table: &Table, rows: &[Vec<Cell>]) -> Result<()> {
        self.store.writer_mut().put(table, rows)?;
        self.store.has_put(table)
    }

    changes! {
        write_something() -> ();
        begin_after(event: u64, task: u64) -> ();
        insert_task(no: TaskNo, task: &TaskSpec, at: Timestamp) -> ();
        import(tasks: Vec<ImportedTask>) -> ();
        task_or_fail(no: TaskNo, at: Timestamp) -> Option<TaskRow>;
        start(no: TaskNo, at: Timestamp) -> TaskRow;
        requeue(no: TaskNo, started: bool) -> ();
        go_on(no: TaskNo) -> ();
        keep_result(no: TaskNo, result: &str) -> ();
        edit(no: TaskNo, spec: &TaskSpec) -> ();
        set_terms(no: TaskNo, terms: &Terms) -> ();
        classify(place_of: &dyn Fn(&Classified<'_>) -> Placed) -> ();
        set_queue_switch(switch: QueueSwitch, since: Option<Timestamp>) -> ();
        mark_ending(no: TaskNo, ending: StopReason) -> ();
        finish(no: TaskNo, from: TaskState, outcome: &Outcome, at: Timestamp) -> ();
        begin_run(run: &RunStart<'_>) -> ();
        end_run(run: RunId, outcome: &Outcome, at: Timestamp) -> ();
        set_tree(run: RunId, tree: &RunTree) -> ();
        set_host(host: &HostRow) -> ();
        drain_host(id: &str, since: Option<Timestamp>) -> ();
        lose_host(id: &str, before: Option<Timestamp>, at: Timestamp) -> bool;
        hold(task: TaskNo, hold: &Hold) -> bool;
        release(kind: &str, key: &str) -> Vec<TaskNo>;
        release_one(task: TaskNo, kind: &str, key: &str) -> bool;
        release_all(kind: &str) -> ();
        release_due(now: Timestamp) -> Vec<(TaskNo, Hold)>;
        add_approval(approval: &NewApproval, at: Timestamp) -> ApprovalNo;
        decide_approval(no: ApprovalNo, state: ApprovalState, decision: Option<&ApprovalDecision>) -> bool;
        withdraw_approvals(task: TaskNo, kind: Option<ApprovalKind>) -> Vec<ApprovalNo>;
        prune_withdrawn(task: TaskNo, kind: ApprovalKind, keep: u32) -> ();
        use_approval(no: ApprovalNo, used_by: &str) -> ();
        set_tool_use(no: ApprovalNo, tool_use: Option<&ToolUse>) -> ();
        note_retry(no: TaskNo, again: TaskNo) -> ();
        note_in_vain(no: TaskNo, after: TaskNo) -> ();
        forget_conversation(conversation: &str) -> usize;
        session_cost(session: &str, total: f64) -> f64;
        add_usage(of: (Option<&str>, Option<&str>), usage: &TaskUsage, is_first: bool, at: Timestamp) -> ();
        add_spending(spent: &Spending) -> ();
        add_rule_cost(rule: &str, task: TaskNo, usd: f64) -> ();
        reserve(run: RunId, usd: f64) -> ();
        charge(run: RunId, usd: f64) -> ();
        prune_spending(before: &str, limit: u64) -> usize;
        insert_event(event: &Event, origin: Option<u64>) -> ();
        insert_origin(who: &Origin) -> u64;
        revision(rule: &str, definition: &Json, at: Timestamp) -> u64;
        insert_decision(made: &MatchDecision) -> ();
        refuse_pending(rule: &str, decision: &str, reason: &str, at: Timestamp) -> ();
        move_cursor(cursor: &Cursor) -> ();
        keep_answers(answers: &[KeptAnswer]) -> ();
        set_switch(rule: Option<&str>, switch: Switch) -> ();
        add_pending(rule: &str, event: &Event, at: Timestamp) -> Pending;
        set_pending_due(rule: &str, due_at: Option<Timestamp>) -> ();
        remove_pending(rule: &str) -> ();
        insert_firing(firing: &Firing) -> ();
        forgive_firings(rule: &str) -> ();
        prune_tasks(keep: Keep, limit: u64) -> Vec<TaskNo>;
        prune_events(keep: Keep, limit: u64) -> usize;
        prune_cursors(now: Timestamp, limit: u64) -> usize;
        prune_answers(now: Timestamp, limit: u64) -> usize;
        set_aged(at: Timestamp) -> ();
        add_message(message: &NewMessage, at: Timestamp) -> MessageNo;
        set_message(row: &MessageRow) -> ();
        remove_message(no: MessageNo) -> bool;
        expire_messages(platform: &str, chat: &str, now: Timestamp, least: u8) -> usize;
        keep_notices(until: Timestamp) -> ();
        move_messages(platform: &str, chat: &str, to: &str) -> ();
        prune_messages(before: Timestamp, limit: u64) -> usize;
    }
}

impl<C> Reader for SqlReader<C>
where
    C: Connection + Send,
{
    reads! {
        task(no: TaskNo) -> Option<TaskRow>;
        tasks(filter: &TaskFilter) -> TaskPage;
        runs(task: TaskNo) -> Vec<RunRow>;
        output(of: StreamOf, from: u64, most: u64) -> OutputPiece;
        output_tail(of: StreamOf, most: u64) -> OutputPiece;
        hosts() -> Vec<(HostRow, u32)>;
        running(limit: u32) -> Vec<TaskRow>;
        queued(limit: u32) -> Vec<TaskRow>;
        overview(queued: u32, finished: u32) -> Vec<TaskRow>;
        needed(task: TaskNo) -> Vec<TaskNo>;
        holds(task: TaskNo) -> Vec<Hold>;
        approval(no: ApprovalNo) -> Option<ApprovalRow>;
        approvals(filter: &ApprovalFilter) -> Vec<ApprovalRow>;
        pending_approvals() -> u64;
        held_in_vain(limit: u32) -> Vec<TaskNo>;
        records_in_use() -> Vec<(TaskNo, Option<Timestamp>)>;
        stats() -> TaskStats;
        agent_sums() -> Vec<AgentSum>;
        queued_by_class() -> Vec<QueuedCount>;
        turns(conversation: &str, limit: u32, bytes: usize) -> (Vec<ChatTurn>, bool);
        events(filter: &EventFilter) -> EventPage;
        first_event() -> u64;
        last_event() -> u64;
        event_sizes(before: u64) -> Vec<(u64, u64)>;
        size() -> u64;
        automation_enabled() -> bool;
        rule_facts() -> RuleFacts;
        firings(limit: u32) -> Vec<RuleExecution>;
        spending(first: &str, last: &str) -> Vec<Spending>;
        chain(task: TaskNo, follow: Follow, limit: u32) -> Vec<TaskNo>;
        trace(tasks: &[TaskNo], events: &[u64], follow: Follow) -> Trace;
        waiting_matches(events: &[u64]) -> Vec<(String, u64)>;
        cursors(source: &str) -> HashMap<String, String>;
        message_counts() -> Vec<MessageCounts>;
        rows_of(table: &Table) -> u64;
    }
}
