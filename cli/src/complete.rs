//! `aiwg complete KIND`: the words that a shell's completions ask for while a person types.
//!
//! It is no command for people, so it is none of [`crate::args`]. It asks the daemon that runs, for no longer than anybody
//! notices; without one it says nothing.

use std::{process::ExitCode, time::Duration};

use aiwg_client::{
    ClientError, DaemonClient, Options,
    types::{ApprovalListParams, NoParams, TaskListParams, TopicSource},
};
use aiwg_protocol::CONFIG_PATH;
use aiwg_server::boot::load_config;
use tokio::time::timeout;

use crate::{output::verbatim, project::to_start};

/// The word that stands for it on the command line.
pub(crate) const ROLE: &str = "complete";

/// The time for which a person who types waits at most.
const SOON: Duration = Duration::from_millis(200);

/// The number of tasks and approvals that are offered: the latest.
const MOST: u32 = 100;

/// Prints the words of the kind that the command line names, one a line. It never fails: there is nobody to tell.
pub(crate) fn run() -> ExitCode {
    let kind = std::env::args_os().nth(2).and_then(|kind| kind.into_string().ok()).unwrap_or_default();
    let words = if kind == "agent" { profiles() } else { asked(&kind) };
    // What would be more than one word, or turn to something else in a terminal, is not offered.
    let is_word =
        |word: &String| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "_.:/-".contains(c));
    let lines: Vec<String> = words.into_iter().filter(is_word).map(|word| word + "\n").collect();
    let _ = verbatim(lines.concat().as_bytes());
    ExitCode::SUCCESS
}

/// The profiles of agents that the project's configuration has.
fn profiles() -> Vec<String> {
    let config =
        to_start(None).ok().and_then(|project| load_config(&project, &project.join(CONFIG_PATH), false).ok());
    config.map(|loaded| loaded.config.agents.into_keys().collect()).unwrap_or_default()
}

/// The words that the daemon knows.
fn asked(kind: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return Vec::new() };
    let words = runtime.block_on(async { timeout(SOON, words(kind)).await });
    words.ok().and_then(Result::ok).unwrap_or_default()
}

async fn words(kind: &str) -> Result<Vec<String>, ClientError> {
    let options = Options { timeout: Some(SOON), retry: false, ..Options::default() };
    let client = DaemonClient::connect_with(options).await?;
    Ok(match kind {
        "task" => {
            let latest = TaskListParams { limit: Some(MOST), ..TaskListParams::default() };
            client.task_list(latest).await?.into_iter().map(|task| task.id).collect()
        }
        "approval" => {
            let pending = ApprovalListParams { limit: Some(MOST), ..ApprovalListParams::default() };
            client.approval_list(pending).await?.into_iter().map(|approval| approval.id).collect()
        }
        "rule" => {
            client.automation_status(NoParams {}).await?.rules.into_iter().map(|rule| rule.id).collect()
        }
        "job" => client.schedule_list(NoParams {}).await?.into_iter().map(|job| job.name).collect(),
        "own-topic" => {
            let topics = client.topic_list(NoParams {}).await?;
            let own = topics.into_iter().filter(|topic| topic.source != TopicSource::Daemon);
            own.map(|topic| topic.name).collect()
        }
        "topic" => client.topic_list(NoParams {}).await?.into_iter().map(|topic| topic.name).collect(),
        _ => Vec::new(),
    })
}
