//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueHint};

use crate::{
    build,
    commands::{
        AccountCommand, ApprovalCommand, AskArgs, AutomationCommand, ChatCommand, ConfigCommand,
        DaemonCommand, DashboardArgs, EventCommand, GenerateArgs, HostCommand, LoopArgs, McpArgs,
        MessagingCommand, MetricsArgs, ReportArgs, ScheduleCommand, StoreCommand, TaskCommand, TopArgs,
        TopicCommand, WebhookCommand, WhyArgs, WorkspaceCommand,
    },
    examples,
    values::{SchemaKind, duration},
};

/// Heading under which help shows the options that all commands have.
const GLOBAL: &str = "Global options";

/// Turns what happens in a project into agent tasks, and runs them.
#[derive(Debug, Clone, Parser)]
#[command(name = "aiwg", version = build::LONG.as_str(), max_term_width = 100, propagate_version = true)]
#[command(after_help = examples::overall())]
pub(crate) struct Args {
    /// The project's directory; else the nearest one upwards that has a .aiwg directory
    #[arg(long, global = true, value_name = "DIR", help_heading = GLOBAL, value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,

    /// Print the method's result, or its error, as JSON
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub(crate) json: bool,

    /// Time within which the daemon must answer, as 30 or 2m; 10 seconds unless given. What waits has no limit of its own
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
    /// Look at the accounts that agents work with, and lift what holds them back
    #[command(subcommand)]
    Account(AccountCommand),
    /// Have an agent work in rounds until a command says that it is done, and wait for that
    #[command(after_help = examples::LOOP)]
    Loop(LoopArgs),
    /// Decide on what tasks and agents ask a person for
    #[command(subcommand, alias = "gates", alias = "gate", alias = "approvals")]
    Approval(ApprovalCommand),
    /// Ask a person, from within an agent, and wait for the answer
    #[command(after_help = examples::ASK)]
    Ask(AskArgs),
    /// Show what ran, failed, waits and cost since some moment
    #[command(after_help = examples::REPORT)]
    Report(ReportArgs),
    /// Explain a task or an event: what led to it, or what it led to
    #[command(after_help = examples::WHY)]
    Why(WhyArgs),
    /// Say something to an agent
    #[command(subcommand)]
    Chat(ChatCommand),
    /// Look at the work trees in which tasks run
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Look at the hosts that share the project's store
    #[command(subcommand)]
    Host(HostCommand),
    /// Emit, watch and list events
    #[command(subcommand)]
    Event(EventCommand),
    /// Look at the topics that events may have
    #[command(subcommand)]
    Topic(TopicCommand),
    /// Look at the rules, switch them on and off, try them out
    #[command(subcommand)]
    Automation(AutomationCommand),
    /// Look at messaging platforms, and try them out
    #[command(subcommand)]
    Messaging(MessagingCommand),
    /// Look at webhooks, and try them out
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Look at schedules, and fire them
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Serve a page in the browser that shows what goes on, live
    #[command(after_help = examples::DASHBOARD)]
    Dashboard(DashboardArgs),
    /// Show what goes on in the terminal, live
    #[command(after_help = examples::TOP)]
    Top(TopArgs),
    /// Show what agents have cost, and what is left of the budgets
    #[command(after_help = examples::BUDGET)]
    Budget,
    /// Print the daemon's metrics, for Prometheus and others that collect them
    #[command(after_help = examples::METRICS)]
    Metrics(MetricsArgs),
    /// Move what the daemon keeps to another place; takes no daemon
    #[command(subcommand)]
    Store(StoreCommand),
    /// Check the configuration; takes no daemon
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the schema of the configuration, of the API, or of the project's events; takes no daemon
    #[command(after_help = examples::SCHEMA)]
    Schema {
        /// The schema to print
        #[arg(value_enum)]
        kind: SchemaKind,
    },
    /// Offer what the daemon can do as tools to agents, over standard input and output (Model Context Protocol)
    #[command(after_help = examples::MCP)]
    Mcp(McpArgs),
    /// Write types for the topics that the configuration declares; takes no daemon
    #[command(after_help = examples::GENERATE)]
    Generate(GenerateArgs),
    /// Show how this program was installed, and how it is upgraded
    #[command(name = "self", after_help = examples::OWN)]
    Own,
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
    /// True if it only asks, so that asking again changes nothing.
    pub(crate) fn only_asks(&self) -> bool {
        match self {
            Self::Daemon(command) => matches!(command, DaemonCommand::Status | DaemonCommand::Ping),
            Self::Task(command) => {
                matches!(
                    command,
                    TaskCommand::List(_)
                        | TaskCommand::Get { .. }
                        | TaskCommand::Diff { .. }
                        | TaskCommand::Stats
                )
            }
            Self::Account(command) => matches!(command, AccountCommand::List),
            Self::Approval(command) => {
                matches!(command, ApprovalCommand::List { .. } | ApprovalCommand::Show { .. })
            }
            Self::Workspace(command) => matches!(command, WorkspaceCommand::List),
            Self::Host(command) => matches!(command, HostCommand::List),
            Self::Report(_) => true,
            Self::Event(command) => matches!(command, EventCommand::List { .. }),
            Self::Automation(command) => {
                matches!(command, AutomationCommand::Status | AutomationCommand::Test(_))
            }
            Self::Messaging(command) => matches!(command, MessagingCommand::Status),
            Self::Topic(TopicCommand::List) | Self::Webhook(WebhookCommand::List) => true,
            Self::Schedule(command) => matches!(command, ScheduleCommand::List),
            Self::Budget | Self::Metrics(_) | Self::Why(_) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser as _, ValueHint};

    use super::Args;
    use crate::commands::setup::man;

    #[test]
    fn shells_complete_files_only_where_one_is_meant() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
                let has_hint = argument.get_value_hint() != ValueHint::Unknown;
                let (id, name) = (argument.get_id(), command.get_name());
                assert!(has_hint || !argument.get_possible_values().is_empty(), "{id} of {name} has no hint");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Args::command());
    }

    #[test]
    fn every_command_has_an_example_that_fits_and_can_be_typed() {
        let mut seen = 0;
        for command in leaves(&Args::command()) {
            let name = command.get_name();
            let help = command.get_after_help().unwrap_or_else(|| panic!("{name}: no example")).to_string();
            for line in help.lines().skip(1) {
                assert!(line.chars().count() < 80, "{name}: {line}");
                for typed in aiwg_calls(line) {
                    Args::try_parse_from(&typed).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
                    seen += 1;
                }
            }
        }
        assert!(seen > 40, "{seen}");
    }

    #[test]
    fn there_is_a_page_for_each_command_with_its_examples_as_they_are_typed() {
        let dir = tempfile::tempdir().unwrap();
        man(dir.path(), Args::command()).unwrap();
        let page = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(page("aiwg.1").contains(".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\ndone"), "{}", page("aiwg.1"));
        let submit = page("aiwg-task-submit.1");
        assert!(
            submit.contains(".SH EXAMPLES\n.nf\naiwg task submit \"Fix critical security bug\""),
            "{submit}"
        );
        assert!(submit.contains("\"aiwg 0."), "{submit}");
        assert!(submit.contains("[\\fB\\-\\-agent\\fR \\fINAME\\fR]"), "{submit}");
        for section in ["ENVIRONMENT", "FILES", "\"SEE ALSO\""] {
            assert!(submit.contains(&format!(".SH {section}\n")), "{section}: {submit}");
        }
        assert!(submit.contains("\\fBaiwg\\-task\\-list\\fR(1)"), "{submit}");
    }

    fn leaves(command: &clap::Command) -> Vec<clap::Command> {
        if !command.has_subcommands() {
            return vec![command.clone()];
        }
        command.get_subcommands().flat_map(leaves).collect()
    }

    /// The words of each call of `aiwg` in a line of shell, as the shell would hand them over.
    fn aiwg_calls(line: &str) -> Vec<Vec<String>> {
        let words = shlex::split(line).expect("words of shell");
        let commands = words.split(|word| ["&&", "||", "|", ">", "<"].contains(&word.as_str()));
        commands
            .filter(|command| command.first().is_some_and(|word| word == "aiwg"))
            .map(<[_]>::to_vec)
            .collect()
    }
}
