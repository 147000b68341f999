use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentConfig, ModelPrices, PromptBy};

/// The programs that are known as agents: how their commands are made, and what their output says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgramName {
    /// Claude Code: `claude -p`.
    Claude,
    /// Codex: `codex exec`.
    Codex,
    /// The Gemini CLI: `gemini`.
    Gemini,
    /// opencode: `opencode run`.
    Opencode,
    /// Any other program: its exit code says how the work went, and its output is the answer.
    Plain,
}

impl ProgramName {
    /// The name as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Opencode => "opencode",
            Self::Plain => "plain",
        }
    }
}

/// A profile: a way to run agents that tasks and rules choose by its name. What it leaves out is as the section `agent` has it, apart from
/// the command and the fallback.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentProfile {
    /// The program that its command runs. Default: the one that the command names, or else `plain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramName>,
    /// The program and its arguments. Default: the usual ones of `program`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1000), inner(length(max = 100_000)))]
    pub command: Option<Vec<String>>,
    /// The way in which the prompt reaches the agent. Default: `stdin`, which all of the known programs read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<PromptBy>,
    /// Added to the environment of its agents, below what a task sets itself. `${NAME}` in a value stands for a variable of the daemon's
    /// environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "maxLength": 1000 }))]
    pub env: BTreeMap<String, String>,
    /// The most that one run may cost, in US dollars: a run that reports more is ended, and `claude` keeps to it itself as well. `null`: no cap.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000_000_000), extend("exclusiveMinimum" = 0))]
    pub cap_usd: Option<f64>,
    /// Prices of tokens by the name of the model, for a program that tells tokens and not what they cost, on top of those of
    /// `budget.prices`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 1000, "propertyNames" = { "maxLength": 200 }))]
    pub prices: BTreeMap<String, ModelPrices>,
    /// As `agent.ask_permissions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask_permissions: Option<bool>,
    /// As `agent.steer`, which does not count for profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steer: Option<bool>,
    /// As `agent.exit_seconds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 86_400))]
    pub exit_seconds: Option<f64>,
    /// As `agent.max_output_mb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_output_mb: Option<u32>,
    /// The profiles that do its tasks while its account has reached a limit: the first that has not. `agent` stands for the section `agent`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 100)))]
    pub fallback: Vec<String>,
}

impl AgentConfig {
    /// The name of the section `agent` among the profiles: no profile has it.
    pub const NAME: &'static str = "agent";
}
