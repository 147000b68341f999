//! Runs of tasks.

use std::{borrow::Cow, fmt};

use aiwg_protocol::types::{Json, TaskUsage, Timestamp};

use crate::{end_reason::EndReason, task::TaskRow, task_no::TaskNo, tree::RunTree};

/// One run of a task: whatever reports on it says which one it was, so that it is not taken for a report on a later run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId {
    /// The task.
    pub task: TaskNo,
    /// The number of the run within its task, from 1: its launch.
    pub n: u32,
}

impl RunId {
    /// Path of the directory that a run gets, relative to its task's: the run's number.
    #[must_use]
    pub fn dir(self) -> String {
        self.n.to_string()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {} of {}", self.n, self.task)
    }
}

impl TaskRow {
    /// Its last run.
    pub fn run(&self) -> RunId {
        RunId { task: self.no, n: self.launch }
    }
}

/// The beginning of a run, to be stored.
#[derive(Debug, Clone, Copy)]
pub struct RunStart<'a> {
    /// The run.
    pub id: RunId,
    /// The kind: [`RunRow::AGENT`], [`RunRow::CHECK`], or another.
    pub kind: &'a str,
    /// Time of its start.
    pub at: Timestamp,
    /// Path of its directory, relative to the task's: [`RunId::dir`]; none for that itself, as in earlier versions.
    pub dir: Option<&'a str>,
    /// The profile by which its agent runs; none for the section `agent`.
    pub profile: Option<&'a str>,
    /// Expected cost that is set aside while it is under way, in US dollars.
    pub reserved_usd: Option<f64>,
    /// The most that its agent is given to spend, in US dollars.
    pub cap_usd: Option<f64>,
    /// The id of the host that it is on; none where only one has the store.
    pub host: Option<&'a str>,
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// The kind: [`RunRow::AGENT`], [`RunRow::CHECK`], or another.
    pub kind: Cow<'static, str>,
    /// Time of its start.
    pub started_at: Timestamp,
    /// Time of its end; none while it runs.
    pub ended_at: Option<Timestamp>,
    /// The end reason; none while it runs.
    pub reason: Option<EndReason>,
    /// Exit code of what it ran.
    pub exit_code: Option<i32>,
    /// The signal that ended that.
    pub signal: Option<i32>,
    /// Its own usage, without the permission denials, which are kept with the task; none if it reported none.
    pub usage: Option<TaskUsage>,
    /// Path of its directory, relative to the task's; none for that itself, which the runs of earlier versions have.
    pub dir: Option<String>,
    /// The profile by which its agent was started; none for the section `agent`.
    pub profile: Option<String>,
    /// Expected cost that was set aside for it, in US dollars.
    pub reserved_usd: Option<f64>,
    /// The most that its agent was given to spend, in US dollars.
    pub cap_usd: Option<f64>,
    /// Cost that was counted against the budgets, in US dollars; none while it runs, or where nothing was.
    pub charged_usd: Option<f64>,
    /// Further facts that it has left, as JSON; none for nothing.
    pub detail: Option<Json>,
    /// The work tree of an agent or a check that did not run in the project's own directory.
    pub tree: Option<RunTree>,
    /// The id of the host that it is on; none where only one has the store.
    pub host: Option<String>,
}

impl RunRow {
    /// The run of an agent.
    pub const AGENT: &'static str = "agent";

    /// The run of a check, which says whether the task is done.
    pub const CHECK: &'static str = "check";
}
