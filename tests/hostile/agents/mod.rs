//! Agents that remove, replace or flood what the daemon keeps of them, and shortages while they start.

mod deciding;
mod hidden;
mod in_the_way;
mod in_vain;
mod starting;
mod taken_away;

use serde_json::{Value, json};

use crate::support::{Project, until};

/// The directory of the first task, as its agent finds it.
const TASK: &str = ".aiwg/daemon/actions/task-0001";

/// The directory of that task's first run.
const DIR: &str = ".aiwg/daemon/actions/task-0001/1";

/// A project whose first task runs this script and then says that it has.
fn after(script: &str, more: Value) -> Project {
    let project = Project::started(more);
    project.submit(&format!("{script}; touch done; sleep 1000"));
    until("the agent's work", || project.file("done").exists());
    project
}

/// True if a process of the project's first agent is left.
fn is_left(project: &Project) -> bool {
    let daemon = project.read(".aiwg/daemon.pid").trim().parse().unwrap_or(0);
    crate::support::processes_of(project.path()).iter().any(|(pid, _)| *pid != daemon)
}

fn state(project: &Project) -> Value {
    project.wire().call("task.get", json!({ "taskId": "task-0001" }))["state"].clone()
}
