//! Results of work trees that could not be kept at once, and those whose reader goes away while they are applied.

use std::{fs, os::unix::fs::OpenOptionsExt, path::PathBuf};

use aiwg_testing::{TestDaemon, until, until_some};
use serde_json::{Value, json};

use crate::workspaces::{git, in_git};

/// The event of this topic, once there is one.
fn event(daemon: &TestDaemon, topic: &str) -> Value {
    let listed =
        || daemon.call("event.list", json!({ "topics": [topic] })).as_array().unwrap().first().cloned();
    until_some(topic, listed)
}

fn in_tree(daemon: &TestDaemon, script: &str, more: Value) -> String {
    let mut params = json!({ "prompt": format!("do: {script}"), "workspace": "worktree" });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    daemon.submit_with(params)
}

#[test]
fn what_could_not_be_kept_is_kept_when_it_is_asked_for_and_comes_back() {
    let daemon = in_git(json!({}));
    // Its agent has put a directory in the place of what the daemon notes of the tree.
    let id = in_tree(&daemon, "echo two >a; mv ../slot.json ../noted; mkdir ../slot.json", json!({}));
    let task = daemon.ended(&id);
    assert!(task["workspace"]["error"].as_str().is_some_and(|why| why.contains("slot.json")), "{task}");
    let error = daemon.error("task.diff", json!({ "taskId": id }));
    assert_eq!(error["data"]["kind"], "task_has_no_result");
    assert!(error["message"].as_str().unwrap().contains("could not be kept"), "{error}");
    assert_eq!(git(&daemon, &["branch", "--list", "aiwg/*"]), "");

    let slot = PathBuf::from(task["workspace"]["dir"].as_str().unwrap()).parent().unwrap().to_owned();
    fs::remove_dir(slot.join("slot.json")).unwrap();
    fs::rename(slot.join("noted"), slot.join("slot.json")).unwrap();
    let diff = daemon.call("task.diff", json!({ "taskId": id }));
    assert_eq!((&diff["files"][0]["path"], &diff["insertions"]), (&json!("a"), &json!(1)), "{diff}");
    // As it would have at the task's end.
    until("its branch", || !git(&daemon, &["branch", "--list", "aiwg/*"]).is_empty());
    let task = daemon.task(&id);
    assert_eq!((task["workspace"].get("error"), &task["workspace"]["result"]["files"]), (None, &json!(1)));
}

#[test]
fn what_is_being_applied_is_noted_though_whoever_asked_has_gone() {
    let daemon = in_git(json!({}));
    let id = in_tree(&daemon, "echo two >a", json!({}));
    daemon.ended(&id);
    let path = daemon.path().canonicalize().unwrap().join(".git/aiwg-apply.lock");
    let lock = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
    lock.lock().unwrap();
    let mut wire = daemon.wire();
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "task.apply", "params": { "taskId": id } });
    wire.send(format!("{call}\n"));
    // The daemon is in this process, and tries again and again.
    let open = || {
        fs::read_dir("/proc/self/fd")
            .unwrap()
            .flatten()
            .filter(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == path))
            .count()
    };
    until("it waits for the lock", || open() >= 2);
    drop(wire);
    lock.unlock().unwrap();
    assert_eq!(event(&daemon, "task:applied")["payload"]["paths"], json!(["a"]));
    assert_eq!(daemon.read("a"), "two\n");
    assert!(daemon.task(&id)["workspace"]["result"]["applied"].is_string());
}
