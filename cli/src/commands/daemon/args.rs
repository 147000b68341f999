//! The command line of the daemon.

use std::{path::PathBuf, time::Duration};

use aiwg_server::log::MAX_LINES;
use clap::{Args as ClapArgs, Subcommand, ValueHint};

use crate::{commands::ChatArgs, examples, values::duration};

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
    Stop(WhichArgs),
    /// Restart the daemon, with its configuration file and its program read again; running tasks go on
    #[command(after_help = examples::RESTART)]
    Restart(WhichArgs),
    /// Put the changed configuration in force; running tasks and connections stay
    #[command(after_help = examples::RELOAD)]
    Reload,
    /// Pause the queue: nothing is started until `daemon resume`; running tasks go on
    #[command(after_help = examples::PAUSE)]
    Pause,
    /// Resume the queue
    #[command(after_help = examples::RESUME)]
    Resume,
    /// Drain the queue: start nothing, and wait until the running tasks have ended
    #[command(after_help = examples::DRAIN)]
    Drain(DrainArgs),
    /// List all your daemons, of whatever project
    #[command(after_help = examples::DAEMON_LIST)]
    List,
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

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct WhichArgs {
    /// All your daemons, of whatever project, one after the other
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct DrainArgs {
    /// End the daemon once the queue has drained; the next start starts tasks again, unless `daemon pause` came before
    #[arg(long)]
    pub(crate) exit: bool,
    /// Return at once
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Limit of the wait, as 90, 30m or 2h; then exit with 124; the queue goes on draining. No limit unless given
    #[arg(long, value_name = "TIME", value_parser = duration, value_hint = ValueHint::Other, conflicts_with = "no_wait")]
    pub(crate) wait_timeout: Option<Duration>,
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
    /// Number of lines from the end of the log
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

    /// Start it though this is a linked work tree of git, whose rules another daemon may have, too
    #[arg(long)]
    pub(crate) in_worktree: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct AttachArgs {
    /// Only look
    #[arg(long)]
    pub(crate) readonly: bool,
}
