//! The verbs: one file for each noun.

mod automation;
mod daemon;
mod event;
mod task;

use std::{path::Path, process::ExitCode};

use crate::{
    args::{Args, Command, DaemonCommand},
    error::CliError,
    output::Output,
    project::connect,
};

/// Does what was asked for.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, CliError> {
    let project = args.project.as_deref();
    match args.command {
        // Without a runtime around it: the daemon makes one of its own.
        Command::Daemon(DaemonCommand::Start(start)) => daemon::start(project, start, output),
        Command::Daemon(DaemonCommand::Restart) => daemon::restart(project, output),
        command => ask(project, command, output),
    }
}

/// Does what takes a daemon.
fn ask(project: Option<&Path>, command: Command, output: &Output) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = connect(project).await?;
        match command {
            Command::Daemon(command) => daemon::run(&client, command, output).await,
            Command::Task(command) => task::run(&client, command, output).await,
            Command::Automation(command) => automation::run(&client, command, output).await,
            Command::Event(command) => event::run(&client, command, output).await,
        }
    })
}
