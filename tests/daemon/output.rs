//! The output of agents: bytes that are no text; and agents that handle their streams in odd ways.

use aiwg_testing::{TestDaemon, processes_of, until};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::json;

#[test]
fn every_byte_survives() {
    let daemon = TestDaemon::with(json!({}));
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    daemon.write("bytes", &bytes);
    let task = daemon.ended(&daemon.submit("cat bytes >&2; printf 'half a character: \\303'"));
    assert_eq!(task["state"], "completed");
    assert_eq!(std::fs::read(daemon.file(".aiwg/daemon/actions/task-0001/1/stderr.log")).unwrap(), bytes);
    let mut read = Vec::new();
    let mut wire = daemon.wire();
    loop {
        let params =
            json!({ "taskId": "task-0001", "stream": "stderr", "encoding": "base64", "offset": read.len() });
        let chunk = wire.call("task.output", params);
        read.extend(BASE64_STANDARD.decode(chunk["data"].as_str().unwrap()).unwrap());
        if chunk["ended"] == true {
            break;
        }
    }
    assert_eq!(read, bytes);
    assert!(task["result"].as_str().unwrap().ends_with("half a character: \u{fffd}"), "{task}");
}

#[test]
fn one_that_closes_its_output_early_is_waited_for() {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("echo said; exec >&- 2>&-; while [ ! -e go ]; do sleep 0.01; done; exit 4");
    until("its output", || daemon.read(".aiwg/daemon/actions/task-0001/1/stdout.log").ends_with("said\n"));
    assert_eq!(daemon.task(&task)["state"], "running");
    daemon.write("go", "");
    let task = daemon.ended(&task);
    assert_eq!((&task["state"], &task["exitCode"]), (&json!("failed"), &json!(4)));
}

#[test]
fn one_whose_children_keep_its_output_open_ends_when_it_exits() {
    let daemon = TestDaemon::with(json!({}));
    // The child ignores what would end it, and has left its session.
    let task = daemon
        .ended(&daemon.submit("setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.1; done' & echo done"));
    assert_eq!((&task["state"], &task["processesLeft"]), (&json!("completed"), &json!(0)));
    assert!(task["processesEnded"].as_u64().unwrap() >= 1, "{task}");
    assert!(processes_of(daemon.path()).iter().all(|(_, line)| !line.contains("trap")));
}
