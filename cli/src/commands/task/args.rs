//! The command line of tasks.

use std::time::Duration;

use aiwg_protocol::{
    limits::TASKS_LISTED,
    types::{
        CheckCommand, TaskOrder, TaskState, Timestamp, Verify, Workspace, WorkspaceBack, WorkspaceMode,
        WorkspaceTerms,
    },
};
use clap::{ArgGroup, Args as ClapArgs, Subcommand, ValueEnum, ValueHint};

use crate::{
    examples,
    values::{
        duration, idempotency_key, limit, minutes, moment, orders, pair, priority, rounds, since, states,
        task_id, ways_back,
    },
};

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TaskCommand {
    /// Submit a task
    #[command(after_help = examples::SUBMIT)]
    Submit(Box<SubmitArgs>),
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
        /// The messages to its agent as a whole, however long they are
        #[arg(long)]
        whole: bool,
    },
    /// Cancel tasks, and wait until all their processes have ended
    #[command(after_help = examples::CANCEL, override_usage = "aiwg task cancel [OPTIONS] [ID]...")]
    Cancel {
        #[command(flatten)]
        which: Selected,
        /// Return at once; a running task has 15 seconds to end
        #[arg(long)]
        no_wait: bool,
        /// Limit of the wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. No limit unless given
        #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, conflicts_with = "no_wait")]
        wait_timeout: Option<Duration>,
    },
    /// Hold queued tasks back, until they are released or until a moment
    #[command(after_help = examples::HOLD)]
    Hold {
        /// The tasks' ids, or their numbers
        #[arg(required = true, value_parser = task_id, value_hint = ValueHint::Other)]
        ids: Vec<String>,
        /// Release them by themselves at this moment, as 22:00 or 2026-12-24T18:00:00Z
        #[arg(long, value_name = "MOMENT", value_parser = moment, value_hint = ValueHint::Other)]
        until: Option<Timestamp>,
    },
    /// Release tasks that are held, or that are to start later
    #[command(after_help = examples::RELEASE)]
    Release {
        /// The tasks' ids, or their numbers
        #[arg(required = true, value_parser = task_id, value_hint = ValueHint::Other)]
        ids: Vec<String>,
    },
    /// Send a message to the agent of a task that has not ended
    #[command(after_help = examples::SEND)]
    Send {
        /// The task's id, or its number
        #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
        id: String,
        /// The message, as one argument; - reads it from standard input
        #[arg(value_hint = ValueHint::Other)]
        message: String,
    },
    /// Take a task over: wait until its agent has ended, and go on in its session yourself
    #[command(after_help = examples::TAKE)]
    Take {
        /// The task's id, or its number
        #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
        id: String,
        /// End its agent, in place of waiting for that
        #[arg(long)]
        now: bool,
        /// Do not open the session: only lock it, and print the command that does
        #[arg(long)]
        no_open: bool,
    },
    /// Give a task back that was taken over: its agent goes on
    #[command(after_help = examples::GIVE)]
    Give {
        /// The task's id, or its number
        #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
        id: String,
        /// Nothing is left to do: it has completed
        #[arg(long)]
        done: bool,
    },
    /// Print what a task has changed in its work tree, as a patch
    #[command(after_help = examples::DIFF)]
    Diff {
        /// The task's id, or its number
        #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
        id: String,
        /// The run whose changes are meant; the latest one that has left any unless given
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), value_hint = ValueHint::Other)]
        run: Option<u32>,
        /// The numbers of lines by file, in place of the patch
        #[arg(long)]
        stat: bool,
    },
    /// Apply what a task has changed in its work tree to the project's files; nothing is committed
    #[command(after_help = examples::APPLY)]
    Apply {
        /// The task's id, or its number
        #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
        id: String,
        /// The run whose changes are meant; the latest one that has left any unless given
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), value_hint = ValueHint::Other)]
        run: Option<u32>,
    },
    /// Change a task while it is queued
    #[command(after_help = examples::EDIT, override_usage = "aiwg task edit [OPTIONS] <ID>")]
    Edit(EditArgs),
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
        /// Limit of the wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. No limit unless given
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
        /// Limit of the wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. No limit unless given
        #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other)]
        wait_timeout: Option<Duration>,
    },
}

/// Selects tasks: those named, or all that meet the conditions.
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

/// The decision that counts for a task that nobody has approved in time.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum AfterTime {
    // Not for the help: with words for each value all of it would take twice the lines.
    #[default]
    Reject,
    Approve,
}

#[derive(Debug, Clone, ClapArgs)]
#[command(group = ArgGroup::new("changes").required(true).multiple(true))]
pub(crate) struct EditArgs {
    /// The task's id, or its number
    #[arg(value_parser = task_id, value_hint = ValueHint::Other)]
    pub(crate) id: String,

    /// Another prompt; - reads it from standard input
    #[arg(long, value_hint = ValueHint::Other, group = "changes")]
    pub(crate) prompt: Option<String>,

    /// Another priority
    #[arg(long, value_name = "N", allow_negative_numbers = true, group = "changes")]
    #[arg(value_parser = priority(), value_hint = ValueHint::Other)]
    pub(crate) priority: Option<i32>,

    /// Another lane; "" for none
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other, group = "changes")]
    pub(crate) lane: Option<String>,

    /// Cancel it if it has not been started within this time from now on, as 30m or 2h
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, group = "changes")]
    pub(crate) expires: Option<Duration>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct SubmitArgs {
    /// The prompt for the agent, as one argument; - reads it from standard input
    #[arg(value_hint = ValueHint::Other)]
    pub(crate) prompt: String,

    /// The agent that is to do it: a profile of the configuration, or else a role of its agent
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) agent: Option<String>,

    /// Higher ones start first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = priority(), value_hint = ValueHint::Other)]
    pub(crate) priority: i32,

    /// The time limit; daemon.action_timeout_minutes unless given
    #[arg(long, value_name = "MINUTES", value_parser = minutes, value_hint = ValueHint::Other)]
    pub(crate) timeout: Option<f64>,

    /// Call it by this key: submitted again with it within a day, the task is one
    #[arg(long, value_name = "KEY", value_parser = idempotency_key, value_hint = ValueHint::Other)]
    pub(crate) idempotency_key: Option<String>,

    /// Start it only when this task has completed; may be given several times
    #[arg(long, value_name = "ID", value_parser = task_id, value_hint = ValueHint::Other)]
    pub(crate) after: Vec<String>,

    /// Run it in this lane, one of "lanes" of the configuration
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) lane: Option<String>,

    /// Run it on a host with this label, where several share the store; may be given several times
    #[arg(long, value_name = "LABEL", value_hint = ValueHint::Other)]
    pub(crate) runs_on: Vec<String>,

    /// Start it no sooner than after this time, as 10m or 2h
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other)]
    pub(crate) delay: Option<Duration>,

    /// Start it no sooner than at this moment, as 22:00 or 2026-12-24T18:00:00Z
    #[arg(long, value_name = "MOMENT", value_parser = moment, value_hint = ValueHint::Other)]
    pub(crate) at: Option<Timestamp>,

    /// Cancel it if it has not been started within this time, as 30m or 2h
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other)]
    pub(crate) expires: Option<Duration>,

    /// Carry it out again up to so many times, with longer and longer pauses, if its agent fails or takes too long
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100), value_hint = ValueHint::Other)]
    pub(crate) retries: Option<u32>,
    /// A person must approve it before it starts: aiwg approval
    #[arg(long)]
    pub(crate) approval: bool,

    /// Time to approve it, in minutes; no limit unless given
    #[arg(long, value_name = "MINUTES", value_parser = minutes, value_hint = ValueHint::Other, requires = "approval")]
    pub(crate) approval_timeout: Option<f64>,

    /// The decision that counts if nobody makes one in that time
    #[arg(long, value_name = "WHAT", value_enum, default_value_t, requires = "approval_timeout")]
    pub(crate) on_timeout: AfterTime,

    /// Start it whatever is left of the budgets, towards which it counts all the same; not for agents
    #[arg(long)]
    pub(crate) ignore_budget: bool,

    #[command(flatten)]
    pub(crate) verify: VerifyArgs,

    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,

    /// Print the agent's output as it comes, and exit with 0 if the task completes, else with 1
    #[arg(long)]
    pub(crate) wait: bool,

    /// With --wait: every byte of the output, with the messages of an agent that writes JSON
    #[arg(long, requires = "wait")]
    pub(crate) raw: bool,

    /// Limit of the wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. No limit unless given
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, requires = "wait")]
    pub(crate) wait_timeout: Option<Duration>,

    /// Added to the agent's environment; ${NAME} in the value is taken from the daemon's
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, value_hint = ValueHint::Other)]
    pub(crate) env: Vec<(String, String)>,
}

/// The check by which a task counts as done.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct VerifyArgs {
    /// Have the agent work in rounds, in one session, until this command exits with 0
    #[arg(long, value_name = "CMD", value_hint = ValueHint::CommandString)]
    pub(crate) verify: Option<String>,

    /// Maximum number of rounds; 5 unless given
    #[arg(long, value_name = "N", value_parser = rounds(), value_hint = ValueHint::Other)]
    pub(crate) max_rounds: Option<u32>,

    /// Time limit of one run of the check; 20 unless given
    #[arg(long, value_name = "MINUTES", value_parser = minutes, value_hint = ValueHint::Other)]
    pub(crate) verify_timeout: Option<f64>,

    /// Run the check before the first round: where it succeeds, no agent is started
    #[arg(long)]
    pub(crate) verify_before: bool,

    /// Files that the agent may not change, as tests/**; may be given several times
    #[arg(long, value_name = "GLOB", value_hint = ValueHint::Other)]
    pub(crate) protect: Vec<String>,
}

impl VerifyArgs {
    /// As it goes over the wire; none where nothing is asked for. Without a command that of the configuration is meant.
    pub(crate) fn into_verify(self) -> Option<Verify> {
        let is_asked = self.verify.is_some()
            || self.max_rounds.is_some()
            || self.verify_timeout.is_some()
            || self.verify_before
            || !self.protect.is_empty();
        is_asked.then(|| Verify {
            enabled: None,
            command: self.verify.map(CheckCommand::Shell),
            max_rounds: self.max_rounds,
            timeout_minutes: self.verify_timeout,
            before: self.verify_before.then_some(true),
            protect: (!self.protect.is_empty()).then_some(self.protect),
        })
    }
}

/// The place in which a task's agent works.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(crate) struct WorkspaceArgs {
    /// Have the agent work in a work tree of its own, apart from the project's files
    #[arg(long)]
    pub(crate) worktree: bool,

    /// Have the agent work in the project's own directory, whatever "workspace" of the configuration says
    #[arg(long, conflicts_with_all = ["worktree", "base", "back"])]
    pub(crate) shared: bool,

    /// In a work tree: begin with "snapshot" (the files as they are), "head", or a branch, a tag or a hash
    #[arg(long, value_name = "BASE", value_hint = ValueHint::Other)]
    pub(crate) base: Option<String>,

    /// In a work tree: the way in which the changes come back
    #[arg(long, value_name = "HOW", value_parser = ways_back())]
    pub(crate) back: Option<WorkspaceBack>,
}

impl WorkspaceArgs {
    /// As it goes over the wire; none where nothing is asked for.
    pub(crate) fn into_workspace(self) -> Option<Workspace> {
        match self {
            Self { shared: true, .. } => Some(Workspace::Mode(WorkspaceMode::Shared)),
            Self { base: None, back: None, worktree, .. } => {
                worktree.then_some(Workspace::Mode(WorkspaceMode::Worktree))
            }
            Self { base, back, .. } => {
                Some(Workspace::Terms(WorkspaceTerms { mode: Some(WorkspaceMode::Worktree), base, back }))
            }
        }
    }
}

/// A loop: a task with a check that is waited for.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct LoopArgs {
    /// The prompt for the agent, as one argument; - reads it from standard input
    #[arg(value_hint = ValueHint::Other)]
    pub(crate) prompt: String,

    #[command(flatten)]
    pub(crate) verify: VerifyArgs,

    /// The agent that is to do it
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) agent: Option<String>,

    /// Higher ones start first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = priority(), value_hint = ValueHint::Other)]
    pub(crate) priority: i32,

    /// The time limit of the agent's work in all rounds together; daemon.action_timeout_minutes unless given
    #[arg(long, value_name = "MINUTES", value_parser = minutes, value_hint = ValueHint::Other)]
    pub(crate) timeout: Option<f64>,

    /// Run it in this lane, one of "lanes" of the configuration
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) lane: Option<String>,

    /// Run it on a host with this label, where several share the store; may be given several times
    #[arg(long, value_name = "LABEL", value_hint = ValueHint::Other)]
    pub(crate) runs_on: Vec<String>,

    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,

    /// Limit of the wait, as 90, 30m or 2h; then exit with 124, and leave the task alone. No limit unless given
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other)]
    pub(crate) wait_timeout: Option<Duration>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ListArgs {
    /// Only tasks in this state
    #[arg(long, value_parser = states())]
    pub(crate) state: Option<TaskState>,

    /// Only tasks for this agent
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) agent: Option<String>,

    /// Only tasks that this rule has made
    #[arg(long, value_name = "ID", value_hint = ValueHint::Other)]
    pub(crate) rule: Option<String>,

    /// Only tasks in this lane
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    pub(crate) lane: Option<String>,

    /// Only tasks with this text in their prompts
    #[arg(long, value_name = "TEXT", value_hint = ValueHint::Other)]
    pub(crate) text: Option<String>,

    /// Only tasks submitted within this time, as 30m or 2h, or since this moment, as 18:00
    #[arg(long, value_name = "TIME", value_parser = since, value_hint = ValueHint::Other)]
    pub(crate) since: Option<Timestamp>,

    /// Only tasks submitted before this moment, as 18:00 or 2026-12-24T18:00:00Z
    #[arg(long, value_name = "MOMENT", value_parser = since, value_hint = ValueHint::Other)]
    pub(crate) until: Option<Timestamp>,

    /// The order
    #[arg(long, value_name = "ORDER", value_parser = orders(), default_value = "newest")]
    pub(crate) sort: TaskOrder,

    /// Maximum number, up to 1000
    #[arg(long, value_name = "N", default_value_t = TASKS_LISTED, value_parser = limit(), value_hint = ValueHint::Other)]
    pub(crate) limit: u32,

    /// Go on after this task, the last of the page before; only with the order newest
    #[arg(long, value_name = "ID", value_parser = task_id, value_hint = ValueHint::Other)]
    pub(crate) cursor: Option<String>,
}
