use std::fmt;

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::CheckCommand;

/// The place in which a task's agent works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceMode {
    /// The project's own directory, with all others.
    #[default]
    Shared,
    /// A work tree of git that no other task has then.
    Worktree,
}

/// The way back of what a task has changed in its work tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkspaceBack {
    /// A branch, `aiwg/` and the task's id.
    #[default]
    Branch,
    /// A patch, in the directory of its run.
    Patch,
    /// The project's own files are changed; a conflict leaves them as they are.
    Apply,
}

impl WorkspaceMode {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Shared, Self::Worktree];

    /// The name on the wire and in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Worktree => "worktree",
        }
    }
}

impl WorkspaceBack {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Branch, Self::Patch, Self::Apply];

    /// The name on the wire and in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Patch => "patch",
            Self::Apply => "apply",
        }
    }
}

/// The workspace of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Workspace {
    /// The mode, and the rest as the configuration has it.
    Mode(WorkspaceMode),
    /// A work tree unless `mode` says otherwise.
    Terms(WorkspaceTerms),
}

/// A workspace. Absent members are those of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkspaceTerms {
    /// The mode. Default: `worktree`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "named")]
    pub mode: Option<WorkspaceMode>,
    /// The files with which the agent begins: `snapshot` (as they are then), `head` (the last commit), or a branch, a tag or a hash. Default: what the
    /// tasks of `after` have made, or else `snapshot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200), regex(pattern = r"^[^-\x00][^\x00]*$"))]
    pub base: Option<String>,
    /// The way back of the changes, once the task has completed. Default: `branch`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "named")]
    pub back: Option<WorkspaceBack>,
}

/// The workspace of all tasks that do not say otherwise, as the configuration has it: `shared`, `worktree`, or more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum WorkspaceDefault {
    /// The mode, and the rest as usual.
    Mode(WorkspaceMode),
    /// All of it.
    Settings(WorkspaceSettings),
}

/// The workspaces of tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkspaceSettings {
    /// The place in which agents work whose tasks do not say otherwise.
    pub mode: WorkspaceMode,
    /// The state of the files from which agents begin in a work tree: `snapshot` for the project's files as they are then, uncommitted ones included;
    /// `head` for the last commit; or a branch, a tag or a hash. Default: what the tasks of `after` have made, or else `snapshot`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200), regex(pattern = r"^[^-\x00][^\x00]*$"))]
    pub base: Option<String>,
    /// The way in which the changes come back, once a task has completed.
    pub back: WorkspaceBack,
    /// A command that makes a work tree ready before an agent starts in it: `npm ci`. It runs where the work tree is new, and where its lock files have
    /// changed since the last time that it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup: Option<CheckCommand>,
    /// Maximum number of work trees that are kept. More are made only while more agents than that work in one. Default: twice
    /// `daemon.max_parallel_actions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_trees: Option<u32>,
    /// The remote of the repository over which tasks in work trees go from one host to another, where several share a store: its name or its address,
    /// or `false` for none. What tasks begin with and leave is stored there, uncommitted files included. Default: that of the branch which is checked
    /// out, else `origin`, else the only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<WorkspaceRemote>,
}

/// The remote over which tasks in work trees go from one host to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WorkspaceRemote {
    /// `false` for none, `true` for the usual one.
    #[schemars(title = "WorkspaceRemoteSwitch")]
    Switch(bool),
    /// That with this name or address.
    #[schemars(title = "NamedWorkspaceRemote")]
    Named(#[schemars(length(min = 1, max = 4096), regex(pattern = r"^[^-\x00][^\x00]*$"))] String),
}

impl Default for WorkspaceDefault {
    fn default() -> Self {
        Self::Mode(WorkspaceMode::Shared)
    }
}

impl WorkspaceDefault {
    /// All of it, whichever way it was written.
    pub fn settings(&self) -> WorkspaceSettings {
        match self {
            Self::Mode(mode) => WorkspaceSettings { mode: *mode, ..WorkspaceSettings::default() },
            Self::Settings(settings) => settings.clone(),
        }
    }
}

impl Workspace {
    /// The base of the work tree that a task is to have, as far as one is chosen, and the way back; none for a task that works in the project's own
    /// directory.
    pub fn of_task(own: Option<&Self>, usual: &WorkspaceSettings) -> Option<(Option<String>, WorkspaceBack)> {
        let (mode, base, back) = match own {
            None => (usual.mode, None, None),
            Some(Self::Mode(mode)) => (*mode, None, None),
            Some(Self::Terms(WorkspaceTerms { mode, base, back })) => {
                (mode.unwrap_or(WorkspaceMode::Worktree), base.clone(), *back)
            }
        };
        let is_tree = mode == WorkspaceMode::Worktree;
        is_tree.then(|| (base.or_else(|| usual.base.clone()), back.unwrap_or(usual.back)))
    }
}

/// Reads the name of a variant, or null: serde by itself takes `{"shared": null}` for `"shared"`, too, which the schema does not.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    T::deserialize(name.into_deserializer()).map(Some)
}

// By hand: an untagged enum would only say that nothing matches.
impl<'de> Deserialize<'de> for Workspace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModeOr(Self::Mode, Self::Terms))
    }
}

impl<'de> Deserialize<'de> for WorkspaceDefault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ModeOr(Self::Mode, Self::Settings))
    }
}

/// Reads a mode, or an object with more.
struct ModeOr<T, Whole>(fn(WorkspaceMode) -> T, fn(Whole) -> T);

impl<'de, T, Whole: Deserialize<'de>> Visitor<'de> for ModeOr<T, Whole> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"shared\", \"worktree\" or an object with mode, base and back")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        let mode = WorkspaceMode::ALL.into_iter().find(|mode| mode.name() == name);
        mode.map(self.0).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(name), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        Whole::deserialize(MapAccessDeserializer::new(map)).map(self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(json: &str) -> Workspace {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_workspace_is_a_word_or_an_object() {
        let usual = WorkspaceSettings::default();
        let of = |json: &str| Workspace::of_task(Some(&workspace(json)), &usual);
        assert_eq!(of("\"shared\""), None);
        assert_eq!(of("\"worktree\""), Some((None, WorkspaceBack::Branch)));
        assert_eq!(of(r#"{"base": "head"}"#), Some((Some("head".to_owned()), WorkspaceBack::Branch)));
        assert_eq!(of(r#"{"mode": "shared", "back": "apply"}"#), None);
        let refused = |json| serde_json::from_str::<Workspace>(json).unwrap_err().to_string();
        assert!(refused("\"tree\"").contains("expected \"shared\", \"worktree\" or an object"));
        assert!(refused(r#"{"bass": 1}"#).contains("unknown field `bass`"));
        assert!(refused(r#"{"mode": {"shared": null}}"#).contains("invalid type: map"));
    }

    #[test]
    fn what_a_task_leaves_out_is_the_configurations() {
        let usual =
            r#"{"mode": "worktree", "base": "main", "back": "apply", "setup": "npm ci", "max_trees": 4}"#;
        let usual = serde_json::from_str::<WorkspaceDefault>(usual).unwrap().settings();
        assert_eq!(Workspace::of_task(None, &usual), Some((Some("main".to_owned()), WorkspaceBack::Apply)));
        let own = workspace(r#"{"back": "patch"}"#);
        assert_eq!(
            Workspace::of_task(Some(&own), &usual),
            Some((Some("main".to_owned()), WorkspaceBack::Patch))
        );
        assert_eq!(Workspace::of_task(Some(&workspace("\"shared\"")), &usual), None);
        let shared = WorkspaceDefault::default().settings();
        assert_eq!(Workspace::of_task(None, &shared), None);
        let word = serde_json::from_str::<WorkspaceDefault>("\"worktree\"").unwrap().settings();
        assert_eq!((word.mode, word.setup, word.max_trees), (WorkspaceMode::Worktree, None, None));
    }
}
