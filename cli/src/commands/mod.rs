//! The verbs: a folder or a file for each noun, with what can be typed beside what is done.

pub(crate) mod account;
pub(crate) mod approval;
pub(crate) mod automation;
pub(crate) mod budget;
pub(crate) mod chat;
pub(crate) mod config;
pub(crate) mod daemon;
pub(crate) mod dashboard;
pub(crate) mod event;
pub(crate) mod generate;
pub(crate) mod host;
pub(crate) mod mcp;
pub(crate) mod messaging;
pub(crate) mod metrics;
mod output_printer;
pub(crate) mod own;
pub(crate) mod question;
pub(crate) mod report;
pub(crate) mod schedule;
pub(crate) mod setup;
pub(crate) mod store;
pub(crate) mod task;
pub(crate) mod top;
pub(crate) mod topic;
pub(crate) mod webhook;
pub(crate) mod why;
pub(crate) mod workspace;

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use aiwg_client::DaemonClient;

pub(crate) use account::AccountCommand;
pub(crate) use approval::ApprovalCommand;
pub(crate) use automation::AutomationCommand;
pub(crate) use chat::{ChatArgs, ChatCommand};
pub(crate) use config::ConfigCommand;
pub(crate) use daemon::{DaemonCommand, ServiceArgs};
pub(crate) use dashboard::DashboardArgs;
pub(crate) use event::EventCommand;
pub(crate) use generate::GenerateArgs;
pub(crate) use host::HostCommand;
pub(crate) use mcp::McpArgs;
pub(crate) use messaging::MessagingCommand;
pub(crate) use metrics::MetricsArgs;
pub(crate) use question::AskArgs;
pub(crate) use report::ReportArgs;
pub(crate) use schedule::ScheduleCommand;
pub(crate) use store::StoreCommand;
pub(crate) use task::{LoopArgs, TaskCommand};
pub(crate) use top::TopArgs;
pub(crate) use topic::TopicCommand;
pub(crate) use webhook::WebhookCommand;
pub(crate) use why::WhyArgs;
pub(crate) use workspace::WorkspaceCommand;

use crate::{
    error::CliError,
    project::{comes_back, connect, request_timeout},
};

/// Pause before asking again where the daemon is to be there again in a moment.
pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// Runs a command that needs a daemon. It waits for a daemon that restarts, or is being started: that one has not
/// received anything yet.
pub(crate) fn ask(
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
