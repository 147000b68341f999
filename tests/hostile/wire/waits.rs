//! Calls that wait or read cost little, and wait for nobody who has nothing to do with them.

use serde_json::{Value, json};

use crate::support::{Project, until};

#[test]
fn five_hundred_who_wait_for_an_output_cost_one_look_and_no_threads() {
    let project = Project::started(json!({}));
    let task = project.submit("echo one; while [ ! -e go ]; do sleep 0.05; done; echo two; sleep 60");
    let mut wire = project.wire();
    let read = |offset: u64| json!({ "taskId": task, "offset": offset, "waitMs": 60_000 });
    let mut begun = 0;
    until("the first words", || {
        let chunk = wire.call("task.output", read(begun));
        begun = chunk["nextOffset"].as_u64().unwrap();
        chunk["data"].as_str().unwrap().ends_with("one\n")
    });
    let request = |id: usize| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "task.output", "params": read(begun) }).to_string()
            + "\n"
    };
    wire.send((0..500).map(request).collect::<String>());
    wire.is_alive();
    let threads = || std::fs::read_dir(format!("/proc/{}/task", project.pid())).unwrap().count();
    until("the readers' end", || threads() < 40);
    std::fs::write(project.file("go"), "").unwrap();
    let mut answers: Vec<Value> = (0..500).map(|_| wire.receive()).collect();
    assert!(threads() < 40, "{}", threads());
    answers.sort_by_key(|answer| answer["id"].as_u64());
    for (id, answer) in answers.iter().enumerate() {
        assert_eq!((&answer["id"], &answer["result"]["data"]), (&json!(id), &json!("two\n")));
    }
    wire.call("task.cancel", json!({ "taskId": task }));
}

#[test]
fn the_state_of_the_rules_is_shown_while_another_process_holds_the_database() {
    let project = Project::started(json!({ "rules": [Project::rule("r", "a", "do: true")] }));
    let database = rusqlite::Connection::open(project.file(".aiwg/daemon/daemon.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut wire = project.wire();
    let rules = wire.call("automation.status", json!({}))["rules"].clone();
    assert_eq!(rules[0]["id"], "r");
    assert_eq!(wire.call("event.subscribe", json!({}))["subscription"], 1);
    assert_eq!(wire.call("task.list", json!({})), json!([]));
    database.execute_batch("ROLLBACK").unwrap();
}
