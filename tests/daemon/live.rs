//! Messages to agents that take them while they work.

use std::time::Duration;

use aiwg_testing::{TestDaemon, kill, live_stand_in, until};
use rustix::process::Signal;
use serde_json::{Value, json};

pub(crate) fn live() -> TestDaemon {
    live_with(json!({}))
}

pub(crate) fn live_with(config: Value) -> TestDaemon {
    let mut all = json!({ "agent": live_stand_in() });
    all.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    TestDaemon::with(all)
}

/// A tool that begins, and ends when the file `go` is there.
const BUSY: &str = "tool touch began; while [ ! -e go ]; do sleep 0.01; done";

/// Submits a task whose agent uses that tool and then answers `first`, and waits for it.
pub(crate) fn busy(daemon: &TestDaemon, params: Value) -> String {
    let mut all = json!({ "prompt": format!("do: {BUSY} next: answer first") });
    all.as_object_mut().unwrap().extend(params.as_object().unwrap().clone());
    let task = daemon.submit_with(all);
    until("its agent", || daemon.file("began").exists());
    task
}

pub(crate) fn send(daemon: &TestDaemon, task: &str, message: &str) -> Value {
    daemon.call("task.send", json!({ "taskId": task, "message": message }))
}

/// The input that agents have taken in, prompts and messages alike.
pub(crate) fn heard(daemon: &TestDaemon) -> Vec<String> {
    let text = daemon.read(".stand-in-heard");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The states of a task's messages, with the runs that have got them.
pub(crate) fn states(task: &Value) -> Vec<(&str, Option<u64>)> {
    let all = task["messages"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().map(|message| (message["state"].as_str().unwrap(), message["run"].as_u64())).collect()
}

/// Waits until the agent of a run has read a message, be it not part of the conversation yet.
pub(crate) fn until_read(daemon: &TestDaemon, task: &str, run: u32, n: u32) {
    let no: u64 = task.trim_start_matches("task-").parse().unwrap();
    let id = format!("{n:08x}-a16e-4000-8000-{no:012x}");
    let stdout = format!(".aiwg/daemon/actions/{task}/{run}/stdout.log");
    until("the agent to read the message", || {
        daemon.read(&stdout).lines().any(|line| line.contains(&id) && line.contains("\"queued\""))
    });
}

/// The events about messages that were published.
fn told(daemon: &TestDaemon) -> Vec<Value> {
    let events = daemon.call("event.list", json!({ "topics": ["task:sent", "task:delivered"], "since": 0 }));
    events.as_array().unwrap().clone()
}

pub(crate) fn runs(daemon: &TestDaemon) -> usize {
    daemon.read(".stand-in-runs").lines().count()
}

/// Kills the shim of a task's agent: the run is lost.
pub(crate) fn kill_shim(daemon: &TestDaemon, task: &str) {
    let agent = daemon.task(task)["pid"].as_u64().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap();
    let shim = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    kill(shim, Signal::KILL);
}

pub(crate) fn prompt(daemon: &TestDaemon, task: &str, run: u32) -> String {
    daemon.read(&format!(".aiwg/daemon/actions/{task}/{run}/prompt.txt"))
}

#[test]
fn a_message_joins_the_turn_of_an_agent_that_works() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    let sent = send(&daemon, &task, "do: answer second");
    assert_eq!(sent, json!({ "n": 1, "state": "running", "delivery": "live" }));
    until_read(&daemon, &task, 1, 1);
    assert_eq!(states(&daemon.task(&task)), [("waiting", None)]);
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["state"], &done["result"]), (&json!("completed"), &json!("second")));
    assert_eq!((states(&done), runs(&daemon)), (vec![("delivered", Some(1))], 1));
    let told = told(&daemon);
    assert_eq!((&told[0]["topic"], &told[1]["topic"]), (&json!("task:sent"), &json!("task:delivered")));
    assert_eq!(told[1]["payload"], json!({ "taskId": task, "n": 1, "run": 1 }));
    assert_eq!((&told[0]["payload"]["n"], &told[0]["payload"]["delivery"]), (&json!(1), &json!("live")));
}

#[test]
fn a_message_that_was_taken_in_shows_while_its_agent_goes_on() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    send(&daemon, &task, "do: tool while [ ! -e end ]; do sleep 0.01; done");
    until_read(&daemon, &task, 1, 1);
    daemon.write("go", "");
    let seen = daemon.until_task(&task, "to have it", |task| states(task) == [("delivered", Some(1))]);
    assert_eq!(seen["state"], "running");
    daemon.write("end", "");
    daemon.ended(&task);
    assert_eq!(told(&daemon).len(), 2, "each is told of once");
}

#[test]
fn an_agent_without_messages_ends_by_itself() {
    let daemon = live();
    let done = daemon.ended(&daemon.submit("answer first"));
    assert_eq!((&done["state"], &done["exitCode"]), (&json!("completed"), &json!(0)));
    assert_eq!((&done["result"], &done["messages"]), (&json!("first"), &Value::Null));
    assert!(done["usage"]["sessionId"].is_string());
    let failed = daemon.ended(&daemon.submit("fails broken"));
    assert_eq!((&failed["state"], &failed["exitCode"]), (&json!("failed"), &json!(1)));
}

#[test]
fn each_of_many_messages_takes_effect_once_whenever_it_comes() {
    let daemon = live();
    let task = daemon.submit("answer first");
    let mut sent = 0;
    // Some come while it works, some in the moment of its end, some when it goes on.
    for n in 1..=60 {
        let params = json!({ "taskId": task, "message": format!("message {n}.") });
        let answer = daemon.wire().try_call("task.send", params);
        if answer["error"]["data"]["kind"] == "task_ended" {
            break;
        }
        assert_eq!(answer["result"]["n"], json!(n), "{answer}");
        sent = n;
    }
    let done = daemon.ended(&task);
    assert_eq!(states(&done).iter().filter(|(state, _)| *state == "delivered").count(), sent);
    let heard = heard(&daemon).join("\n");
    for n in 1..=sent {
        assert_eq!(heard.matches(&format!("message {n}.")).count(), 1, "{n} of {sent}: {heard}");
    }
}

#[test]
fn a_daemon_that_comes_back_goes_on_with_the_messages() {
    let mut daemon = live();
    let task = busy(&daemon, json!({}));
    send(&daemon, &task, "one");
    until_read(&daemon, &task, 1, 1);
    daemon.restart();
    assert_eq!(send(&daemon, &task, "two")["n"], 2);
    until_read(&daemon, &task, 1, 2);
    daemon.restart();
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!(states(&done), [("delivered", Some(1)); 2]);
    assert_eq!((heard(&daemon)[1..].to_vec(), runs(&daemon)), (vec!["one".to_owned(), "two".to_owned()], 1));
}

#[test]
fn an_agent_ends_while_no_daemon_is_there() {
    let mut daemon = live();
    let task = busy(&daemon, json!({}));
    send(&daemon, &task, "do: answer second");
    until_read(&daemon, &task, 1, 1);
    daemon.leave_agents();
    daemon.write("go", "");
    until("its exit", || daemon.file(&format!(".aiwg/daemon/actions/{task}/1/exit.json")).exists());
    daemon.start();
    let done = daemon.ended(&task);
    assert_eq!((&done["result"], states(&done)), (&json!("second"), vec![("delivered", Some(1))]));
}

#[test]
fn messages_count_with_the_cost_and_the_cap_of_their_run() {
    let daemon = live_with(json!({ "budget": { "task_usd": 0.5 } }));
    let task = daemon.submit("think touch began; while [ ! -e go ]; do sleep 0.01; done next: answer first");
    until("its agent", || daemon.file("began").exists());
    // A turn of its own: no tool follows in the first one.
    send(&daemon, &task, "do: cost 0.25 next: answer second");
    until_read(&daemon, &task, 1, 1);
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["result"], runs(&daemon)), (&json!("second"), 1));
    assert!((done["usage"]["costUsd"].as_f64().unwrap() - 0.26).abs() < 1e-9, "{done}");
    std::fs::remove_file(daemon.file("go")).unwrap();
    std::fs::remove_file(daemon.file("began")).unwrap();
    let task = busy(&daemon, json!({}));
    send(&daemon, &task, "do: cost 0.75");
    until_read(&daemon, &task, 1, 1);
    daemon.write("go", "");
    let over = daemon.ended(&task);
    assert_eq!((&over["state"], &over["reason"]), (&json!("failed"), &json!("budget")), "{over}");
    assert_eq!(states(&over), [("delivered", Some(1))]);
    assert!((over["usage"]["costUsd"].as_f64().unwrap() - 0.75).abs() < 1e-9, "{over}");
}

#[test]
fn a_message_during_a_round_belongs_to_it_and_one_during_the_check_makes_another() {
    let daemon = live();
    let check = "touch checking; while [ ! -e checked ]; do sleep 0.01; done";
    let task = busy(&daemon, json!({ "verify": { "command": check, "max_rounds": 1 } }));
    send(&daemon, &task, "do: answer second");
    until_read(&daemon, &task, 1, 1);
    daemon.write("go", "");
    until("the check", || daemon.file("checking").exists());
    assert_eq!(daemon.task(&task)["phase"], "checking");
    assert_eq!(send(&daemon, &task, "do: answer third")["delivery"], "next_run");
    daemon.write("checked", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["verified"], &done["result"]), (&json!(true), &json!("third")), "{done}");
    assert_eq!(states(&done), [("delivered", Some(1)), ("delivered", Some(3))]);
    assert_eq!(done["rounds"].as_array().unwrap().len(), 2);
    assert_eq!(runs(&daemon), 2);
}

#[test]
fn a_task_that_is_to_be_taken_gets_no_more_messages() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    daemon.call("task.take", json!({ "taskId": task }));
    assert_eq!(send(&daemon, &task, "do: answer second")["delivery"], "queued");
    daemon.write("go", "");
    let taken = daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    assert_eq!(states(&taken), [("waiting", None)]);
    assert!(!taken["takeover"]["command"].to_string().contains("--input-format"), "{taken}");
    daemon.call("task.give", json!({ "taskId": task }));
    let done = daemon.ended(&task);
    assert_eq!(states(&done), [("delivered", Some(2)); 2]);
    assert_eq!(heard(&daemon).len(), 2, "one prompt for each run");
}

#[test]
fn a_check_that_runs_is_ended_when_a_person_takes_the_task_and_done_again() {
    let daemon = live();
    let check = "echo x >>checks; while [ ! -e checked ]; do sleep 0.01; done";
    let task = daemon.submit_with(json!({ "prompt": "do: answer first", "verify": { "command": check } }));
    until("the check", || daemon.file("checks").exists());
    daemon.call("task.take", json!({ "taskId": task, "now": true }));
    let taken = daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    assert!(taken["takeover"]["session"].is_string(), "{taken}");
    daemon.write("checked", "");
    daemon.call("task.give", json!({ "taskId": task }));
    let done = daemon.ended(&task);
    assert_eq!((&done["verified"], &done["rounds"].as_array().unwrap().len()), (&json!(true), &1));
    assert!(heard(&daemon)[1].starts_with("A person has worked on this task"), "{:?}", heard(&daemon));
    assert_eq!(daemon.read("checks").lines().count(), 2);
}

#[test]
fn a_task_that_a_person_has_does_not_expire() {
    let daemon = live();
    let task = busy(&daemon, json!({ "expires": "1s" }));
    daemon.call("task.take", json!({ "taskId": task }));
    daemon.write("go", "");
    let taken = daemon.until_task(&task, "to be taken", |task| task["waiting"] == "taken");
    let other = daemon.submit_with(json!({ "prompt": "x", "expires": "1s", "after": [task] }));
    // The other one expires later than this one would.
    assert_eq!(daemon.ended(&other)["reason"], "expired");
    assert!(taken["expiresAt"].as_str() < daemon.task(&other)["expiresAt"].as_str());
    assert_eq!(daemon.task(&task)["waiting"], "taken");
    daemon.call("task.give", json!({ "taskId": task }));
    assert_eq!(daemon.ended(&task)["state"], "completed");
}

#[test]
fn no_more_than_a_hundred_messages_wait() {
    let daemon = live();
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit_with(json!({ "prompt": "Do it." }));
    for n in 1..=100 {
        assert_eq!(send(&daemon, &task, "x")["n"], n);
    }
    let error = daemon.error("task.send", json!({ "taskId": task, "message": "x" }));
    assert_eq!(error["data"]["kind"], "too_many_messages", "{error}");
    daemon.call("daemon.resume", json!({}));
    let done = daemon.ended(&task);
    assert_eq!(states(&done), [("delivered", Some(1)); 100]);
    let text = "x".repeat(64 * 1024);
    daemon.call("daemon.pause", json!({}));
    let task = daemon.submit_with(json!({ "prompt": "Do it." }));
    for _ in 0..16 {
        send(&daemon, &task, &text);
    }
    let error = daemon.error("task.send", json!({ "taskId": task, "message": "x" }));
    assert_eq!(error["data"]["kind"], "too_many_messages");
    daemon.call("task.cancel", json!({ "taskId": task }));
}

#[test]
fn messages_of_agents_say_whose_they_are() {
    let daemon = live();
    let task = busy(&daemon, json!({}));
    let child = daemon.file("child");
    let script = r#"import json, os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(os.environ["AIWG_DAEMON_SOCKET"]); f = s.makefile("rw")
def call(method, params):
    print(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}), file=f, flush=True)
    return json.loads(f.readline())
own = call("task.submit", {"prompt": "do: tool while [ ! -e end ]; do sleep 0.01; done"})["result"]["taskId"]
open("child", "w").write(own)
open("answers", "w").write(json.dumps([call("task.send", {"taskId": t, "message": "hello"}) for t in (own, sys.argv[1], os.environ["AIWG_TASK_ID"])]))
"#;
    daemon.write("send.py", script);
    let sender =
        daemon.submit_with(json!({ "prompt": format!("do: tool python3 send.py {task} next: answer sent") }));
    assert_eq!(daemon.ended(&sender)["result"], "sent");
    let answers: Vec<Value> = serde_json::from_str(&daemon.read("answers")).unwrap();
    assert_eq!(answers[0]["result"]["n"], 1, "{answers:?}");
    for refused in &answers[1..] {
        assert_eq!(refused["error"]["data"]["kind"], "not_allowed", "{refused}");
    }
    let child = std::fs::read_to_string(child).unwrap();
    daemon.write("go", "");
    daemon.write("end", "");
    let done = daemon.ended(&child);
    assert_eq!(done["messages"][0]["from"], sender);
    let heard = heard(&daemon).join("\n");
    assert_eq!(
        heard.matches(&format!("The agent of {sender}, and not the user, says:\n\n> hello")).count(),
        1,
        "{heard}"
    );
    assert_eq!(states(&daemon.ended(&task)), []);
}

#[test]
fn an_input_that_stays_open_can_be_switched_off() {
    let mut agent = live_stand_in();
    agent["steer"] = false.into();
    let daemon = TestDaemon::with(json!({ "agent": agent }));
    let task = daemon.submit("touch began; while [ ! -e go ]; do sleep 0.01; done; answer first");
    until("its agent", || daemon.file("began").exists());
    assert_eq!(send(&daemon, &task, "do: answer second")["delivery"], "next_run");
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["result"], states(&done)), (&json!("second"), vec![("delivered", Some(2))]));
    assert!(!daemon.file(&format!(".aiwg/daemon/actions/{task}/1/input.jsonl")).exists());
}

#[test]
fn a_message_whose_own_run_was_lost_comes_again_in_the_session_with_a_note() {
    let mut agent = live_stand_in();
    agent["steer"] = false.into();
    let daemon = TestDaemon::with(json!({ "agent": agent }));
    let task = daemon.submit("touch began; while [ ! -e go ]; do sleep 0.01; done; answer first");
    until("its agent", || daemon.file("began").exists());
    send(&daemon, &task, "do: touch second; while [ ! -e end ]; do sleep 0.01; done; answer again");
    daemon.write("go", "");
    until("the message's run", || daemon.file("second").exists());
    kill_shim(&daemon, &task);
    daemon.write("end", "");
    let done = daemon.ended(&task);
    assert_eq!((&done["result"], states(&done)), (&json!("again"), vec![("delivered", Some(3))]), "{done}");
    let prompt = prompt(&daemon, &task, 3);
    assert!(prompt.starts_with("(You may have read this already"), "{prompt}");
    assert!(!prompt.contains("touch began"), "what was done is not done again: {prompt}");
}

#[test]
fn a_turn_that_has_failed_is_not_mended_by_one_that_a_message_gets() {
    let daemon = live();
    let task =
        daemon.submit("think touch began; while [ ! -e go ]; do sleep 0.01; done next: fails no such model");
    until("its agent", || daemon.file("began").exists());
    send(&daemon, &task, "do: answer well");
    until_read(&daemon, &task, 1, 1);
    daemon.write("go", "");
    let failed = daemon.ended(&task);
    assert_eq!((&failed["state"], &failed["reason"]), (&json!("failed"), &json!("failed")), "{failed}");
    assert_eq!((states(&failed), runs(&daemon)), (vec![("delivered", Some(1))], 1));
}

#[test]
fn an_agent_that_says_nothing_of_its_input_gets_a_message_with_its_next_run() {
    let daemon = live();
    daemon.write(".stand-in-mute", "");
    let task = busy(&daemon, json!({}));
    let is_known = || {
        std::thread::sleep(Duration::from_millis(100));
        send(&daemon, &task, "a note")["delivery"] == "next_run"
    };
    until("it to be seen that its input is closed", is_known);
    daemon.write("go", "");
    let done = daemon.ended(&task);
    assert_eq!(done["state"], "completed", "{done}");
    assert!(states(&done).iter().all(|state| *state == ("delivered", Some(2))), "{done}");
}
