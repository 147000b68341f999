//! Forgets the results of work trees whose tasks have ended long ago.

use std::time::UNIX_EPOCH;

use aiwg_model::TaskNo;
use aiwg_protocol::types::Timestamp;
use aiwg_store::Reader;
use aiwg_worktrees::ResultRef;

use crate::workspaces::Workspaces;

/// Forgets the results of tasks that have ended before this moment, or are forgotten. Nothing where there has never been a work tree. It asks git.
pub(super) fn prune(
    workspaces: &Workspaces,
    reader: &dyn Reader,
    before: Option<Timestamp>,
) -> std::io::Result<()> {
    let Some(before) = before.filter(|_| workspaces.home().is_some_and(|home| home.exists())) else {
        return Ok(());
    };
    let repository = workspaces.repository().map_err(std::io::Error::other)?;
    let results = repository.results().map_err(std::io::Error::other)?;
    let names = old(results, reader, before).map_err(std::io::Error::other)?;
    if names.is_empty() {
        return Ok(());
    }
    repository.forget(&names).map_err(std::io::Error::other)?;
    tracing::info!(results = names.len(), "forgotten, as `retention.result_days` says");
    Ok(())
}

/// The names of those of no task that is open, or has ended after that moment.
fn old(results: Vec<ResultRef>, reader: &dyn Reader, before: Timestamp) -> aiwg_store::Result<Vec<String>> {
    let mut names = Vec::new();
    for ResultRef { name, of, made_at, .. } in results {
        let task = of.and_then(|(task, _)| task.parse::<TaskNo>().ok());
        let is_old = match task.map(|no| reader.task(no)).transpose()? {
            Some(Some(task)) => {
                task.completed_at.is_some_and(|ended| task.state.is_final() && ended < before)
            }
            // Its task is forgotten, or it is that of none: then its age decides.
            _ => {
                let made = made_at.duration_since(UNIX_EPOCH).map(|made| made.as_millis());
                made.is_ok_and(|made| i64::try_from(made).is_ok_and(|made| made < before.as_millis()))
            }
        };
        if is_old {
            names.push(name);
        }
    }
    Ok(names)
}
