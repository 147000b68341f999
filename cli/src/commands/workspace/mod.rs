//! The work trees in which tasks run.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use aiwg_client::{
    DaemonClient,
    types::{NoParams, WorkspaceList, WorkspacePruneParams, WorkspacePruned},
};
use clap::Subcommand;

use crate::{
    error::CliError,
    examples,
    output::{
        Column::{Number, Whole},
        Output, Page, Table, count, note, visible,
    },
};

/// Commands for work trees.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// List the work trees of tasks
    #[command(after_help = examples::WORKSPACE_LIST)]
    List,
    /// Remove the work trees that no task needs any more; what was made there is kept
    #[command(after_help = examples::WORKSPACE_PRUNE)]
    Prune {
        /// Forget the results of tasks that have ended, too; branches stay
        #[arg(long)]
        results: bool,
    },
}

pub(crate) async fn run(
    client: &DaemonClient,
    command: WorkspaceCommand,
    output: &Output,
) -> Result<ExitCode, CliError> {
    match command {
        WorkspaceCommand::List => {
            let list = client.workspace_list(NoParams {}).await?;
            output.result(&list, show)?;
            Ok(ExitCode::SUCCESS)
        }
        WorkspaceCommand::Prune { results } => {
            let params = WorkspacePruneParams { results: results.then_some(true) };
            let pruned = client.workspace_prune(params).await?;
            output.result(&pruned, show_pruned)?;
            for why in &pruned.failed {
                note(&format!("! {}", visible(why)));
            }
            Ok(if pruned.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn show(out: &mut Page, list: &WorkspaceList) -> io::Result<()> {
    if let Some(why) = &list.unusable {
        return writeln!(out, "There can be no work trees: {}", visible(why));
    }
    if list.trees.is_empty() {
        writeln!(out, "There are no work trees; `aiwg task submit --worktree` makes the first one.")?;
    } else {
        let mut rows = Table::new([Number("NUMBER"), Whole("TASK"), Whole("STATE"), Whole("DIRECTORY")]);
        for tree in &list.trees {
            let state = match (&tree.broken, tree.is_running) {
                (Some(_), _) => "broken",
                (None, true) => "in use",
                (None, false) => "idle",
            };
            rows.add([
                tree.number.into(),
                tree.task_id.clone().unwrap_or_default().into(),
                state.into(),
                tree.dir.clone().into(),
            ]);
        }
        rows.write(out)?;
        for tree in &list.trees {
            if let Some(why) = &tree.broken {
                writeln!(out, "{}: {}", tree.number, visible(why))?;
            }
        }
    }
    match list.results {
        0 => Ok(()),
        results => writeln!(out, "{} kept: `aiwg task diff ID` shows one.", are(results)),
    }
}

/// A number of results, as the subject of a sentence.
fn are(results: u64) -> String {
    let verb = if results == 1 { "is" } else { "are" };
    format!("{} {verb}", count(results, "result", "results"))
}

fn show_pruned(out: &mut Page, pruned: &WorkspacePruned) -> io::Result<()> {
    let trees = |all: &[u32]| count(all.len() as u64, "work tree", "work trees");
    write!(out, "{} removed", trees(&pruned.removed))?;
    if !pruned.kept.is_empty() {
        write!(out, ", {} still needed", trees(&pruned.kept))?;
    }
    if pruned.forgotten > 0 {
        write!(out, ", {} forgotten", count(pruned.forgotten, "result", "results"))?;
    }
    writeln!(out, ".")
}
