//! The verbs: one file for each noun.

mod automation;
mod chat;
mod config;
mod daemon;
mod event;
mod schedule;
mod setup;
mod speech;
mod task;

use std::{path::Path, process::ExitCode};

use aiwg_client::DaemonClient;

pub(crate) use chat::{ChatArgs, ChatCommand};
pub(crate) use schedule::ScheduleCommand;

use crate::{
    args::{Args, Command},
    error::CliError,
    output::Output,
    project::{connect, give_requests},
};

/// Does what was asked for.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, CliError> {
    let project = args.project.as_deref();
    if let Some(time) = args.request_timeout {
        give_requests(time);
    }
    if let Some(missing) = project.filter(|project| !project.is_dir()) {
        return Err(CliError::Usage(format!("--project: there is no directory {}", missing.display())));
    }
    match args.command {
        Command::Daemon(command) => daemon::run(project, command, output),
        Command::Init { claude_settings } => setup::init(project, claude_settings, output),
        Command::Schema { kind } => setup::schema(kind),
        Command::Completions { shell } => setup::completions(shell),
        Command::Man { dir } => setup::man(&dir),
        Command::Config(command) => config::run(project, command, output),
        Command::Task(command) => {
            ask(project, async |client| task::run(project, client, command, output).await)
        }
        Command::Automation(command) => {
            ask(project, async |client| automation::run(project, client, command, output).await)
        }
        Command::Chat(command) => chat::run(project, command, output),
        Command::Schedule(command) => schedule::run(project, command, output),
        Command::Event(command) => ask(project, async |client| event::run(client, command, output).await),
    }
}

/// Does what takes a daemon.
fn ask(
    project: Option<&Path>,
    question: impl AsyncFnOnce(&DaemonClient) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { question(&connect(project).await?).await })
}
