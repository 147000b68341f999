//! Holding, releasing and editing queued tasks.

use std::{io::Write, process::ExitCode};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{Span, TaskEditParams, TaskHeld, TaskHoldParams, TaskReleaseParams, TaskReleased, Timestamp},
};
use aiwg_protocol::ApiError;
use serde::Serialize;

use super::args::EditArgs;
use crate::{
    error::CliError,
    input::prompt,
    output::{Output, moment, visible},
};

/// Output of `--json` for several tasks.
#[derive(Serialize)]
struct Several<T> {
    tasks: Vec<One<T>>,
}

/// The result for one of several tasks: the method's, or its error.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct One<T> {
    task_id: String,
    #[serde(flatten)]
    result: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ApiError>,
}

/// Holds tasks back, one after the other. One that cannot be held is reported, and the others are held all the same.
pub(super) async fn hold(
    client: &DaemonClient,
    ids: Vec<String>,
    until: Option<Timestamp>,
    output: &Output,
) -> Result<ExitCode, CliError> {
    let until_text = until.map_or_else(
        || "until `aiwg task release` releases it".to_owned(),
        |until| format!("until {}", moment(until)),
    );
    each(
        ids,
        output,
        async |task_id| client.task_hold(TaskHoldParams { task_id, until }).await,
        |_: &TaskHeld| format!("is held, {until_text}"),
    )
    .await
}

/// Releases tasks, one after the other. One that cannot be released is reported, and the others are released all the same.
pub(super) async fn release(
    client: &DaemonClient,
    ids: Vec<String>,
    output: &Output,
) -> Result<ExitCode, CliError> {
    each(
        ids,
        output,
        async |task_id| client.task_release(TaskReleaseParams { task_id }).await,
        |done: &TaskReleased| (if done.released { "is released" } else { "was not held" }).to_owned(),
    )
    .await
}

/// Calls a method for each task and prints the results: of one task its result, of several all of them. The exit code says that one failed.
async fn each<T: Serialize>(
    ids: Vec<String>,
    output: &Output,
    call: impl AsyncFn(String) -> Result<T, ClientError>,
    say: impl Fn(&T) -> String,
) -> Result<ExitCode, CliError> {
    if let [id] = ids.as_slice() {
        let done = call(id.clone()).await?;
        output.result(&done, |out, done| writeln!(out, "{} {}.", visible(id), say(done)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut tasks, mut broken) = (Vec::new(), None);
    for task_id in ids {
        match call(task_id.clone()).await {
            Ok(done) => tasks.push(One { task_id, result: Some(done), error: None }),
            Err(ClientError::Api(error)) => tasks.push(One { task_id, result: None, error: Some(error) }),
            // No other call would come through either. What was done before is said all the same.
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    let several = Several { tasks };
    output.result(&several, |out, Several { tasks }| {
        let mut done = tasks.iter().filter_map(|task| Some((&task.task_id, task.result.as_ref()?)));
        done.try_for_each(|(id, done)| writeln!(out, "{} {}.", visible(id), say(done)))
    })?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    let mut code = ExitCode::SUCCESS;
    for error in several.tasks.into_iter().filter_map(|task| task.error) {
        code = CliError::from(ClientError::Api(error)).report(output.json);
    }
    Ok(code)
}

/// Changes a queued task.
pub(super) async fn edit(client: &DaemonClient, args: EditArgs, output: &Output) -> Result<(), CliError> {
    let params = TaskEditParams {
        task_id: args.id.clone(),
        prompt: args.prompt.map(prompt).transpose()?,
        priority: args.priority,
        lane: args.lane,
        expires: args.expires.map(Span::from),
    };
    let edited = client.task_edit(params).await?;
    output.result(&edited, |out, edited| {
        let how = if edited.edited { "is changed" } else { "was like that before" };
        writeln!(out, "{} {how}.", visible(&args.id))
    })?;
    Ok(())
}
