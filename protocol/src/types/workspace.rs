//! Work trees of tasks, and what was made in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Open, Timestamp, WorkspaceBack, WorkspaceMode};

/// The work tree of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskWorkspace {
    /// The mode: `worktree`.
    pub mode: Open<WorkspaceMode>,
    /// The base that was asked for; absent for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The way back of the changes.
    pub back: Open<WorkspaceBack>,
    /// The directory in which its agent works; absent before its first run, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dir: Option<String>,
    /// What its latest run has left; absent for none, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<WorkspaceResult>,
    /// The reason for which not all of that could be kept; absent if it could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a run has left in a work tree, as a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceResult {
    /// The number of the run.
    pub launch: u32,
    /// Its name: `refs/aiwg/tasks/task-0001/1`.
    #[serde(rename = "ref")]
    pub name: String,
    /// The commit.
    pub commit: String,
    /// The commit from which the task began.
    pub base: String,
    /// Number of changed files.
    pub files: u64,
    /// Number of added lines.
    pub insertions: u64,
    /// Number of removed lines.
    pub deletions: u64,
    /// The branch as which it has come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Path of the patch as which it has come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
    /// Time at which it was applied to the project's own files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Timestamp>,
    /// The reason for which it could not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<WorkspaceConflict>,
    /// Its name on the repository's remote, from which all hosts that share the store can fetch it; absent where it is only on the host of its run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_ref: Option<String>,
    /// The reason for which it is not on the remote, and only on the host of its run for now; absent if it is, or is not to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsent: Option<String>,
}

/// The reason for which a result could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceConflict {
    /// The files on account of which it could not, up to 100 of them.
    pub paths: Vec<String>,
    /// The reason, for people.
    pub why: String,
}

/// The params of `task.diff`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskDiffParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// The number of the run that is meant; the latest one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub launch: Option<u32>,
}

/// What a task has changed in its work tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskDiff {
    /// The task's id.
    pub task_id: String,
    /// The number of the run.
    pub launch: u32,
    /// The commit from which the task began.
    pub base: String,
    /// The commit that it has left.
    pub commit: String,
    /// The changed files, up to 10,000 of them.
    pub files: Vec<DiffFile>,
    /// Number of added lines.
    pub insertions: u64,
    /// Number of removed lines.
    pub deletions: u64,
    /// The unified diff, as `git diff` prints it.
    pub diff: String,
    /// True if it is longer: `git diff BASE COMMIT` prints all of it.
    pub is_cut: bool,
}

/// A file that a task has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiffFile {
    /// Its path, relative to the top of the repository.
    pub path: String,
    /// Number of added lines; absent for a binary file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insertions: Option<u64>,
    /// Number of removed lines; absent for a binary file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletions: Option<u64>,
}

/// The params of `task.apply`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskApplyParams {
    /// The task's id.
    #[schemars(length(max = 200))]
    pub task_id: String,
    /// The number of the run that is meant; the latest one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub launch: Option<u32>,
}

/// The answer to `task.apply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskApplied {
    /// The task's id.
    pub task_id: String,
    /// The number of the run.
    pub launch: u32,
    /// True if it was applied; false for a conflict.
    pub applied: bool,
    /// The changed files, up to 10,000 of them.
    pub paths: Vec<String>,
    /// The reason for which it could not be applied; absent if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<WorkspaceConflict>,
}

/// The payload of `task:applied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskAppliedEvent {
    /// The task's id.
    pub task_id: String,
    /// The number of the run.
    pub launch: u32,
    /// The commit that was applied.
    pub commit: String,
    /// The rule that made the task, or made the task whose agent submitted it; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The changed files, up to 100 of them.
    pub paths: Vec<String>,
}

/// The payload of `task:conflict`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskConflictEvent {
    /// The task's id.
    pub task_id: String,
    /// The number of the run.
    pub launch: u32,
    /// The commit that could not be applied.
    pub commit: String,
    /// The rule that made the task, or made the task whose agent submitted it; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The files on account of which it could not, up to 100 of them.
    pub paths: Vec<String>,
    /// The reason, for people.
    pub why: String,
}

/// The answer to `workspace.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceList {
    /// The directory of the project's work trees, which need not be there.
    pub dir: String,
    /// The work trees, by their numbers.
    pub trees: Vec<WorkspaceTree>,
    /// Number of results that are kept.
    pub results: u64,
    /// The reason for which the project can have no work trees; absent if it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
}

/// A work tree, which tasks have one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceTree {
    /// Its number.
    pub number: u32,
    /// Its directory.
    pub dir: String,
    /// The task that has it, or had it last; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// True if a run of that task is under way.
    pub is_running: bool,
    /// The reason for which nobody can work there; absent if that is possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// The params of `workspace.prune`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspacePruneParams {
    /// True if the results of all tasks that have ended are forgotten as well. Branches stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<bool>,
}

/// The answer to `workspace.prune`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkspacePruned {
    /// The numbers of the work trees that were removed.
    pub removed: Vec<u32>,
    /// The numbers of those that a task still has.
    pub kept: Vec<u32>,
    /// The reasons for which others could not be removed.
    pub failed: Vec<String>,
    /// Number of results that were forgotten.
    #[serde(default)]
    pub forgotten: u64,
}
