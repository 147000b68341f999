use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The command that runs agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// The program and its arguments. `--agent NAME` is added where a task names one.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// How the prompt reaches it.
    pub prompt: PromptBy,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self { command: vec!["claude".to_owned(), "-p".to_owned()], prompt: PromptBy::default() }
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
