//! Work trees of tasks, and what their runs leave there.

use aiwg_protocol::types::{
    TaskWorkspace, Timestamp, WorkspaceBack, WorkspaceConflict, WorkspaceMode, WorkspaceResult,
};
use serde::{Deserialize, Serialize};

use crate::TaskNo;

/// The terms of a task whose agent works in a work tree of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TreeTerms {
    /// The base that was chosen: `snapshot`, `head`, or a branch, a tag or a hash. None for what the tasks before it have made, or else `snapshot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The way in which its changes come back.
    pub back: WorkspaceBack,
    /// The commit from which it has begun, or is to begin; none before its first run, unless that commit is on the remote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The host that has put that commit on the remote, so that others may run it; none if it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<String>,
    /// The host that has taken it in, where several share the store: what it has changed comes back there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<String>,
}

/// The work tree of a run, and what it has left there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RunTree {
    /// The number of the work tree, which other tasks have before and after it.
    pub number: u32,
    /// The directory in it that stands for the project; none before it was made ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// The mark of the set-up that runs before it; none where nothing is to be set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_up: Option<String>,
    /// What was kept of it after the run; none for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptTree>,
    /// The reason for which nothing could be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What was kept of a work tree after a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KeptTree {
    /// The name under which git keeps it.
    pub name: String,
    /// The commit.
    pub commit: String,
    /// Number of files that differ from those from which the task has begun.
    pub files: u64,
    /// Number of lines that were added.
    pub insertions: u64,
    /// Number of lines that were taken away.
    pub deletions: u64,
    /// The branch as which it has come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The patch as which it has come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Time at which it was applied to the project's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<Timestamp>,
    /// The reason for which it could not come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<WorkspaceConflict>,
    /// Its name on the remote; none where it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ref: Option<String>,
    /// The reason for which it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsent: Option<String>,
}

/// A commit of a task that was made on another host, and is to be fetched unless it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distant {
    /// The task.
    pub task: TaskNo,
    /// The number of the run that has left it; none for what the task is to begin with.
    pub launch: Option<u32>,
    /// The commit.
    pub commit: String,
    /// The commit from which its task has begun.
    pub from: String,
    /// The host that has it.
    pub host: String,
    /// True if it is on the remote.
    pub is_sent: bool,
}

/// The work tree that a run is to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeOrder {
    /// The number of the work tree.
    pub number: u32,
    /// True if its task was the last to work there, and goes on with what is there.
    pub goes_on: bool,
    /// The terms of the task.
    pub terms: TreeTerms,
    /// The commit that the task's latest run has left; none before its first one.
    pub latest: Option<String>,
    /// The mark of the last set-up that has succeeded there; none for none.
    pub set_up: Option<String>,
    /// The commits that the tasks before it have left, from which it begins where no base was chosen.
    pub before: Vec<String>,
    /// What of all that may have to be fetched.
    pub distant: Vec<Distant>,
}

impl TreeTerms {
    /// As it goes over the wire, without what is in its runs.
    pub fn to_wire(&self) -> TaskWorkspace {
        TaskWorkspace {
            mode: WorkspaceMode::Worktree.into(),
            base: self.base.clone(),
            back: self.back.into(),
            dir: None,
            result: None,
            error: None,
        }
    }
}

impl KeptTree {
    /// As it goes over the wire, for the run of this number of a task that has begun from this commit.
    pub fn to_wire(&self, launch: u32, base: &str) -> WorkspaceResult {
        WorkspaceResult {
            launch,
            name: self.name.clone(),
            commit: self.commit.clone(),
            base: base.to_owned(),
            files: self.files,
            insertions: self.insertions,
            deletions: self.deletions,
            branch: self.branch.clone(),
            patch: self.patch.clone(),
            applied: self.applied,
            conflict: self.conflict.clone(),
            remote_ref: self.remote_ref.clone(),
            unsent: self.unsent.clone(),
        }
    }
}
