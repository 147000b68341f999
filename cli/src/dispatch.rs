//! Dispatches what was typed to the verb that does it.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::{
    ClientError,
    types::{DaemonStatus, NoParams, Subsystems},
};
use clap::CommandFactory;

use crate::{
    args::{Args, Command},
    commands::{
        EventCommand, MessagingCommand, SHORTEST_PAUSE, account, approval, ask, automation, budget, chat,
        config, daemon, dashboard, event, generate, host, mcp, messaging, metrics, own, question, report,
        schedule, setup, store, task, top, topic, webhook, why, workspace,
    },
    error::CliError,
    output::Output,
    project::{comes_back, connect, give_requests, is_gone, request_timeout},
};

/// Maximum pause before asking again where the daemon is to be there again in a moment.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Carries out a command. A command that only reads asks again if the daemon restarts meanwhile: it would answer a
/// moment later.
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
            Err(CliError::Client(ClientError::Timeout { after })) => {
                return Err(why_silent(project.as_deref(), after));
            }
            other => return other,
        }
        std::thread::sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// The time that a daemon has to say what it does instead of answering.
const TELLS: Duration = Duration::from_secs(3);

/// The error of a request that was not answered within a time: with what the daemon does before, if it says that.
fn why_silent(project: Option<&Path>, after: Duration) -> CliError {
    let status = async { tell_status(project).await.ok() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let status = runtime.ok().and_then(|runtime| runtime.block_on(status));
    match status {
        Some(DaemonStatus { subsystems: Subsystems { spool: Some(spool), .. }, .. }) => {
            CliError::TakesInSpool { after, left: spool.left }
        }
        Some(_) => CliError::AnsweredLate { after },
        None => ClientError::Timeout { after }.into(),
    }
}

async fn tell_status(project: Option<&Path>) -> Result<DaemonStatus, ClientError> {
    let told = async { connect(project).await?.with_timeout(TELLS).daemon_status(NoParams {}).await };
    tokio::time::timeout(TELLS, told).await.unwrap_or(Err(ClientError::Timeout { after: TELLS }))
}

fn once(args: Args, output: &Output) -> Result<ExitCode, CliError> {
    let project = args.project.as_deref();
    if let Some(missing) = project.filter(|project| !project.is_dir()) {
        return Err(CliError::Usage(format!("--project: there is no directory {}", missing.display())));
    }
    match args.command {
        Command::Daemon(command) => daemon::run(project, command, output),
        Command::Init { claude_settings } => setup::init(project, claude_settings, output),
        Command::Schema { kind } => setup::schema(project, kind),
        Command::Generate(args) => generate::run(project, &args, output),
        Command::Mcp(args) => mcp::run(project, &args),
        Command::Own => own::run(output),
        Command::Completions { shell } => setup::completions(shell, Args::command()),
        Command::Man { dir } => setup::man(&dir, Args::command()),
        Command::Store(command) => store::run(project, command, output),
        Command::Config(command) => config::run(project, command, output),
        Command::Task(command) => {
            ask(project, async |client| task::run(project, client, command, output).await)
        }
        Command::Loop(args) => {
            ask(project, async |client| task::looped::looped(project, client, args, output).await)
        }
        Command::Automation(command) => {
            ask(project, async |client| automation::run(project, client, command, output).await)
        }
        Command::Account(command) => ask(project, async |client| account::run(client, command, output).await),
        Command::Approval(command) => {
            ask(project, async |client| approval::run(project, client, command, output).await)
        }
        Command::Ask(args) => ask(project, async |client| question::run(project, client, args, output).await),
        Command::Report(args) => ask(project, async |client| report::run(client, args, output).await),
        Command::Chat(command) => chat::run(project, command, output),
        Command::Messaging(MessagingCommand::Manifest { platform }) => messaging::manifest(platform),
        Command::Messaging(command) => {
            ask(project, async |client| messaging::run(client, command, output).await)
        }
        Command::Webhook(command) => ask(project, async |client| webhook::run(client, command, output).await),
        Command::Schedule(command) => schedule::run(project, command, output),
        Command::Dashboard(args) => dashboard::run(project, args, output),
        Command::Top(args) => top::run(project, &args, output),
        Command::Budget => ask(project, async |client| budget::run(client, output).await),
        Command::Metrics(args) => ask(project, async |client| metrics::run(client, args, output).await),
        Command::Why(args) => ask(project, async |client| why::run(client, args, output).await),
        Command::Workspace(command) => {
            ask(project, async |client| workspace::run(client, command, output).await)
        }
        Command::Host(command) => ask(project, async |client| host::run(client, command, output).await),
        Command::Topic(command) => ask(project, async |client| topic::run(client, command, output).await),
        Command::Event(EventCommand::Emit { topic, payload, offline, idempotency_key })
            if offline || event::is_offline() =>
        {
            event::emit_offline(project, topic, payload, idempotency_key, output)
        }
        Command::Event(command) => ask(project, async |client| event::run(client, command, output).await),
    }
}
