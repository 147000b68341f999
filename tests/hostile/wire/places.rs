//! Agents that take all the places for connections that they can get.

use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

/// Opens this many connections, writes to `answers` what comes of each when asked for something, and holds those that are taken.
fn greedy(project: &Project, connections: usize) -> String {
    let script = format!(
        r#"
import os, socket, time
held = []
for n in range({connections}):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(os.environ["AIWG_DAEMON_SOCKET"])
    peer.sendall(b'{{"jsonrpc":"2.0","id":1,"method":"ping"}}\n')
    print(peer.makefile().readline().strip(), file=open("answers", "a"), flush=True)
    held.append(peer)
time.sleep(1000)
"#
    );
    std::fs::write(project.file("greedy.py"), script).unwrap();
    project.submit("exec python3 greedy.py")
}

fn limit_issue(project: &Project) -> Option<String> {
    let status = project.json(&["daemon", "status"]);
    let issues = status["issues"].as_array().unwrap().clone();
    let of_limit = issues.iter().find(|issue| issue["kind"] == "connection_limit")?;
    Some(of_limit["message"].as_str().unwrap().to_owned())
}

#[test]
fn agents_leave_half_of_the_places_to_people() {
    let project = Project::started(json!({ "daemon": { "max_connections": 10 } }));
    let task = greedy(&project, 30);
    let answers: Vec<Value> = until_some("all its answers", || {
        let text = std::fs::read_to_string(project.file("answers")).ok()?;
        let lines: Vec<&str> = text.lines().collect();
        (lines.len() == 30 && text.ends_with('\n'))
            .then(|| lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect())
    });
    let kinds: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["data"]["kind"]).collect();
    assert!(kinds[..5].iter().all(|kind| kind.is_null()), "{answers:?}");
    assert!(kinds[5..].iter().all(|kind| *kind == "too_many_connections"), "{answers:?}");
    // People are served, and shown whose fault it is, in the log as well.
    let issue = limit_issue(&project).unwrap();
    assert!(issue.contains(&task), "{issue}");
    assert!(project.read(".aiwg/daemon/daemon.log").contains("agents' processes have 5 connections open"));
    let mut wires: Vec<_> = (0..4).map(|_| project.wire()).collect();
    wires.iter_mut().for_each(|wire| wire.is_alive());
    project.json(&["task", "cancel", &task]);
    assert_eq!(project.ended(&task)["state"], "cancelled");
    drop(wires);
    until("the health to be well", || limit_issue(&project).is_none());
}

#[test]
fn that_all_places_are_taken_stands_in_the_health() {
    let project = Project::started(json!({ "daemon": { "max_connections": 3 } }));
    let mut wires: Vec<_> = (0..3).map(|_| project.wire()).collect();
    wires.iter_mut().for_each(|wire| wire.is_alive());
    assert_ne!(project.run(&["task", "list"]).code, 0);
    let status = wires[0].call("daemon.status", json!({}));
    assert!(status["issues"].to_string().contains("connection_limit"), "{status}");
    drop(wires);
    until("the health to be well", || {
        project.run(&["daemon", "status"]).code == 0 && limit_issue(&project).is_none()
    });
}
