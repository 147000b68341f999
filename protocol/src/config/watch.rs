use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The watched files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// True if files are watched. Null: they are if a rule waits for file changes.
    pub enabled: Option<bool>,
    /// The directories to watch, relative to the project; all of it when empty.
    #[schemars(length(max = 1000))]
    pub paths: Vec<WatchPath>,
    /// Patterns of paths that are not watched, as in .gitignore.
    #[schemars(length(max = 1000), inner(length(max = 4096)))]
    pub ignore: Vec<String>,
    /// True if paths that git ignores are not watched either.
    pub gitignore: bool,
    /// True if other work trees of the project's repository within the project, such as `.claude/worktrees/x`, are
    /// watched. Those that `paths` names are watched in any case.
    pub work_trees: bool,
    /// Time for which changes gather before they count, in milliseconds.
    pub debounce_ms: u64,
    /// For how many seconds changes are held back at the most while git writes (`index.lock` is there): a checkout, a commit.
    pub git_wait_seconds: u32,
    /// For how many minutes changes are held back at the most while a git operation is under way that may wait for a person: a merge, a
    /// rebase, a cherry-pick, a revert, a bisect. One in which nothing has happened for as long holds nothing back.
    pub git_operation_wait_minutes: u32,
    /// True if the watcher compares the files at intervals instead of relying on the system's notifications: slower,
    /// but works on any file system.
    pub use_polling: bool,
    /// Interval between comparisons with `use_polling`, in milliseconds.
    #[schemars(range(min = 10))]
    pub poll_interval_ms: u64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            enabled: None,
            paths: Vec::new(),
            ignore: Vec::new(),
            gitignore: true,
            work_trees: false,
            debounce_ms: 1000,
            git_wait_seconds: 60,
            git_operation_wait_minutes: 24 * 60,
            use_polling: false,
            poll_interval_ms: 2000,
        }
    }
}

/// A directory to watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WatchPath {
    /// By its path.
    #[schemars(title = "PlainWatchPath")]
    Plain(#[schemars(length(max = 4096))] String),
    /// With options of its own, as the Node daemon wrote it.
    #[schemars(title = "WatchPathWithOptions")]
    Options(WatchPathOptions),
}

/// A directory to watch, with options of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchPathOptions {
    /// The directory, relative to the project.
    #[schemars(length(max = 4096))]
    pub path: String,
    /// Only these kinds of change; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub events: Option<Vec<FileChangeKind>>,
    /// Patterns of paths that are not watched here, as in .gitignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000), inner(length(max = 4096)))]
    pub ignore: Option<Vec<String>>,
    /// Only files with these endings; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1000), inner(length(max = 200)))]
    pub extensions: Option<Vec<String>>,
}

/// A kind of file change. The Node daemon's names are understood as well: `add`, `change`, `unlink`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileChangeKind {
    /// The file was not there before.
    #[serde(alias = "add", alias = "create")]
    #[schemars(extend("x-aliases" = ["add", "create"]))]
    Created,
    /// Its content is another.
    #[serde(alias = "change", alias = "modify")]
    #[schemars(extend("x-aliases" = ["change", "modify"]))]
    Modified,
    /// The file is no longer there.
    #[serde(alias = "unlink", alias = "delete")]
    #[schemars(extend("x-aliases" = ["unlink", "delete"]))]
    Deleted,
    /// The file has another name. Where this is not among the kinds, it is a file deleted and one created.
    #[serde(alias = "rename")]
    #[schemars(extend("x-aliases" = ["rename"]))]
    Renamed,
}
