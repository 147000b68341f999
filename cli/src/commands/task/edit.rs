//! Holding, releasing and editing queued tasks.

use std::io::Write;

use aiwg_client::{
    DaemonClient,
    types::{Span, TaskEditParams, TaskHoldParams, TaskReleaseParams, Timestamp},
};
use serde::Serialize;

use super::args::EditArgs;
use crate::{
    error::CliError,
    input::prompt,
    output::{Output, moment, visible},
};

/// Output of `--json` for each task that was held or released: its id, and whether that changed anything.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    task_id: String,
    changed: bool,
}

/// Holds tasks back, one after the other: the first that cannot be held ends it.
pub(super) async fn hold(
    client: &DaemonClient,
    ids: Vec<String>,
    until: Option<Timestamp>,
    output: &Output,
) -> Result<(), CliError> {
    let mut done = Vec::new();
    for task_id in ids {
        let params = TaskHoldParams { task_id: task_id.clone(), until };
        let changed = client.task_hold(params).await?.held;
        done.push(Changed { task_id, changed });
    }
    output.result(&done, |out, done| {
        let until = until.map_or_else(
            || "until `aiwg task release` releases it".to_owned(),
            |until| format!("until {}", moment(until)),
        );
        done.iter().try_for_each(|task| writeln!(out, "{} is held, {until}.", visible(&task.task_id)))
    })?;
    Ok(())
}

/// Releases tasks, one after the other: the first that cannot be released ends it.
pub(super) async fn release(
    client: &DaemonClient,
    ids: Vec<String>,
    output: &Output,
) -> Result<(), CliError> {
    let mut done = Vec::new();
    for task_id in ids {
        let params = TaskReleaseParams { task_id: task_id.clone() };
        let changed = client.task_release(params).await?.released;
        done.push(Changed { task_id, changed });
    }
    output.result(&done, |out, done| {
        done.iter().try_for_each(|task| {
            let how = if task.changed { "is released" } else { "was not held" };
            writeln!(out, "{} {how}.", visible(&task.task_id))
        })
    })?;
    Ok(())
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
