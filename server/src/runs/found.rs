//! The look at the protected files of a task that a person is about to have: what is changed from then on is not its agent's doing.

use std::{path::PathBuf, time::Duration};

use aiwg_git::Look;
use aiwg_model::{FoundFiles, RunId};

use super::{agent::Kept, work};
use crate::{beside::beside, project::Project};

/// Writes down the protected files of a task as a person finds them after its latest run, which has worked in `root`, in the directory of that run,
/// within this time. Without a hash
/// where that did not succeed: then nobody knows what the person has changed.
pub(crate) async fn look_for_person(
    project: &Project,
    (run, root): (RunId, PathBuf),
    protect: Vec<String>,
    within: Duration,
) -> FoundFiles {
    let dir = project.action_dir(run.task).join(run.dir());
    let look = Look::within(within);
    let _kept = Kept(&look);
    let its = look.clone();
    let found = beside(move || work::record_found(&its, &root, &protect, &dir)).await;
    let noted = |error: &std::io::Error| {
        tracing::warn!(%run, %error, "the protected files could not be looked at before a person has the task: what the person changes counts as its agent's");
    };
    FoundFiles { run: run.n, hash: found.inspect_err(noted).ok() }
}
