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

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::DaemonClient;

pub(crate) use chat::{ChatArgs, ChatCommand};
pub(crate) use schedule::ScheduleCommand;

use crate::{
    args::{Args, Command},
    error::CliError,
    output::Output,
    project::{comes_back, connect, give_requests, is_gone, request_timeout},
};

/// How long to wait before asking again where the daemon is to be there again in a moment: so long at first, and up to so long later.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Does what was asked for. What only asks is asked again of a daemon that begins anew meanwhile: it would answer a moment later.
pub(crate) fn run(args: Args, output: &Output) -> Result<ExitCode, CliError> {
    if let Some(time) = args.request_timeout {
        give_requests(time);
    }
    let (project, only_asks) = (args.project.clone(), args.command.only_asks());
    let (began, mut pause) = (Instant::now(), SHORTEST_PAUSE);
    loop {
        match once(args.clone(), output) {
            Err(CliError::Client(error))
                if only_asks
                    && is_gone(&error)
                    && comes_back(project.as_deref())
                    && began.elapsed() < request_timeout() => {}
            other => return other,
        }
        std::thread::sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

fn once(args: Args, output: &Output) -> Result<ExitCode, CliError> {
    let project = args.project.as_deref();
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

/// Does what takes a daemon. One that begins anew, or is being started, is waited for: nothing was said to it yet.
fn ask(
    project: Option<&Path>,
    question: impl AsyncFnOnce(&DaemonClient) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let client = loop {
            match connect(project).await {
                Err(error)
                    if error.is_no_daemon() && comes_back(project) && began.elapsed() < request_timeout() =>
                {
                    tokio::time::sleep(SHORTEST_PAUSE).await;
                }
                connected => break connected?,
            }
        };
        question(&client).await
    })
}

/// The same of the daemon as it is.
fn ask_at_once(
    project: Option<&Path>,
    question: impl AsyncFnOnce(&DaemonClient) -> Result<ExitCode, CliError>,
) -> Result<ExitCode, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { question(&connect(project).await?).await })
}
