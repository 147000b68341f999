//! Uses of tools that an agent's own rules do not allow: a person is asked, the task waits, and each decision is used once. The agent is a stand-in
//! that does with its hooks what `claude` does.

use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

/// A script of the agent, as a prompt.
fn script(steps: Value) -> String {
    format!("SCRIPT {steps}")
}

/// A project whose agents ask, and wait for so many seconds in their place.
pub(crate) fn asking(wait: u32, more: Value) -> Project {
    let project = Project::new(json!({ "agent": aiwg_testing::asking() }));
    let mut config: Value = serde_json::from_str(&project.read(".aiwg/daemon.json")).unwrap();
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    project.configure(&config.to_string());
    start(&project, wait);
    project
}

pub(crate) fn start(project: &Project, wait: u32) {
    let done =
        project.command().args(["daemon", "start"]).env("AIWG_PERMISSION_WAIT", wait.to_string()).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Kills the daemon, and starts another one.
fn crash(project: &Project, wait: u32) {
    project.kill_daemon();
    start(project, wait);
}

pub(crate) fn submitted(project: &Project, steps: Value) -> String {
    let params = json!({ "prompt": script(steps) });
    project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned()
}

/// The first approval that waits, once there is one.
pub(crate) fn pending(project: &Project) -> Value {
    until_some("an approval", || project.json(&["approval", "list"]).as_array().unwrap().first().cloned())
}

pub(crate) fn decide(project: &Project, verb: &str, approval: &Value) {
    project.json(&["approval", verb, approval["id"].as_str().unwrap()]);
}

/// Waits until the task waits for a person, without a process.
fn put_off(project: &Project, task: &str) -> Value {
    let waits = |task: &Value| task["waiting"] == "approval" && task["pid"].is_null();
    until_some("the task to wait for a person", || Some(project.task(task)).filter(waits))
}

/// The calls that were made, in their order.
fn calls(project: &Project) -> Vec<String> {
    project.read(".calls").lines().map(str::to_owned).collect()
}

pub(crate) fn completed(project: &Project, task: &str, answer: &str) {
    let ended = project.ended(task);
    assert_eq!((&ended["state"], &ended["result"]), (&json!("completed"), &json!(answer)), "{ended}");
}

/// The same call twice, as the refusal of the first one asks for.
fn again(call: &str) -> Value {
    json!([{ "calls": [call] }, { "calls": [call] }, { "text": "Made." }])
}

#[test]
fn a_call_is_made_once_a_person_has_approved_it() {
    let project = asking(60, json!({}));
    let hostile = "touch 'a\u{1b}[2J\u{202e}b' # \u{9b}31m";
    let task = submitted(
        &project,
        json!([{ "calls": [{ "input": { "z": 1, "command": hostile } }] }, { "text": "Made." }]),
    );
    let approval = pending(&project);
    assert_eq!((&approval["kind"], &approval["taskId"]), (&json!("permission"), &json!(task)));
    let summary = approval["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Bash: {\"command\":\"touch")
            && !summary.contains(['\u{1b}', '\u{202e}', '\u{9b}'])
    );
    let show = project.run(&["approval", "show", "1"]).out;
    assert!(show.contains("Bash") && !show.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{show}");
    assert!(calls(&project).is_empty());
    decide(&project, "approve", &approval);
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project), [hostile]);
    let topics = project.json(&["event", "list", "approval:*"]);
    let topics: Vec<&str> =
        topics.as_array().unwrap().iter().map(|event| event["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["approval:requested", "approval:approved"]);
}

#[test]
fn what_nobody_has_decided_on_waits_without_a_process_and_a_slot() {
    let project = asking(1, json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = submitted(&project, again("touch made"));
    let waiting = put_off(&project, &task);
    assert_eq!((&waiting["state"], &waiting["attempts"]), (&json!("queued"), &json!(0)));
    // The only slot is free.
    let other = submitted(
        &project,
        json!([{ "calls": [{ "input": "touch other", "free": true }] }, { "text": "Free." }]),
    );
    completed(&project, &other, "Free.");
    assert!(!project.file("made").exists());
    decide(&project, "approve", &pending(&project));
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project), ["touch other", "touch made"]);
    // It went on where it was, with nothing more to be asked.
    assert_eq!(project.read(".aiwg/daemon/actions/task-0001/2/prompt.txt"), "");
    assert!(project.read(".commands").lines().last().unwrap().contains("--resume"));
    let ended = project.task(&task);
    assert_eq!((&ended["reason"], &ended["attempts"]), (&json!("done"), &json!(1)), "{ended}");
    assert_eq!(ended["usage"]["permissionDenials"], json!([]), "it was not refused in the end: {ended}");
    assert!(project.file(".aiwg/daemon/actions/task-0001/1/pauses.json").exists(), "it waited for a second");
}

#[test]
fn an_agent_that_does_not_wait_pauses_nothing() {
    let project = asking(0, json!({}));
    put_off(&project, &submitted(&project, again("touch made")));
    assert!(!project.file(".aiwg/daemon/actions/task-0001/1/pauses.json").exists());
}

#[test]
fn a_round_of_a_task_with_a_check_waits_too() {
    let project = asking(1, json!({}));
    let verify = json!({ "command": "test -e made" });
    let params = json!({ "prompt": script(again("touch made")), "verify": verify });
    let task = project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned();
    put_off(&project, &task);
    decide(&project, "approve", &pending(&project));
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["verified"]), (&json!("completed"), &json!(true)), "{ended}");
    assert_eq!(ended["rounds"].as_array().map(Vec::len), Some(1), "{ended}");
    assert_eq!(calls(&project), ["touch made"]);
}

#[test]
fn a_refusal_reaches_the_agent_with_its_reason_and_stands() {
    for wait in [60, 1] {
        let project = asking(wait, json!({}));
        let call = json!({ "calls": ["touch made"] });
        let task = submitted(&project, json!([call, call, call, { "text": "Not made." }]));
        if wait == 1 {
            put_off(&project, &task);
        }
        let approval = pending(&project);
        project.json(&[
            "approval",
            "reject",
            approval["id"].as_str().unwrap(),
            "--reason",
            "not on a Friday",
        ]);
        let ended = project.ended(&task);
        assert_eq!((&ended["state"], &ended["reason"]), (&json!("completed"), &json!("refused")), "{ended}");
        assert!(calls(&project).is_empty());
        let last = project.read(".hooks").lines().last().unwrap().to_owned();
        assert!(last.contains("not on a Friday") && last.contains("PreToolUse"), "{last}");
        assert_eq!(project.json(&["approval", "list", "--state", "rejected"]).as_array().unwrap().len(), 1);
    }
}

#[test]
fn an_approval_counts_once_and_for_no_other_input() {
    let project = asking(60, json!({}));
    let call =
        |command: &str| json!({ "calls": [{ "input": { "command": command, "a": { "c": 1, "b": [2] } } }] });
    let reordered = json!({ "calls": [{ "input": { "a": { "b": [2], "c": 1 }, "command": "echo 1" } }] });
    let task = submitted(&project, json!([call("echo 1"), call("echo 2"), reordered, { "text": "Three." }]));
    for (n, command) in [(1, "echo 1"), (2, "echo 2"), (3, "echo 1")] {
        let approval = pending(&project);
        assert_eq!(approval["id"], format!("approval-{n:04}"));
        assert!(approval["summary"].as_str().unwrap().contains(command), "{approval}");
        decide(&project, "approve", &approval);
        until("the call", || calls(&project).len() == n);
    }
    completed(&project, &task, "Three.");
    let inputs: Vec<Value> =
        ["1", "3"].map(|no| project.json(&["approval", "show", no])["request"]["input"].clone()).into();
    assert_eq!(inputs[0], inputs[1], "one spelling of one input");
}

#[test]
fn an_unused_approval_is_found_by_a_later_run() {
    let project = asking(60, json!({ "daemon": { "max_attempts": 3 } }));
    let task = submitted(&project, json!([{ "calls": ["touch made"] }, { "text": "Made." }]));
    let approval = pending(&project);
    // Everything dies while the agent waits, as with the machine.
    let running = project.task(&task);
    let agent = u32::try_from(running["pid"].as_u64().unwrap()).unwrap();
    let shim = std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap();
    let shim: u32 = shim.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    project.kill_daemon();
    for pid in [shim, agent] {
        crate::support::kill(pid, rustix::process::Signal::KILL);
    }
    start(&project, 60);
    // The new agent makes the same call, and waits for the same approval.
    until("another agent", || project.read(".stand-in-runs").lines().count() == 2);
    decide(&project, "approve", &approval);
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project), ["touch made"]);
    assert_eq!(project.json(&["approval", "list"]), json!([]));
}

#[test]
fn no_crash_loses_or_doubles_a_permission() {
    let project = asking(4, json!({}));
    let task = submitted(&project, again("echo once"));
    // While it waits in its place.
    let approval = pending(&project);
    crash(&project, 4);
    // While it is put off.
    put_off(&project, &task);
    crash(&project, 4);
    put_off(&project, &task);
    assert_eq!(pending(&project)["id"], approval["id"]);
    // Approved, and perhaps on its way.
    decide(&project, "approve", &approval);
    crash(&project, 4);
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project), ["echo once"]);
    crash(&project, 4);
    assert_eq!(project.json(&["approval", "list"]), json!([]));
    assert_eq!(project.json(&["approval", "show", "1"])["state"], "approved");
}

#[test]
fn of_several_calls_in_a_message_one_is_put_off_at_a_time() {
    let project = asking(1, json!({}));
    let two = json!({ "calls": ["echo one", "echo two"] });
    let task = submitted(&project, json!([two, two, { "calls": ["echo two"] }, { "text": "Both." }]));
    put_off(&project, &task);
    let listed = until_some("both approvals", || {
        let listed = project.json(&["approval", "list"]);
        (listed.as_array().unwrap().len() == 2).then_some(listed)
    });
    assert!(project.read(".hooks").contains("one at a time"));
    // It waits for both decisions.
    decide(&project, "approve", &listed[0]);
    assert_eq!(project.task(&task)["waiting"], "approval");
    decide(&project, "approve", &listed[1]);
    completed(&project, &task, "Both.");
    assert_eq!(calls(&project), ["echo one", "echo two"]);
}

#[test]
fn a_rule_that_asks_whatever_a_hook_says_is_asked_for_once() {
    let project = asking(1, json!({}));
    let call = json!({ "calls": [{ "input": "echo x", "ask": true }] });
    // The third call is another one, though it is the same: it needs an approval of its own.
    let task = submitted(&project, json!([call, call, call, { "text": "Made." }]));
    put_off(&project, &task);
    decide(&project, "approve", &pending(&project));
    let second = pending(&project);
    assert_eq!((&second["id"], calls(&project).len()), (&json!("approval-0002"), 1));
    decide(&project, "reject", &second);
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project), ["echo x"]);
}

#[test]
fn a_subagent_is_not_put_off() {
    let project = asking(1, json!({}));
    let call = json!({ "calls": [{ "input": "echo x", "sub": true }] });
    let task = submitted(&project, json!([call, call, { "calls": ["echo x"] }, { "text": "Made." }]));
    put_off(&project, &task);
    let hooks = project.read(".hooks");
    assert_eq!(hooks.lines().filter(|line| line.contains("You cannot wait for it")).count(), 2, "{hooks}");
    decide(&project, "approve", &pending(&project));
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project), ["echo x"]);
}

#[test]
fn an_approval_that_comes_after_the_refusal_serves_the_next_call() {
    let project = asking(1, json!({}));
    let call = json!({ "calls": ["echo x"] });
    let task = submitted(
        &project,
        json!([call, { "calls": [{ "input": "until [ -e go ]; do sleep 0.05; done", "free": true }] }, call, { "text": "Made." }]),
    );
    let approval = pending(&project);
    until("the refusal", || project.read(".hooks").contains("has not decided yet"));
    decide(&project, "approve", &approval);
    std::fs::write(project.file("go"), "").unwrap();
    completed(&project, &task, "Made.");
    assert_eq!(calls(&project).last().unwrap(), "echo x");
    assert_eq!(project.read(".stand-in-runs").lines().count(), 1);
}

#[test]
fn nobody_decides_in_the_time_of_the_task() {
    let project = asking(60, json!({}));
    let approval = json!({ "timeout_minutes": 0.02, "on_timeout": "approve" });
    let params = json!({ "prompt": script(json!([{ "calls": ["touch made"] }, { "text": "Not made." }])), "approval": approval });
    let task = project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned();
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["reason"]), (&json!("completed"), &json!("refused")), "{ended}");
    // What lets the task start does not let its agent do anything.
    assert!(calls(&project).is_empty());
    let second = project.json(&["approval", "show", "2"]);
    assert_eq!(
        (&second["kind"], &second["state"], &second["onTimeout"]),
        (&json!("permission"), &json!("timeout"), &json!("reject"))
    );
}

#[test]
fn the_time_of_a_task_does_not_run_while_it_waits_for_a_person() {
    // Nor is an agent that waits taken for one that hangs.
    let daemon = json!({ "stall_minutes": 0.1, "stalled_tasks": "end" });
    let project = asking(600, json!({ "daemon": daemon }));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let ask = format!("{aiwg} ask Really? >answer");
    let steps = json!([{ "calls": ["touch made"] }, { "calls": [{ "input": ask, "free": true }] }, { "text": "Made." }]);
    let params = json!({ "prompt": script(steps), "timeoutMinutes": 0.1 });
    let task = project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned();
    let permission = pending(&project);
    // Longer than all its time, and the daemon is lost meanwhile.
    let wait = || std::thread::sleep(std::time::Duration::from_millis(4000));
    wait();
    crash(&project, 600);
    wait();
    assert_eq!(project.task(&task)["state"], "running");
    decide(&project, "approve", &permission);
    until("the question", || project.json(&["approval", "list"])[0]["kind"] == "question");
    wait();
    wait();
    project.json(&["approval", "answer", "2", "yes"]);
    completed(&project, &task, "Made.");
    assert_eq!(project.read("answer"), "yes\n");
    assert_eq!(project.json(&["event", "list", "task:stalled"]), json!([]));
    // Once nobody is waited for, it runs.
    let steps = json!([{ "calls": [{ "input": "sleep 1000", "free": true }] }]);
    let params = json!({ "prompt": script(steps), "timeoutMinutes": 0.01 });
    let task = project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned();
    assert_eq!(project.ended(&task)["state"], "timeout");
}

#[test]
fn a_person_allows_such_calls_for_good() {
    let project = asking(60, json!({ "daemon": { "agents_may": ["default", "approval.get"] } }));
    let settings = ".claude/settings.local.json";
    std::fs::create_dir(project.file(".claude")).unwrap();
    std::fs::write(project.file(settings), r#"{"model": "opus", "permissions": {"allow": ["Read"]}}"#)
        .unwrap();
    // An agent tries to, by the command.
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let attempt = format!("{aiwg} approval approve 1 --always --yes >tried 2>&1");
    let both = json!([{ "calls": ["echo 'a (b)'"] }, { "text": "Made." }]);
    let task = submitted(&project, both);
    let approval = pending(&project);
    let other =
        submitted(&project, json!([{ "calls": [{ "input": attempt, "free": true }] }, { "text": "Tried." }]));
    completed(&project, &other, "Tried.");
    assert!(project.read("tried").contains("a person decides"), "{}", project.read("tried"));
    assert!(!project.read(settings).contains("echo"));
    let always =
        |options: &[&str]| project.run(&[&["approval", "approve", "1", "--always"], options].concat());
    // Nobody confirms it.
    let asked = always(&[]);
    assert_eq!(asked.code, 2, "{}", asked.err);
    assert!(!asked.err.contains("llowed for good"), "{}", asked.err);
    assert!(
        asked.err.contains("Bash(echo 'a (b)')") && asked.err.contains("settings.local.json"),
        "{}",
        asked.err
    );
    assert_eq!(pending(&project)["id"], approval["id"]);
    // A link leads to the settings of another project.
    std::fs::rename(project.file(settings), project.file("other.json")).unwrap();
    std::os::unix::fs::symlink("../other.json", project.file(settings)).unwrap();
    let linked = always(&["--yes"]);
    assert!(linked.code == 1 && linked.err.contains("by a link"), "{}", linked.err);
    std::fs::rename(project.file("other.json"), project.file(settings)).unwrap();
    let done = always(&["--yes"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("allowed for good"), "{}", done.err);
    completed(&project, &task, "Made.");
    let written: Value = serde_json::from_str(&project.read(settings)).unwrap();
    assert_eq!(
        written,
        json!({ "model": "opus", "permissions": { "allow": ["Read", "Bash(echo 'a (b)')"] } })
    );
    // A rule that would mean more is none.
    submitted(&project, json!([{ "calls": ["echo *"] }, { "text": "Made." }]));
    until("another approval", || project.json(&["approval", "list"])[0]["id"] == "approval-0002");
    let wide = project.run(&["approval", "approve", "2", "--always", "--yes"]);
    assert!(wide.code == 1 && wide.err.contains("stands for any text"), "{}", wide.err);
    assert_eq!(project.json(&["approval", "list"])[0]["id"], "approval-0002");
    let again = project.run(&["approval", "approve", "1", "--always", "--yes"]);
    assert!(again.code == 1 && again.err.contains("waits for a decision"), "{}", again.err);
}
