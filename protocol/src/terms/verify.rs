//! Verified tasks: the check that says when the work is done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A check by which a task counts as done: its agent works in rounds, in one session, until the check's command exits with 0.
///
/// Absent members are taken from `defaults.verify` of the configuration, then from the defaults here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Verify {
    /// False for no check, whatever `defaults.verify` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
    /// The command of the check. It runs in the project as a run of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CheckCommand>,
    /// Maximum number of rounds: in each, the agent works and the check runs.
    #[serde(alias = "maxRounds", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000), extend("default" = 5, "x-aliases" = ["maxRounds"]))]
    pub max_rounds: Option<u32>,
    /// The time limit of one run of the check, in minutes, at most a year. A check that takes longer is ended, and has failed.
    #[serde(alias = "timeoutMinutes", skip_serializing_if = "Option::is_none")]
    #[schemars(
        range(max = 525_600),
        extend("exclusiveMinimum" = 0, "default" = 20, "x-aliases" = ["timeoutMinutes"])
    )]
    pub timeout_minutes: Option<f64>,
    /// True if the check runs before the first round as well: where it succeeds, no agent is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub before: Option<bool>,
    /// Files that the agent may not change, as globs on the path relative to the project: `tests/**`. A round that leaves one of them other
    /// than it was before the first round does not count as done. What git ignores is not protected, unless it is named without a wildcard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100), inner(length(min = 1, max = 1024)))]
    pub protect: Option<Vec<String>>,
}

impl Verify {
    /// The number of rounds where nothing else is said.
    pub const MAX_ROUNDS: u32 = 5;

    /// The time limit of the check where nothing else is said, in minutes.
    pub const TIMEOUT_MINUTES: f64 = 20.0;

    /// The highest number of rounds.
    pub const MOST_ROUNDS: u32 = 1000;

    /// Each member, where it is absent, from `defaults`.
    #[must_use]
    pub fn or(self, defaults: &Self) -> Self {
        Self {
            enabled: self.enabled.or(defaults.enabled),
            command: self.command.or_else(|| defaults.command.clone()),
            max_rounds: self.max_rounds.or(defaults.max_rounds),
            timeout_minutes: self.timeout_minutes.or(defaults.timeout_minutes),
            before: self.before.or(defaults.before),
            protect: self.protect.or_else(|| defaults.protect.clone()),
        }
    }
}

/// The command of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum CheckCommand {
    /// A line for the shell: `sh -c`.
    #[schemars(title = "ShellCommand")]
    Shell(#[schemars(length(min = 1, max = 100_000), regex(pattern = r"\S"))] String),
    /// A program and its arguments, without a shell.
    #[schemars(title = "ProgramAndArguments")]
    Program(#[schemars(length(min = 1, max = 1000), inner(length(max = 100_000)))] Vec<String>),
}

impl CheckCommand {
    /// The program and its arguments.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match self {
            Self::Shell(line) => vec!["sh".to_owned(), "-c".to_owned(), line.clone()],
            Self::Program(words) => words.clone(),
        }
    }

    /// True if there is nothing to run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Shell(line) => line.trim().is_empty(),
            Self::Program(words) => words.first().is_none_or(String::is_empty),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn verify(value: serde_json::Value) -> Verify {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_absent_is_taken_from_the_defaults() {
        let defaults = verify(json!({ "command": "make test", "max_rounds": 3, "protect": ["tests/**"] }));
        let own = verify(json!({ "maxRounds": 7, "command": ["true"] })).or(&defaults);
        assert_eq!(own, verify(json!({ "command": ["true"], "max_rounds": 7, "protect": ["tests/**"] })));
        assert_eq!(verify(json!({ "enabled": false })).or(&defaults).enabled, Some(false));
        assert!(serde_json::from_value::<Verify>(json!({ "rounds": 1 })).is_err());
    }

    #[test]
    fn a_line_is_for_the_shell_and_a_list_is_not() {
        let words = |value| verify(json!({ "command": value })).command.unwrap().words();
        assert_eq!(words(json!("a && b")), ["sh", "-c", "a && b"]);
        assert_eq!(words(json!(["a", "&&"])), ["a", "&&"]);
        let empty = |value| verify(json!({ "command": value })).command.unwrap().is_empty();
        assert!(empty(json!(" ")) && empty(json!([])) && empty(json!([""])) && !empty(json!("x")));
    }
}
