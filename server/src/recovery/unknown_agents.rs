use std::{io, path::Path};

use crate::project::run_dirs;

/// Ends every agent that still runs for a task which is not in the store: nothing would end it later.
pub(super) fn end(actions: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(actions)? {
        end_of_task(&entry?.path());
    }
    Ok(())
}

/// Ends the agents that still run for the task of this directory.
pub(super) fn end_of_task(task: &Path) {
    run_dirs(task).iter().for_each(|dir| end_one(dir));
}

/// Ends the agent whose run has this directory, if it is alive.
fn end_one(dir: &Path) {
    if !aiwg_shim::is_held(dir).unwrap_or(false) {
        return;
    }
    match aiwg_shim::request_end(dir) {
        Ok(true) => {
            tracing::warn!(dir = %dir.display(), "its task is not known any more: the agent is being ended")
        }
        Ok(false) => {
            tracing::warn!(dir = %dir.display(), "its shim cannot be found, so its agent cannot be ended")
        }
        Err(error) => tracing::warn!(dir = %dir.display(), %error, "its agent could not be ended"),
    }
}
