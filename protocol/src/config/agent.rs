use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The command that runs agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// The program and its arguments. `--agent NAME` is added where a task names one.
    #[schemars(length(min = 1, max = 1000), inner(length(max = 100_000)))]
    pub command: Vec<String>,
    /// How the prompt reaches it.
    pub prompt: PromptBy,
    /// How long an agent may go on after it has written its `result` message before it is ended, in seconds; the task has
    /// completed all the same. A day at most.
    #[schemars(range(min = 0, max = 86_400))]
    pub exit_seconds: f64,
    /// How much one agent may write to its standard output and error together, in MiB. One that writes more is ended, its task has failed, and
    /// what is more is cut off. `null` stands for as much as it likes.
    #[schemars(range(min = 1))]
    pub max_output_mb: Option<u32>,
    /// What agents find of the daemon's environment.
    pub env: AgentEnv,
}

/// What agents find of the daemon's environment. Names may hold `*` and `?`, as `AWS_*`; capital letters count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentEnv {
    /// Only these, and those that programs need: `PATH`, `HOME`, `USER`, `LOGNAME`, `SHELL`, `TMPDIR`, `TERM`, `TZ`, `LANG` and `LC_*`. `null`
    /// stands for all.
    pub keep: Option<Vec<String>>,
    /// Not these, also where `keep` names them.
    pub remove: Vec<String>,
}

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            command: vec!["claude".to_owned(), "-p".to_owned()],
            prompt: PromptBy::default(),
            exit_seconds: 5.0,
            max_output_mb: Some(1024),
            env: AgentEnv::default(),
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
