use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The command that runs agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// The program and its arguments. `--agent NAME` is added where a task names one.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// How the prompt reaches it.
    pub prompt: PromptBy,
    /// How long an agent may go on after it has written its `result` message before it is ended, in seconds; the task has
    /// completed all the same. A day at most.
    #[schemars(range(min = 0, max = 86_400))]
    pub exit_seconds: f64,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            command: vec!["claude".to_owned(), "-p".to_owned()],
            prompt: PromptBy::default(),
            exit_seconds: 5.0,
        }
    }
}

/// How the prompt reaches the agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptBy {
    /// On its standard input, which ends after it.
    #[default]
    Stdin,
    /// As its last argument: it shows in `ps`, ends at 128 KiB, and may be taken for an option.
    Argument,
}
