//! The queue over a crash.

use serde_json::{Value, json};

use crate::support::{Project, until};

/// An agent that runs until the file `go` is there.
const UNTIL_GO: &str = "do: while [ ! -e go ]; do sleep 0.01; done";

fn submit(project: &Project, prompt: &str, after: &[&str]) -> Value {
    project.wire().try_call("task.submit", json!({ "prompt": prompt, "after": after }))
}

fn id(answer: &Value) -> &str {
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn dependencies_survive_a_crash() {
    let project = Project::started(json!({}));
    let first = submit(&project, UNTIL_GO, &[]);
    let second = submit(&project, "x", &[id(&first)]);
    until("the agent", || project.runs().len() == 1);
    project.kill_daemon();
    std::fs::write(project.file("go"), "").unwrap();
    project.start();
    assert_eq!(project.ended(id(&second))["state"], "completed");
    assert_eq!(project.runs(), [id(&first), id(&second)]);
}
