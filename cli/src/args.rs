//! What can be typed.

use std::{path::PathBuf, time::Duration};

use aiwg_protocol::{
    limits::{EVENTS_LISTED, TASKS_LISTED},
    types::{Json, TaskState},
};
use aiwg_server::log::MAX_LINES;
use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand, ValueHint};

use crate::{
    commands::{ChatArgs, ChatCommand, ScheduleCommand},
    examples,
    values::{Payload, duration, json, limit, minutes, pair, payload, priority, states, task_id},
};

/// Where help shows the options that all commands have.
const GLOBAL: &str = "Global options";

/// Turns what happens in a project into agent tasks, and runs them.
#[derive(Debug, Clone, Parser)]
#[command(name = "aiwg", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = examples::overall())]
pub(crate) struct Args {
    /// The project's directory; else the nearest one upwards that has a .aiwg directory
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL, value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,

    /// Print the method's result, or its error, as JSON
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,

    /// How long the daemon may take to answer, as 30 or 2m; 10 seconds unless given. What waits has no limit of its own
    #[arg(long, global = true, value_name = "TIME", help_heading = GLOBAL, value_parser = duration, value_hint = ValueHint::Other)]
    pub(crate) request_timeout: Option<Duration>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Write a configuration to begin with, each setting explained
    #[command(after_help = examples::INIT)]
    Init {
        /// Deny agents to edit .aiwg, in .claude/settings.json; also where there is a configuration
        #[arg(long)]
        claude_settings: bool,
    },
    /// Start, stop and look at the daemon
    #[command(subcommand)]
    Daemon(DaemonCommand),
    /// Submit, watch and cancel agent tasks
    #[command(subcommand)]
    Task(TaskCommand),
    /// Say something to an agent
    #[command(subcommand)]
    Chat(ChatCommand),
    /// Emit, watch and list events
    #[command(subcommand)]
    Event(EventCommand),
    /// Look at the rules, switch them on and off, try them out
    #[command(subcommand)]
    Automation(AutomationCommand),
    /// Look at schedules, and fire them
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Check the configuration; takes no daemon
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the schema of the configuration, or of the API
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// Which of them
        #[arg(value_enum)]
        kind: SchemaKind,
    },
    /// Print what makes a shell complete this command
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages
    #[command(after_help = examples::MAN)]
    Man {
        /// The directory to write them to
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

impl Command {
    /// Whether it only asks, so that asking again changes nothing.
    pub(crate) fn only_asks(&self) -> bool {
        match self {
            Self::Daemon(command) => matches!(command, DaemonCommand::Status | DaemonCommand::Ping),
            Self::Task(command) => {
                matches!(command, TaskCommand::List(_) | TaskCommand::Get { .. } | TaskCommand::Stats)
            }
            Self::Event(command) => matches!(command, EventCommand::List { .. }),
            Self::Automation(command) => {
                matches!(command, AutomationCommand::Status | AutomationCommand::Test(_))
            }
            Self::Schedule(command) => matches!(command, ScheduleCommand::List),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum DaemonCommand {
    /// Start the daemon; returns when it answers
    #[command(after_help = examples::START)]
    Start(StartArgs),
    /// Start the daemon, and take over the tasks that the Node daemon has left in tasks.json
    #[command(after_help = examples::IMPORT)]
    Import,
    /// Stop the daemon; running tasks have 15 seconds to end
    #[command(after_help = examples::STOP)]
    Stop,
    /// Have the daemon begin anew, with its configuration file and its program read again; running tasks go on
    #[command(after_help = examples::RESTART)]
    Restart,
    /// Put the changed configuration in force; running tasks and connections stay
    #[command(after_help = examples::RELOAD)]
    Reload,
    /// Show the daemon and all its subsystems
    #[command(after_help = examples::STATUS)]
    Status,
    /// Check that the daemon answers
    #[command(after_help = examples::PING)]
    Ping,
    /// Print the daemon's log; works without a daemon as well
    #[command(after_help = examples::LOGS)]
    Logs(LogsArgs),
    /// Talk with an agent; with a message, say it and print the answer
    #[command(after_help = examples::DAEMON_CHAT)]
    Chat(ChatArgs),
    /// Show the daemon's tmux session, which `daemon start --tmux` makes
    #[command(after_help = examples::ATTACH)]
    Attach(AttachArgs),
    /// Print a unit with which a service manager runs this project's daemon
    #[command(after_help = examples::SERVICE)]
    Service(ServiceArgs),
}

/// The documents that are emitted from the definition.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum SchemaKind {
    /// The JSON Schema of .aiwg/daemon.json
    Config,
    /// The OpenRPC document of the API
    Openrpc,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ServiceArgs {
    /// A unit for systemd; the default
    #[arg(long, conflicts_with = "launchd")]
    pub(crate) systemd: bool,
    /// A property list for launchd
    #[arg(long)]
    pub(crate) launchd: bool,
    /// The configuration to use in place of .aiwg/daemon.json
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct LogsArgs {
    /// How many of the last lines
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(..=i64::from(MAX_LINES)), value_hint = ValueHint::Other)]
    pub(crate) lines: u32,

    /// Go on printing, over rotations and restarts of the daemon
    #[arg(long, short)]
    pub(crate) follow: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct StartArgs {
    /// Stay in the foreground
    #[arg(long)]
    pub(crate) foreground: bool,

    /// The configuration to use in place of .aiwg/daemon.json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,

    /// Make a tmux session with the daemon's log, the agents' output and a conversation
    #[arg(long, conflicts_with = "foreground")]
    pub(crate) tmux: bool,

    /// Go on with the configuration that was in force, though its file has changed: for service managers
    #[arg(long)]
    pub(crate) unattended: bool,

    /// Put a changed configuration in force, though no terminal shows that a person asks for it
    #[arg(long, conflicts_with = "unattended")]
    pub(crate) attended: bool,

    /// Go on with state that was made elsewhere: a copy, a backup, an older aiwg's, a Node daemon's
    #[arg(long)]
    pub(crate) adopt_state: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct AttachArgs {
    /// Only look
    #[arg(long)]
    pub(crate) readonly: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TaskCommand {
    /// Submit a task
    #[command(after_help = examples::SUBMIT)]
    Submit(SubmitArgs),
    /// List tasks, the newest first
    #[command(after_help = examples::LIST, alias = "ls")]
    List(ListArgs),
    /// Show one task
    #[command(after_help = examples::GET, alias = "show")]
    Get {
        /// The task's id, or its number
        #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
        id: String,
        /// Its output as it is, with the messages of an agent that writes JSON
        #[arg(long)]
        raw: bool,
    },
    /// Cancel tasks, and wait until all their processes have ended
    #[command(after_help = examples::CANCEL, override_usage = "aiwg task cancel [OPTIONS] [ID]...")]
    Cancel {
        #[command(flatten)]
        which: Selected,
        /// Return at once; a running task has 15 seconds to end
        #[arg(long)]
        no_wait: bool,
        /// How long to wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. Without a limit unless given
        #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, conflicts_with = "no_wait")]
        wait_timeout: Option<Duration>,
    },
    /// Submit new tasks with the same orders as earlier ones
    #[command(after_help = examples::RETRY, override_usage = "aiwg task retry [OPTIONS] [ID]...")]
    Retry(Selected),
    /// Print what a task's agent has written; with --follow and no id, what all agents write
    #[command(after_help = examples::TASK_LOGS)]
    Logs {
        /// The task's id, or its number
        #[arg(required_unless_present = "follow", value_parser = task_id, value_hint = ValueHint::Other)]
        id: Option<String>,
        /// Go on printing until the task has ended
        #[arg(long, short)]
        follow: bool,
        /// Standard error in place of standard output
        #[arg(long, requires = "id")]
        stderr: bool,
        /// Every byte, with the messages of an agent that writes JSON
        #[arg(long)]
        raw: bool,
        /// How long to wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. Without a limit unless given
        #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, requires = "follow")]
        wait_timeout: Option<Duration>,
    },
    /// Count the tasks by state, and sum up what their agents used
    #[command(after_help = examples::STATS)]
    Stats,
    /// Wait until tasks have ended; exits with 1 if one of them did not complete
    #[command(after_help = examples::WAIT)]
    Wait {
        /// The tasks' ids, or their numbers
        #[arg(required = true, value_parser = task_id, value_hint = ValueHint::Other)]
        ids: Vec<String>,
        /// How long to wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. Without a limit unless given
        #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other)]
        wait_timeout: Option<Duration>,
    },
}

/// Which tasks something is done with: those named, or all that fit.
#[derive(Debug, Clone, ClapArgs)]
#[group(skip)]
#[command(group = ArgGroup::new("which").required(true).multiple(true))]
pub(crate) struct Selected {
    /// The tasks' ids, or their numbers
    #[arg(value_name = "ID", value_parser = task_id, value_hint = ValueHint::Other, group = "which")]
    #[arg(conflicts_with_all = ["state", "agent", "rule", "since", "all"])]
    pub(crate) ids: Vec<String>,

    /// All tasks in this state
    #[arg(long, value_parser = states(), group = "which")]
    pub(crate) state: Option<TaskState>,

    /// All tasks for this agent
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, group = "which")]
    pub(crate) agent: Option<String>,

    /// All tasks that this rule has made
    #[arg(long, value_name = "ID", value_hint = ValueHint::Other, group = "which")]
    pub(crate) rule: Option<String>,

    /// All that have ended within this time, as 90, 30m or 2h, or were submitted within it and have not ended
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, group = "which")]
    pub(crate) since: Option<Duration>,

    /// All tasks that can be cancelled, or have not completed and were not retried yet
    #[arg(long, group = "which", conflicts_with_all = ["state", "agent", "rule", "since"])]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct SubmitArgs {
    /// What the agent is asked to do, as one argument; - reads it from standard input
    #[arg(value_hint = ValueHint::Other)]
    pub(crate) prompt: String,

    /// The agent that is to do it
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) agent: Option<String>,

    /// Higher ones start first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = priority(), value_hint = ValueHint::Other)]
    pub(crate) priority: i32,

    /// The time limit; daemon.action_timeout_minutes unless given
    #[arg(long, value_name = "MINUTES", value_parser = minutes, value_hint = ValueHint::Other)]
    pub(crate) timeout: Option<f64>,

    /// Start it only when this task has completed; may be given several times
    #[arg(long, value_name = "ID", value_parser = task_id, value_hint = ValueHint::Other)]
    pub(crate) after: Vec<String>,

    /// Print the agent's output as it comes, and exit with 0 if the task completes, else with 1
    #[arg(long)]
    pub(crate) wait: bool,

    /// With --wait: every byte of the output, with the messages of an agent that writes JSON
    #[arg(long, requires = "wait")]
    pub(crate) raw: bool,

    /// How long to wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. Without a limit unless given
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, requires = "wait")]
    pub(crate) wait_timeout: Option<Duration>,

    /// Added to the agent's environment; ${NAME} in the value is taken from the daemon's
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, value_hint = ValueHint::Other)]
    pub(crate) env: Vec<(String, String)>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ListArgs {
    /// Only tasks in this state
    #[arg(long, value_parser = states())]
    pub(crate) state: Option<TaskState>,

    /// Only tasks for this agent
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) agent: Option<String>,

    /// How many at the most, up to 1000
    #[arg(long, value_name = "N", default_value_t = TASKS_LISTED, value_parser = limit(), value_hint = ValueHint::Other)]
    pub(crate) limit: u32,

    /// Go on after this task, the last of the page before
    #[arg(long, value_name = "ID", value_parser = task_id, value_hint = ValueHint::Other)]
    pub(crate) cursor: Option<String>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Tell all that is wrong with a configuration file, and where
    #[command(after_help = examples::CONFIG_CHECK)]
    Check {
        /// The file, - for standard input; .aiwg/daemon.json of the project unless given
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum AutomationCommand {
    /// Show the rules and the tasks that they have made lately
    #[command(after_help = examples::AUTOMATION_STATUS, alias = "list")]
    Status,
    /// Enable all automation, or a rule; a tripped rule begins anew
    #[command(after_help = examples::ENABLE)]
    Enable {
        /// The rule's id
        #[arg(long, value_name = "ID", value_hint = ValueHint::Other)]
        rule: Option<String>,
    },
    /// Disable all automation, or a rule
    #[command(after_help = examples::DISABLE)]
    Disable {
        /// The rule's id
        #[arg(long, value_name = "ID", value_hint = ValueHint::Other)]
        rule: Option<String>,
    },
    /// Tell which rules something would fire, with the prompts; changes nothing
    #[command(after_help = examples::TEST)]
    Test(TestArgs),
}

#[derive(Debug, Clone, ClapArgs)]
#[group(skip)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct TestArgs {
    /// As if an event of this topic were emitted
    #[arg(long, value_hint = ValueHint::Other, group = "what")]
    pub(crate) topic: Option<String>,
    /// The event's payload
    #[arg(long, value_name = "JSON", value_parser = json, value_hint = ValueHint::Other, requires = "topic")]
    pub(crate) payload: Option<Json>,
    /// As if this file of the project were modified
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, group = "what")]
    pub(crate) file: Option<String>,
    /// As if this schedule job fired
    #[arg(long, value_name = "JOB", value_hint = ValueHint::Other, group = "what")]
    pub(crate) schedule: Option<String>,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum EventCommand {
    /// Tell the daemon that something happened
    #[command(after_help = examples::EMIT)]
    Emit {
        /// What happened: up to 200 characters of A-Z a-z 0-9 _ . : / -
        #[arg(value_hint = ValueHint::Other)]
        topic: String,
        /// What to say of it, as JSON; - reads it from standard input
        #[arg(value_name = "JSON", value_parser = payload, value_hint = ValueHint::Other)]
        payload: Option<Payload>,
    },
    /// Print events as they happen
    #[command(after_help = examples::WATCH)]
    Watch {
        /// Only topics that match one of these patterns, such as 'deployment:*'
        #[arg(value_name = "PATTERN", value_hint = ValueHint::Other)]
        topics: Vec<String>,
        /// Begin with the events after this number
        #[arg(long, value_name = "SEQ", value_hint = ValueHint::Other)]
        since: Option<u64>,
    },
    /// List events, the oldest first
    #[command(after_help = examples::EVENT_LIST, alias = "ls")]
    List {
        /// Only topics that match one of these patterns, such as 'deployment:*'
        #[arg(value_name = "PATTERN", value_hint = ValueHint::Other)]
        topics: Vec<String>,
        /// Only events after this number
        #[arg(long, value_name = "SEQ", value_hint = ValueHint::Other)]
        since: Option<u64>,
        /// How many at the most, up to 1000: the newest ones, or with --since the next
        #[arg(long, value_name = "N", default_value_t = EVENTS_LISTED, value_parser = limit(), value_hint = ValueHint::Other)]
        limit: u32,
    },
}
