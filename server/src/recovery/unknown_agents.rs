use std::{io, path::Path};

/// Has every agent end that still runs for a task which nobody knows of any more: nobody would end it later.
pub(super) fn end(actions: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(actions)? {
        end_one(&entry?.path());
    }
    Ok(())
}

/// Has the agent end that runs in this directory, if one does.
pub(super) fn end_one(dir: &Path) {
    if !aiwg_shim::is_held(dir).unwrap_or(false) {
        return;
    }
    let asked = aiwg_shim::read_run(dir).ok().flatten().map(|run| aiwg_shim::request_end(&run));
    match asked {
        Some(Ok(_)) => {
            tracing::warn!(dir = %dir.display(), "its task is not known any more: the agent is being ended")
        }
        Some(Err(error)) => tracing::warn!(dir = %dir.display(), %error, "its agent could not be ended"),
        None => tracing::warn!(dir = %dir.display(), "its agent is not on record, and cannot be ended"),
    }
}
