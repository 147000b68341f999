//! The verbs: one file for each noun.

mod daemon;
mod event;
mod task;

use std::process::ExitCode;

use crate::{
    args::{Args, Command, DaemonCommand},
    error::CliError,
    output::Output,
    project::connect,
};

/// Does what was asked for.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, CliError> {
    let project = args.project.as_deref();
    if let Command::Daemon(DaemonCommand::Start(start)) = args.command {
        // Before there is a runtime: the daemon makes one of its own.
        return daemon::start(project, start, output);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = connect(project).await?;
        match args.command {
            Command::Daemon(command) => daemon::run(&client, command, output).await,
            Command::Task(command) => task::run(&client, command, output).await,
            Command::Event(command) => event::run(&client, command, output).await,
        }
    })
}
