//! Cancelling and retrying many tasks: the daemon does each thousand of them in one step.

use std::{
    collections::HashSet,
    io::{IsTerminal, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{Task, TaskCancelledOne, TaskRetried, TaskSelection, TaskState},
};
use aiwg_protocol::MAX_WAITING_CALLS;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::{args::Selected, show::outcome, submit::confirmed};
use crate::{
    error::CliError,
    output::{Output, count, note, visible},
    reconnecting_client::ReconnectingClient,
};

/// Maximum number of tasks that one call names.
const AT_ONCE: usize = 1000;

/// States of tasks that can be cancelled: the queued ones first, or they would start when a running one ends.
const OPEN: [TaskState; 2] = [TaskState::Queued, TaskState::Running];

/// States of tasks that are retried when nobody names any.
const IN_VAIN: [TaskState; 3] = [TaskState::Failed, TaskState::Cancelled, TaskState::Timeout];

/// Output of `--json` for all that were retried: the results of `task.retryMany` put together.
#[derive(Serialize)]
struct Retried {
    tasks: Vec<TaskRetried>,
}

/// Output of `--json` for all that were cancelled, once they have ended.
#[derive(Serialize)]
struct Cancelled {
    tasks: Vec<CancelledOne>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CancelledOne {
    task_id: String,
    cancelled: bool,
    state: TaskState,
    processes_ended: Option<u32>,
    processes_left: Option<u32>,
}

impl Selected {
    /// The one task that is named, where it is one.
    pub(super) fn only(&self) -> Option<&str> {
        match self.ids.as_slice() {
            [id] => Some(id),
            _ => None,
        }
    }

    /// Selections to ask the daemon for, call by call: `all` of them are those in these states.
    fn selections(&self, all: &[TaskState]) -> Vec<TaskSelection> {
        if self.all {
            let of = |state: &TaskState| TaskSelection { state: Some(*state), ..TaskSelection::default() };
            return all.iter().map(of).collect();
        }
        if self.ids.is_empty() {
            return vec![TaskSelection {
                task_ids: None,
                state: self.state,
                agent: self.agent.clone(),
                rule: self.rule.clone(),
                within_minutes: self.since.map(|time| time.as_secs_f64() / 60.0),
            }];
        }
        let named =
            |ids: &[String]| TaskSelection { task_ids: Some(ids.to_vec()), ..TaskSelection::default() };
        self.ids.chunks(AT_ONCE).map(named).collect()
    }
}

/// Submits the orders of all of them again.
pub(super) async fn retry(
    client: &DaemonClient,
    which: &Selected,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let mut tasks: Vec<TaskRetried> = Vec::new();
    for selection in which.selections(&IN_VAIN) {
        loop {
            let done = client.task_retry_many(selection.clone()).await?;
            let is_news = !done.tasks.is_empty();
            tasks.extend(done.tasks);
            if !done.more || !is_news {
                break;
            }
        }
    }
    output.result(&Retried { tasks }, |out, Retried { tasks }| {
        for TaskRetried { task_id, retry_of, state } in tasks {
            writeln!(out, "{} {}, in place of {}", visible(task_id), outcome(*state), visible(retry_of))?;
        }
        match tasks.len() as u64 {
            0 => writeln!(out, "No such tasks, or all of them have been retried."),
            number => {
                writeln!(out, "{} submitted. Next: aiwg task list", count(number, "task is", "tasks are"))
            }
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Cancels all of them, and waits until their processes have ended, unless `no_wait` is set. A person is asked before it is everything.
pub(super) async fn cancel(
    connection: &ReconnectingClient,
    client: &DaemonClient,
    which: &Selected,
    no_wait: bool,
    output: &Output,
) -> Result<ExitCode, CliError> {
    if which.all && !output.json && std::io::stdin().is_terminal() {
        let mut presses = signal(SignalKind::interrupt())?;
        note("Cancel every task that is queued or running? [y/N]");
        if !confirmed(&mut presses).await {
            note("Nothing was cancelled.");
            return Ok(ExitCode::FAILURE);
        }
        return tokio::select! {
            done = cancel_all(connection, client, which, no_wait, output) => done,
            // From here on Ctrl-C ends nothing by itself.
            _ = presses.recv() => {
                note("They are still being ended. Next: aiwg task list");
                Ok(ExitCode::FAILURE)
            }
        };
    }
    cancel_all(connection, client, which, no_wait, output).await
}

async fn cancel_all(
    connection: &ReconnectingClient,
    client: &DaemonClient,
    which: &Selected,
    no_wait: bool,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let asked = cancelled(client, which).await?;
    let running = asked.iter().filter(|task| task.state == TaskState::Running).count() as u64;
    if running > 0 && !no_wait && !output.json {
        note(&format!(
            "Ending {}: this takes up to 15 seconds.",
            count(running, "running task", "running tasks")
        ));
    }
    let ended = if no_wait { Vec::new() } else { ends(connection, &asked).await? };
    let tasks = asked.into_iter().map(|task| one(task, &ended)).collect();
    let done = Cancelled { tasks };
    output.result(&done, |out, Cancelled { tasks }| {
        for CancelledOne { task_id, state, cancelled, .. } in tasks {
            let id = visible(task_id);
            match state {
                TaskState::Running if *cancelled => writeln!(out, "{id} is being ended")?,
                state if *cancelled => writeln!(out, "{id} {}", outcome(*state))?,
                state => writeln!(out, "{id} {} already", outcome(*state))?,
            }
        }
        let number = tasks.iter().filter(|task| task.cancelled).count() as u64;
        writeln!(out, "{} cancelled.", count(number, "task", "tasks"))
    })?;
    Ok(if done.tasks.iter().all(|task| task.cancelled) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Each of them once: one that is being ended is found again.
async fn cancelled(client: &DaemonClient, which: &Selected) -> Result<Vec<TaskCancelledOne>, CliError> {
    let (mut tasks, mut seen) = (Vec::new(), HashSet::new());
    for selection in which.selections(&OPEN) {
        loop {
            let done = client.task_cancel_many(selection.clone()).await?;
            let before = tasks.len();
            tasks.extend(done.tasks.into_iter().filter(|task| seen.insert(task.task_id.clone())));
            if !done.more || tasks.len() == before {
                break;
            }
        }
    }
    Ok(tasks)
}

/// The tasks whose agents are being ended, once they have.
async fn ends(connection: &ReconnectingClient, asked: &[TaskCancelledOne]) -> Result<Vec<Task>, CliError> {
    let running = asked.iter().filter(|task| task.state == TaskState::Running);
    let waits = stream::iter(running).map(|task| connection.ended_soon(&task.task_id));
    waits.buffer_unordered(MAX_WAITING_CALLS / 2).try_collect().await
}

fn one(asked: TaskCancelledOne, ended: &[Task]) -> CancelledOne {
    let end = ended.iter().find(|task| task.id == asked.task_id);
    CancelledOne {
        cancelled: end.map_or(asked.cancelled, |end| end.state == TaskState::Cancelled),
        state: end.map_or(asked.state, |end| end.state),
        processes_ended: end.and_then(|end| end.processes_ended),
        processes_left: end.and_then(|end| end.processes_left),
        task_id: asked.task_id,
    }
}
