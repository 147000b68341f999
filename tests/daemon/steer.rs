//! Steering: messages to agents, and people who take a task over.

use aiwg_testing::{TestDaemon, claude_stand_in, scripted, until};
use serde_json::{Value, json};

fn streaming() -> TestDaemon {
    TestDaemon::with(json!({ "agent": claude_stand_in() }))
}

fn kind(daemon: &TestDaemon, method: &str, params: Value) -> String {
    daemon.error(method, params)["data"]["kind"].as_str().unwrap().to_owned()
}

/// The prompt of a task's run.
fn prompt(daemon: &TestDaemon, task: &str, run: u32) -> String {
    daemon.read(&format!(".aiwg/daemon/actions/{task}/{run}/prompt.txt"))
}

/// Submits a task whose agent runs until the file `go` is there, and waits for it.
fn busy(daemon: &TestDaemon) -> String {
    let task = daemon.submit("touch began; while [ ! -e go ]; do sleep 0.01; done; answer first");
    until("its agent", || daemon.file("began").exists());
    task
}

#[test]
fn a_message_to_a_running_agent_is_its_next_turn() {
    let daemon = streaming();
    let task = busy(&daemon);
    let sent = daemon.call("task.send", json!({ "taskId": task, "message": "do: answer second" }));
    assert_eq!(sent, json!({ "n": 1, "state": "running", "delivery": "next_run" }));
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!(
        (&done["state"], &done["result"], &done["attempts"]),
        (&json!("completed"), &json!("second"), &json!(1))
    );
    assert_eq!(prompt(&daemon, &task, 2), "do: answer second");
    let events = daemon.call("event.list", json!({ "topics": ["task:sent"] }));
    assert_eq!(events[0]["payload"]["message"], "do: answer second");
    assert_eq!(
        (&events[0]["payload"]["delivery"], events.as_array().unwrap().len()),
        (&json!("next_run"), 1)
    );
    assert_eq!(kind(&daemon, "task.send", json!({ "taskId": task, "message": "x" })), "task_ended");
    let why = daemon.error("task.send", json!({ "taskId": task, "message": "x" }))["message"].to_string();
    assert!(why.contains("aiwg task retry") && why.contains("aiwg chat"), "{why}");
}

#[test]
fn a_message_to_a_queued_task_is_a_note_on_its_prompt() {
    let daemon = streaming();
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit_with(json!({ "prompt": "Do it." }));
    let sent = daemon.call("task.send", json!({ "taskId": task, "message": "But not\non Sunday." }));
    assert_eq!(sent, json!({ "n": 1, "state": "queued", "delivery": "queued" }));
    daemon.call("daemon.resume", json!({}));
    daemon.ended(&task);
    assert_eq!(
        prompt(&daemon, &task, 1),
        "Do it.\n\nA note on this was added later:\n\n> But not\n> on Sunday."
    );
}

#[test]
fn messages_outlast_the_daemon_and_are_given_once() {
    let mut daemon = streaming();
    let task = busy(&daemon);
    for text in ["one", "two"] {
        daemon.call("task.send", json!({ "taskId": task, "message": text }));
    }
    daemon.restart();
    daemon.write("go", "");
    assert_eq!(daemon.ended(&task)["state"], "completed");
    assert_eq!(prompt(&daemon, &task, 2), "one\n\ntwo");
    assert!(!daemon.file(&format!(".aiwg/daemon/actions/{task}/3")).exists());
}

#[test]
fn what_has_failed_has_failed_whatever_message_waits() {
    let daemon = streaming();
    let task = daemon.submit("touch began; while [ ! -e go ]; do sleep 0.01; done; exit 1");
    until("its agent", || daemon.file("began").exists());
    daemon.call("task.send", json!({ "taskId": task, "message": "do: answer second" }));
    daemon.write("go", "");
    let failed = daemon.ended(&task);
    assert_eq!((&failed["state"], &failed["reason"]), (&json!("failed"), &json!("failed")), "{failed}");
    assert_eq!(failed["messages"][0]["state"], "undelivered", "no run will get it");
    let events = daemon.call("event.list", json!({ "topics": ["task:failed"] }));
    assert_eq!(events.as_array().unwrap().len(), 1);
}

#[test]
fn a_retry_is_asked_the_prompt_with_the_messages_as_notes() {
    let daemon = streaming();
    // What stands behind it is no command.
    let prompt_of_both = "do: [ -e again ] || { touch again began; while [ ! -e go ]; do sleep 0.01; done; exit 1; }; answer first; : <<'END'";
    let task =
        daemon.submit_with(json!({ "prompt": prompt_of_both, "retry": { "max": 1, "delay": "10ms" } }));
    until("its agent", || daemon.file("began").exists());
    daemon.call("task.send", json!({ "taskId": task, "message": "a note" }));
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["state"], &done["attempts"]), (&json!("completed"), &json!(2)), "{done}");
    assert_eq!(
        prompt(&daemon, &task, 2),
        format!("{prompt_of_both}\n\nA note on this was added later:\n\n> a note")
    );
}

#[test]
fn a_message_does_not_bring_back_what_was_cancelled() {
    let daemon = streaming();
    let task = busy(&daemon);
    daemon.call("task.send", json!({ "taskId": task, "message": "x" }));
    daemon.call("task.cancel", json!({ "taskId": task }));
    assert_eq!(daemon.ended(&task)["state"], "cancelled");
}

#[test]
fn a_task_is_taken_when_its_agent_has_ended_and_given_back() {
    let daemon = streaming();
    let task = busy(&daemon);
    let id = json!({ "taskId": task });
    assert_eq!(kind(&daemon, "task.give", id.clone()), "task_is_not_taken");
    assert_eq!(daemon.call("task.take", id.clone()), json!({ "state": "running" }));
    assert_eq!(kind(&daemon, "task.take", id.clone()), "task_is_taken");
    assert_eq!(daemon.task(&task)["state"], "running");
    daemon.write("go", "");
    let taken = daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    let session = taken["takeover"]["session"].as_str().unwrap();
    let command = taken["takeover"]["command"].as_array().unwrap();
    assert_eq!(taken["usage"]["sessionId"], session, "what was used so far is told before the end, too");
    assert_eq!(json!(command[1..]), json!(["--resume", session]));
    assert_eq!(daemon.call("task.give", id), json!({ "state": "queued" }));
    let done = daemon.ended(&task);
    assert_eq!((&done["state"], &done["takeover"]), (&json!("completed"), &Value::Null));
    assert!(prompt(&daemon, &task, 2).starts_with("A person has worked on this task"));
}

#[test]
fn what_a_person_has_finished_is_completed() {
    let daemon = streaming();
    let task = busy(&daemon);
    daemon.call("task.take", json!({ "taskId": task, "now": true }));
    daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    let given = daemon.call("task.give", json!({ "taskId": task, "done": true }));
    assert_eq!(given, json!({ "state": "completed" }));
    let done = daemon.task(&task);
    assert_eq!((&done["state"], &done["reason"]), (&json!("completed"), &json!("by_hand")));
    assert_eq!(kind(&daemon, "task.take", json!({ "taskId": task })), "task_ended");
    // Who said so stays, and what its agent did before is its own.
    let why = daemon.call("task.why", json!({ "id": task }));
    let nodes = why["nodes"].as_array().unwrap();
    let by = |id: &str, member: &str| nodes.iter().find(|node| node["id"] == id).unwrap()[member].clone();
    let finished_by = by(&task, "finishedBy").as_str().unwrap().to_owned();
    let me = format!("(process {})", std::process::id());
    assert!(finished_by.contains(&me) && finished_by.contains("had taken it over at 2"), "{finished_by}");
    assert!(done["result"].as_str().unwrap().contains(&finished_by), "{done}");
    assert_eq!(by(&format!("{task}/run-1"), "profile"), "agent");
}

#[test]
fn a_taken_task_stays_taken_over_a_restart() {
    let mut daemon = streaming();
    let task = busy(&daemon);
    daemon.call("task.take", json!({ "taskId": task }));
    daemon.restart();
    daemon.write("go", "");
    daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    daemon.restart();
    assert_eq!(daemon.task(&task)["waiting"], "taken");
    daemon.call("task.cancel", json!({ "taskId": task }));
    assert_eq!(daemon.ended(&task)["state"], "cancelled");
}

#[test]
fn an_agent_sends_to_what_it_caused_and_to_nothing_else() {
    let daemon = streaming();
    let script = |target: &str| {
        let aiwg = format!(
            r#"printf '%s\n' '{{"jsonrpc":"2.0","id":1,"method":"task.send","params":{{"taskId":"{target}","message":"x"}}}}'"#
        );
        format!(
            "answer \"$({aiwg} | python3 -c 'import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(os.environ[\"AIWG_DAEMON_SOCKET\"]); s.sendall(sys.stdin.buffer.read()); print(s.makefile().readline())')\""
        )
    };
    let other = busy(&daemon);
    let own = daemon.ended(&daemon.submit(&script("task-0002")));
    assert!(own["result"].as_str().unwrap().contains("not_allowed"), "{own}");
    let foreign = daemon.ended(&daemon.submit(&script(&other)));
    assert!(foreign["result"].as_str().unwrap().contains("not_allowed"), "{foreign}");
    daemon.write("go", "");
    assert_eq!(daemon.ended(&other)["result"], "first");
}

/// A daemon whose agents tell no session: they are some program.
fn without_sessions() -> (TestDaemon, String) {
    let daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("until [ -e go ]; do sleep 0.01; done; echo well");
    daemon.wait_for_task(&task, "running");
    (daemon, task)
}

#[test]
fn what_nobody_could_go_on_with_is_not_taken_and_its_work_counts() {
    let (daemon, task) = without_sessions();
    for now in [false, true] {
        let error = daemon.error("task.take", json!({ "taskId": task, "now": now }));
        assert_eq!(error["data"]["kind"], "task_has_no_session");
        assert!(error["message"].as_str().unwrap().contains("`aiwg task send"), "{error}");
    }
    let queued = daemon.submit_with(json!({ "prompt": "x", "delay": "1h" }));
    assert_eq!(kind(&daemon, "task.take", json!({ "taskId": queued })), "task_has_no_session");
    assert_eq!(daemon.task(&queued)["waiting"], "delay");
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["state"], &done["attempts"]), (&json!("completed"), &json!(1)), "{done}");
}

#[test]
fn a_taken_task_that_has_told_no_session_ends_as_it_would_have() {
    let daemon = TestDaemon::with(json!({ "agent": scripted() }));
    // It says no word before it fails.
    daemon.script(["wait go", "exit 3"]);
    let task = daemon.submit_with(json!({ "prompt": "x" }));
    daemon.wait_for_task(&task, "running");
    daemon.call("task.take", json!({ "taskId": task }));
    daemon.write("go", "");
    let failed = daemon.ended(&task);
    assert_eq!((&failed["state"], &failed["attempts"]), (&json!("failed"), &json!(1)), "{failed}");
    assert_eq!(daemon.runs().len(), 1);
}
