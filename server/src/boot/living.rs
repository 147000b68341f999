//! The processes that are there already: a daemon of the project, and agents.

use std::{io, path::Path, time::Duration};

use aiwg_fs::within;
use aiwg_model::TaskNo;

use crate::{
    lifecycle::{Holder, Lock},
    project::{Project, living_run},
};

/// The longest time to find which agents are alive.
const LOOKING: Duration = Duration::from_secs(5);

/// True if a daemon holds this project's lock.
pub fn is_running(project: &Path) -> bool {
    Project::at(project).is_ok_and(|project| Lock::is_held(&project))
}

/// The daemon that holds this project's lock, or the last one if that did not end in good order.
pub fn last_holder(project: &Path) -> Option<Holder> {
    Lock::last_holder(&Project::at(project).ok()?)
}

/// The tasks of this project whose agents are alive, in the order of their numbers, whether a daemon keeps them or not.
///
/// # Errors
/// Their directories do not answer.
pub fn living_agents(project: &Path) -> io::Result<Vec<String>> {
    let Ok(project) = Project::at(project) else { return Ok(Vec::new()) };
    within(LOOKING, move || living_agents_in(&project.actions_dir()))
}

fn living_agents_in(actions: &Path) -> Vec<String> {
    let actions = std::fs::read_dir(actions).into_iter().flatten().flatten();
    let is_held = |task: &Path| matches!(living_run(task), Ok(Some(_)));
    let mut tasks: Vec<TaskNo> = actions
        .filter_map(|entry| {
            let no = entry.file_name().to_str()?.parse().ok()?;
            is_held(&entry.path()).then_some(no)
        })
        .collect();
    tasks.sort_unstable();
    tasks.iter().map(ToString::to_string).collect()
}
