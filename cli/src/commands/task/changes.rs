//! What a task has changed in its work tree: shown, and applied to the project's files.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{DiffFile, TaskApplied, TaskApplyParams, TaskDiff, TaskDiffParams},
};

use crate::{
    error::CliError,
    output::{Output, Page, count, is_terminal, note, verbatim, visible, visible_lines},
};

/// Prints the changes of a task, as a patch or in numbers.
pub(super) async fn diff(
    client: &DaemonClient,
    (id, run): (String, Option<u32>),
    stat: bool,
    output: &Output,
) -> Result<(), CliError> {
    let diff = client.task_diff(TaskDiffParams { task_id: id, launch: run }).await?;
    if output.json {
        output.result(&diff, |_, _| Ok(()))?;
        return Ok(());
    }
    if stat {
        output.result(&diff, numbers)?;
    } else {
        // To the letter where a program reads it. An agent has written it: on a terminal, a colour could hide what follows.
        let text = if is_terminal() { visible_lines(&diff.diff).to_string() } else { diff.diff };
        verbatim(text.as_bytes())?;
    }
    if diff.is_cut {
        note(&format!(
            "! it is cut here; all of it: git diff {} {}",
            visible(&diff.base),
            visible(&diff.commit)
        ));
    }
    Ok(())
}

fn numbers(out: &mut Page, diff: &TaskDiff) -> io::Result<()> {
    let width = diff.files.iter().map(|file| file.path.chars().count()).max().unwrap_or(0);
    for DiffFile { path, insertions, deletions } in &diff.files {
        match (insertions, deletions) {
            (Some(added), Some(gone)) => {
                writeln!(out, "{:<width$}  +{added} -{gone}", visible(path).to_string())?
            }
            _ => writeln!(out, "{:<width$}  binary", visible(path).to_string())?,
        }
    }
    let files = count(diff.files.len() as u64, "file", "files");
    writeln!(out, "{files} changed, +{} -{}", diff.insertions, diff.deletions)
}

/// Applies the changes of a task; a conflict is a failure.
pub(super) async fn apply(
    client: &DaemonClient,
    (id, run): (String, Option<u32>),
    output: &Output,
) -> Result<ExitCode, CliError> {
    let applied = client.task_apply(TaskApplyParams { task_id: id, launch: run }).await?;
    output.result(&applied, told)?;
    Ok(if applied.applied { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(out: &mut Page, applied: &TaskApplied) -> io::Result<()> {
    let id = visible(&applied.task_id);
    match &applied.conflict {
        None => {
            let files = count(applied.paths.len() as u64, "file", "files");
            writeln!(out, "{id} is applied: {files} changed, and nothing is committed.")
        }
        Some(conflict) => {
            writeln!(out, "{id} is not applied, and no file is changed: {}", visible(&conflict.why))?;
            conflict.paths.iter().try_for_each(|path| writeln!(out, "  {}", visible(path)))
        }
    }
}
