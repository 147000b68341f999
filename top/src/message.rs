//! What the view hears, and what it has done.

use aiwg_client::types::{
    Approval, ApprovalSummary, BudgetStatus, DaemonStatus, Event, OutputStream, Task, TaskDiff, TaskOrder,
    Timestamp,
};
use ratatui::crossterm::event::KeyEvent;

/// Number of a project among those that are shown.
pub(crate) type ProjectNo = usize;

/// Something that has a number in a project: a task, an approval, an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) project: ProjectNo,
    pub(crate) number: u64,
}

impl Key {
    /// The key of what a project has under an id, such as `task-0012`.
    pub(crate) fn of(project: ProjectNo, id: &str) -> Option<Self> {
        let (_, number) = id.rsplit_once('-')?;
        Some(Self { project, number: number.parse().ok()? })
    }

    /// The id, where this is a task.
    pub(crate) fn task_id(self) -> String {
        format!("task-{:04}", self.number)
    }

    /// The id, where this is an approval.
    pub(crate) fn approval_id(self) -> String {
        format!("approval-{:04}", self.number)
    }
}

/// A part of what is known of a project, which is asked for as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// The tasks that run.
    Running,
    /// The tasks that wait.
    Queued,
    /// The newest tasks, in whatever state.
    Newest,
    /// What waits for a decision.
    Approvals,
    /// Money.
    Budget,
    /// The daemon itself.
    Status,
}

impl Part {
    /// All of them.
    pub(crate) const ALL: [Self; 6] =
        [Self::Running, Self::Queued, Self::Newest, Self::Approvals, Self::Budget, Self::Status];
}

/// Maximum number of tasks in one answer: a page.
pub(crate) const PAGE: u32 = 100;

/// The same of events, and where they are looked through for a text.
pub(crate) const EVENTS: u32 = 250;
pub(crate) const EVENTS_LOOKED_THROUGH: u32 = 1000;

/// Maximum number of approvals in one answer.
pub(crate) const MOST_APPROVALS: u32 = 200;

/// Why tasks have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// They are all in this part, or its first page.
    Part(Part),
    /// They are the page after that of the newest.
    Older,
    /// They were looked for, or asked for one by one.
    Asked,
}

/// What the view hears.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Pasted(String),
    /// The terminal has another size: columns and rows.
    Resized(u16, u16),
    /// So late is it.
    Tick(Timestamp),
    /// A project is shown from here on: its number is the next one.
    Project(String),
    /// The daemon of a project answers, be it again.
    Connected(ProjectNo),
    /// It does not, for this reason.
    Away(ProjectNo, String),
    /// Tasks of a project.
    Tasks(ProjectNo, Reason, Vec<Task>),
    /// The next page of older tasks, or events, could not be had.
    NotLoaded(ProjectNo),
    /// Events from before those that are known, the oldest first; none where there are none.
    OlderEvents(ProjectNo, Vec<Event>),
    /// A task is gone from the store.
    Forgotten(Key),
    /// All that waits for a decision.
    Approvals(ProjectNo, Vec<ApprovalSummary>),
    /// Money.
    Budget(ProjectNo, Box<BudgetStatus>),
    /// The daemon.
    Status(ProjectNo, Box<DaemonStatus>),
    /// Things that have happened, the oldest first. True where they are from before the view was opened.
    Events(ProjectNo, Vec<Event>, bool),
    /// So many events were passed over.
    Missed(ProjectNo, u64),
    /// What a person is asked for, as a whole.
    Approval(ProjectNo, Box<Approval>),
    /// What a task has changed in its work tree.
    Diff(ProjectNo, Box<TaskDiff>),
    /// More of the output that is followed under this number.
    Output(u64, Output),
    /// What was asked for is done.
    Done(ProjectNo, String),
    /// It is not, for this reason.
    Failed(ProjectNo, String),
    /// It is not: no daemon answers just now.
    NobodyThere(ProjectNo),
}

/// What is heard of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// More of it.
    Text(String),
    /// It begins anew, with another attempt.
    Anew,
    /// So many bytes are not shown.
    Skipped(u64),
    /// There will be no more.
    Ended,
    /// It cannot be read.
    Failed(String),
}

/// What the view has done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Asks for parts of what is known of a project again.
    Refresh(ProjectNo, Vec<Part>),
    /// Asks for the page of tasks behind the one with this id.
    LoadOlder(ProjectNo, String),
    /// Asks for as many events before the one with this number.
    LoadEvents(ProjectNo, u64, u32),
    /// Looks for tasks whose prompt has this text.
    Search(ProjectNo, String),
    /// Asks for the first tasks in this order.
    LoadFirst(ProjectNo, TaskOrder),
    /// Asks for a task.
    LoadTask(Key),
    /// Asks for what a task has changed in its work tree.
    LoadDiff(Key),
    /// Asks for all of what a person is asked for.
    LoadApproval(Key),
    /// Cancels a task.
    Cancel(Key),
    /// Submits a task again.
    Retry(Key),
    /// Approves.
    Approve(Key),
    /// Rejects, with a reason where one is given.
    Reject(Key, Option<String>),
    /// Answers a question.
    Answer(Key, String),
    /// Follows an output, in place of the one before. What comes of it has this number.
    Follow(u64, Key, OutputStream),
    /// Follows none any more.
    Unfollow,
    /// Draws all of the screen again.
    Redraw,
    /// Gives the terminal back to the shell for a while.
    Suspend,
    /// Ends the view. True if Ctrl-C has ended it.
    Quit(bool),
}
