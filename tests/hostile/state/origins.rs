//! The process at the other end: an agent's word about itself makes it nobody else.

use serde_json::{Value, json};

use crate::support::{Project, until};

/// The task that led to the latest event of this topic, and its depth.
fn cause(project: &Project, topic: &str) -> (Value, Value) {
    let events = project.json(&["event", "list", topic]);
    let cause = &events.as_array().unwrap().last().unwrap_or_else(|| panic!("no {topic}"))["causedBy"];
    (cause["task"].clone(), cause["depth"].clone())
}

#[test]
fn a_forged_task_makes_no_outsider_of_an_agent() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = Project::started(json!({}));
    let ended = project.submit("true");
    assert_eq!(project.ended(&ended)["state"], "completed");
    let script = format!(
        "AIWG_TASK_ID=task-9999 {aiwg} event emit forged:unknown; AIWG_TASK_ID=nonsense {aiwg} event emit forged:nonsense; \
         AIWG_TASK_ID={ended} {aiwg} event emit forged:ended; AIWG_TASK_ID= {aiwg} event emit forged:empty; \
         env -i setsid {aiwg} --project . event emit forged:bare"
    );
    let task = project.submit(&script);
    assert_eq!(project.ended(&task)["state"], "completed");
    for how in ["unknown", "nonsense", "ended", "empty", "bare"] {
        assert_eq!(cause(&project, &format!("forged:{how}")), (json!(task), json!(1)), "{how}");
    }
}

#[test]
fn a_forged_task_makes_no_chain_shorter() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = Project::started(json!({ "daemon": { "max_task_depth": 4, "max_parallel_actions": 10 } }));
    // Each submits the next one, under the name of a task that does not exist, and of the first one, which still runs.
    let script = format!(
        "AIWG_TASK_ID=task-9999 {aiwg} task submit \"$PROMPT\" || AIWG_TASK_ID=task-0001 {aiwg} task submit \"$PROMPT\" || touch refused"
    );
    std::fs::write(project.file("again"), format!("PROMPT='do: . ./again'; {script}; sleep 1")).unwrap();
    project.submit(". ./again");
    until("the end of the chain", || project.file("refused").exists());
    until("the end", || project.json(&["task", "stats"])["running"] == 0);
    assert_eq!(project.json(&["task", "stats"])["total"], 4);
}

#[test]
fn the_deeper_of_what_is_seen_and_what_is_said_counts() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = Project::started(json!({}));
    // A process from outside that says it is of a running task is believed: an agent may have had it started elsewhere.
    let running = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let mut command = project.command();
    command.env("AIWG_TASK_ID", &running).env("AIWG_DAEMON_SOCKET", project.socket());
    assert!(command.args(["event", "emit", "said:running"]).output().unwrap().status.success());
    assert_eq!(cause(&project, "said:running"), (json!(running), json!(1)));
    // The one deeper in a chain cannot make itself look like the one above it.
    std::fs::write(
        project.file("deep"),
        format!("AIWG_TASK_ID={running} {aiwg} event emit said:less; sleep 1"),
    )
    .unwrap();
    let middle = project.submit(&format!("{aiwg} task submit 'do: . ./deep' --wait"));
    assert_eq!(project.ended(&middle)["state"], "completed");
    assert_eq!(cause(&project, "said:less").1, json!(2));
    std::fs::write(project.file("go"), "").unwrap();
    project.ended(&running);
    // An outsider that names a task that has ended is one.
    let mut command = project.command();
    command.env("AIWG_TASK_ID", &running).env("AIWG_DAEMON_SOCKET", project.socket());
    let other = project.submit("while [ ! -e end ]; do sleep 0.01; done");
    assert!(command.args(["event", "emit", "said:ended"]).output().unwrap().status.success());
    assert_eq!(cause(&project, "said:ended"), (Value::Null, Value::Null));
    std::fs::write(project.file("end"), "").unwrap();
    project.ended(&other);
}
