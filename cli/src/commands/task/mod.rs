//! Tasks: one file for each verb that is more than a call.

mod args;
mod cancel;
mod changes;
mod edit;
pub(super) mod follow;
mod follow_all;
pub(super) mod list;
pub(crate) mod looped;
mod many;
mod queued;
pub(super) mod show;
mod steer;
pub(super) mod submit;
mod wait;
pub(super) mod waiting;

use std::{path::Path, process::ExitCode};

use aiwg_client::{
    DaemonClient,
    types::{NoParams, OutputStream, TaskGetParams, TaskRetryParams},
};

pub(crate) use self::args::{LoopArgs, TaskCommand};
use self::{follow::Wanted, waiting::Others};
use crate::{
    error::CliError,
    output::{Output, end_with_the_reader, visible},
    reconnecting_client::{ReconnectingClient, within},
    repeat::{self, repeated},
};

pub(crate) async fn run(
    project: Option<&Path>,
    client: &DaemonClient,
    command: TaskCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let reconnecting = || ReconnectingClient::new(project, client.clone());
    match command {
        TaskCommand::Submit(args) => return submit::submit(project, client, *args, output).await,
        TaskCommand::List(args) => list::list(client, args, output).await?,
        TaskCommand::Get { id, raw, whole } => {
            let params = TaskGetParams { task_id: id, whole: whole.then_some(true) };
            let task = client.task_get(params).await?;
            let others = if output.json { Others::default() } else { Others::of(client, &task).await? };
            output.result(&task, |out, task| show::task(out, task, &others, (raw, whole)))?;
        }
        TaskCommand::Cancel { which, no_wait, wait_timeout } => {
            let connection = reconnecting();
            let Some(id) = which.only().map(str::to_owned) else {
                let done = many::cancel(&connection, client, &which, no_wait, output);
                return within(wait_timeout, "not all of them have ended", done).await;
            };
            let what = format!("{} has not ended", visible(&id));
            let done = cancel::cancel(&connection, client, id, no_wait, output);
            return within(wait_timeout, &what, done).await;
        }
        TaskCommand::Hold { ids, until } => return edit::hold(client, ids, until, output).await,
        TaskCommand::Release { ids } => return edit::release(client, ids, output).await,
        TaskCommand::Send { id, message } => steer::send(client, id, message, output).await?,
        TaskCommand::Take { id, now, no_open } => {
            return steer::take(&reconnecting(), id, now, no_open, output).await;
        }
        TaskCommand::Give { id, done } => steer::give(client, id, done, output).await?,
        TaskCommand::Diff { id, run, stat } => changes::diff(client, (id, run), stat, output).await?,
        TaskCommand::Apply { id, run } => return changes::apply(client, (id, run), output).await,
        TaskCommand::Edit(args) => edit::edit(client, args, output).await?,
        TaskCommand::Retry(which) => {
            let Some(id) = which.only() else { return many::retry(client, &which, output).await };
            let params = TaskRetryParams { task_id: id.to_owned(), idempotency_key: repeat::key(None) };
            let submitted = repeated(client, async |client| client.task_retry(params.clone()).await).await?;
            let asked = match output.json {
                true => None,
                false => submit::approval_of(client, &submitted.task_id).await,
            };
            output.result(&submitted, |out, submitted| show::submitted(out, submitted, asked.as_deref()))?;
        }
        TaskCommand::Logs { id, follow, stderr, raw, wait_timeout } => {
            let stream = if stderr { OutputStream::Stderr } else { OutputStream::Stdout };
            let what = format!("{} has not ended", id.as_deref().unwrap_or("what runs"));
            if follow {
                end_with_the_reader();
            }
            let printed = async {
                match &id {
                    Some(id) => {
                        follow::logs(&reconnecting(), id, Wanted { stream, follow, raw }, output).await
                    }
                    None => follow_all::follow_all(project.map(Path::to_owned), client, raw, output).await,
                }
            };
            within(wait_timeout, &what, printed).await?;
        }
        TaskCommand::Stats => {
            let stats = client.task_stats(NoParams {}).await?;
            output.result(&stats, show::stats)?;
        }
        TaskCommand::Wait { ids, wait_timeout } => {
            let connection = reconnecting();
            let waited = wait::wait(&connection, ids, output);
            return within(wait_timeout, "not all of them have ended", waited).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}
