use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ProgramName;

/// The command that runs agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentConfig {
    /// The program that the command runs. Default: the one that the command names, or else `plain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramName>,
    /// The program and its arguments. `--agent NAME` is added where a task names one.
    #[schemars(length(min = 1, max = 1000), inner(length(max = 100_000)))]
    pub command: Vec<String>,
    /// The way in which the prompt reaches the agent.
    pub prompt: PromptBy,
    /// True if messages reach an agent while it works (`task.send`), since its standard input stays open until it is done. Otherwise they are its next run's.
    /// `null`: where the command is `claude` itself with `--output-format stream-json`, prompts reach it on its standard input, and the task names
    /// no role: `claude` does not notice then that a role does not exist. A wrapper of it must hand on its arguments and its input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steer: Option<bool>,
    /// Time that an agent may go on after it has written its `result` message before it is ended, in seconds. The task
    /// has completed all the same. At most a day.
    #[schemars(range(min = 0, max = 86_400))]
    pub exit_seconds: f64,
    /// Maximum size of one agent's standard output and error together, in MiB. An agent that writes more is ended, its
    /// task fails, and the excess is cut off. `null`: no limit.
    #[schemars(range(min = 1))]
    pub max_output_mb: Option<u32>,
    /// The state of a task whose agent came to the end of its work, but was refused tools on the way.
    pub refused_tasks: RefusedTasks,
    /// True if a use of a tool that an agent's own settings do not allow becomes an approval, instead of a refusal: a person is asked for each, and
    /// the task waits without a process. For `claude` with an output format of JSON.
    pub ask_permissions: bool,
    /// The part of the daemon's environment that agents get.
    pub env: AgentEnv,
    /// The profiles that do the tasks while the account of this agent has reached a limit: the first of `agents` that has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(max = 100)))]
    pub fallback: Vec<String>,
}

/// The state of a task whose agent came to the end of its work, but was refused tools on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusedTasks {
    /// It has completed: the agent says in its answer what it could not do.
    #[default]
    Complete,
    /// It has failed: no work is taken for done that may not be.
    Fail,
}

/// The part of the daemon's environment that agents get. Names may hold `*` and `?`, as `AWS_*`; case matters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentEnv {
    /// Only these, and those that programs need: `PATH`, `HOME`, `USER`, `LOGNAME`, `SHELL`, `TMPDIR`, `TERM`, `TZ`, `LANG` and `LC_*`. `null`
    /// stands for all.
    pub keep: Option<Vec<String>>,
    /// Not these, also where `keep` names them.
    pub remove: Vec<String>,
}

/// The command that runs tasks where none is configured: with it, a task tells whether the work was done, what it cost, and what kept it from going on.
const DEFAULT_COMMAND: [&str; 5] = ["claude", "-p", "--output-format", "stream-json", "--verbose"];

impl Default for AgentConfig {
    fn default() -> Self {
        Self {
            program: None,
            command: DEFAULT_COMMAND.map(str::to_owned).to_vec(),
            prompt: PromptBy::default(),
            steer: None,
            exit_seconds: 5.0,
            max_output_mb: Some(1024),
            refused_tasks: RefusedTasks::default(),
            ask_permissions: false,
            env: AgentEnv::default(),
            fallback: Vec::new(),
        }
    }
}

/// The way in which the prompt reaches the agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptBy {
    /// On its standard input, which ends after it.
    #[default]
    Stdin,
    /// As its last argument: it shows in `ps`, ends at 128 KiB, and may be taken for an option.
    Argument,
}
