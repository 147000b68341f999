//! Requests to people: tasks that wait for an approval, questions of agents, and decisions.

use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

fn submitted(project: &Project, approval: Value) -> String {
    let params = json!({ "prompt": "Deploy\nto \u{1b}[2Jproduction", "approval": approval });
    project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned()
}

fn kind(project: &Project, method: &str, params: Value) -> Value {
    project.wire().try_call(method, params)["error"]["data"]["kind"].clone()
}

fn topics(project: &Project) -> Vec<String> {
    let events = project.json(&["event", "list", "approval:*"]);
    events.as_array().unwrap().iter().map(|event| event["topic"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_task_waits_until_a_person_has_approved_it() {
    let project = Project::started(json!({}));
    let task = submitted(&project, json!(true));
    let waiting = project.task(&task);
    assert_eq!((&waiting["state"], &waiting["waiting"]), (&json!("queued"), &json!("approval")), "{waiting}");
    let listed = project.json(&["approval", "list"]);
    let only = &listed.as_array().unwrap()[0];
    let members: Vec<&str> = only.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["id", "taskId", "kind", "summary", "requestedAt", "expiresAt"]);
    assert_eq!((&only["id"], &only["taskId"]), (&json!("approval-0001"), &json!(task)));
    assert_eq!((&only["kind"], &only["expiresAt"]), (&json!("task"), &Value::Null));
    assert_eq!(only["summary"], "Deploy to \\u{1b}[2Jproduction");
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["approvals"], json!({ "pending": 1 }));
    let shown = project.run(&["daemon", "status"]).out;
    assert!(shown.contains("1 pending: aiwg approval list"), "{shown}");
    // Others go on meanwhile.
    assert_eq!(project.ended(&project.submit("true"))["state"], "completed");
    let approved = project.json(&["approval", "approve", "1", "--reason", "reviewed"]);
    let decision = &approved["decision"];
    assert_eq!(
        (&approved["state"], &decision["reason"]),
        (&json!("approved"), &json!("reviewed")),
        "{approved}"
    );
    assert_eq!((&decision["by"]["via"], &decision["by"]["program"]), (&json!("cli"), &json!("aiwg")));
    assert_eq!(decision["by"]["uid"], rustix::process::geteuid().as_raw());
    assert_eq!(project.ended(&task)["state"], "completed");
    assert_eq!(topics(&project), ["approval:requested", "approval:approved"]);
    assert_eq!(project.json(&["daemon", "status"])["subsystems"]["approvals"]["pending"], 0);
    let show = project.run(&["approval", "show", "approval-0001"]).out;
    assert!(show.contains("approved by ") && show.contains("with the command, process "), "{show}");
}

#[test]
fn a_request_is_shown_as_it_is_to_the_last_character() {
    let project = Project::started(json!({}));
    let check = "true\nrm -rf x";
    project.json(&["task", "submit", "go on", "--approval", "--verify", check, "--env", "A=x\rB=y"]);
    let words = json!({ "prompt": "go on", "approval": true, "verify": { "command": ["echo", "a  b\nc"] } });
    project.wire().call("task.submit", words);

    let shown = [1, 2].map(|no| project.run(&["approval", "show", &no.to_string()]).out);

    // A blank in the place of a line end would be another check, and so would one blank for two.
    assert!(shown[0].contains("\nEnvironment:\n  A=x\\rB=y\n\nCheck:\n  true\n  rm -rf x\n"), "{}", shown[0]);
    assert!(shown[1].contains("\nCheck:\n  [\"echo\",\"a  b\\nc\"]\n"), "{}", shown[1]);
}

#[test]
fn the_first_decision_counts() {
    let project = Project::started(json!({}));
    let task = submitted(&project, json!(true));
    let id = json!({ "approvalId": "approval-0001", "reason": "not on a Friday" });
    let rejected = project.wire().call("approval.reject", id.clone());
    assert_eq!((&rejected["state"], &rejected["decision"]["by"]["via"]), (&json!("rejected"), &json!("sdk")));
    for method in ["approval.approve", "approval.reject"] {
        assert_eq!(kind(&project, method, id.clone()), "approval_decided", "{method}");
    }
    let again = project.run(&["approval", "approve", "1"]);
    assert_eq!(again.code, 1);
    assert!(
        again.err.contains("approval-0001 was rejected by ") && again.err.contains("first decision counts"),
        "{}",
        again.err
    );
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["reason"]), (&json!("cancelled"), &json!("rejected")), "{ended}");
    assert!(ended["error"].as_str().unwrap().contains("before it was started: not on a Friday"), "{ended}");
    assert_eq!(topics(&project), ["approval:requested", "approval:rejected"]);
    assert_eq!(project.json(&["approval", "list"]), json!([]));
    assert_eq!(project.json(&["approval", "list", "--state", "rejected"])[0]["id"], "approval-0001");
    for unknown in ["approval-0099", "nonsense", "approval-1"] {
        assert_eq!(kind(&project, "approval.get", json!({ "approvalId": unknown })), "approval_not_found");
    }
}

#[test]
fn words_of_the_node_daemon_are_understood() {
    let project = Project::started(json!({}));
    submitted(&project, json!(true));
    for word in ["gates", "gate"] {
        assert_eq!(project.json(&[word, "list"])[0]["id"], "approval-0001", "{word}");
    }
}

#[test]
fn nobody_decides_in_time() {
    let project = Project::started(json!({}));
    let soon = |on_timeout| json!({ "timeout_minutes": 0.001, "on_timeout": on_timeout });
    let rejected = submitted(&project, soon("reject"));
    let approved = submitted(&project, soon("approve"));
    let ended = project.ended(&rejected);
    assert_eq!((&ended["state"], &ended["reason"]), (&json!("cancelled"), &json!("rejected")), "{ended}");
    assert!(ended["error"].as_str().unwrap().contains("nobody approved it in time"), "{ended}");
    assert_eq!(project.ended(&approved)["state"], "completed");
    let events = project.json(&["event", "list", "approval:timeout"]);
    let counts: Vec<&Value> =
        events.as_array().unwrap().iter().map(|event| &event["payload"]["countsAs"]).collect();
    assert_eq!(counts, [&json!("reject"), &json!("approve")]);
    let late = project.wire().try_call("approval.approve", json!({ "approvalId": "approval-0001" }));
    assert_eq!(late["error"]["data"]["kind"], "approval_expired", "{late}");
    assert!(late["error"]["message"].as_str().unwrap().contains("expired at "), "{late}");
}

#[test]
fn approvals_and_their_times_survive_a_crash() {
    let project = Project::started(json!({}));
    let limits = json!({ "timeout_minutes": 0.05, "on_timeout": "reject" });
    let (timed, untimed) = (submitted(&project, limits), submitted(&project, json!(true)));
    assert!(project.task(&timed)["waitingUntil"].is_string());
    project.kill_daemon();
    project.start();
    assert_eq!(project.ended(&timed)["reason"], "rejected");
    assert_eq!(project.task(&untimed)["waiting"], "approval");
    project.json(&["approval", "approve", "2"]);
    project.kill_daemon();
    project.start();
    assert_eq!(project.ended(&untimed)["state"], "completed");
    assert_eq!(project.json(&["approval", "show", "2"])["state"], "approved");
}

#[test]
fn a_rules_tasks_wait_too_and_what_is_cancelled_is_withdrawn() {
    let mut rule = Project::rule("deploy", "release:made", "Deploy");
    rule["action"]["approval"] = json!({ "timeout_minutes": 60 });
    let project = Project::started(json!({ "rules": [rule] }));
    project.json(&["event", "emit", "release:made"]);
    let task = project.task("task-0001");
    assert_eq!((&task["waiting"], &task["state"]), (&json!("approval"), &json!("queued")));
    let shown = project.json(&["approval", "show", "1"]);
    assert_eq!(shown["request"], json!({ "prompt": "Deploy", "rule": "deploy", "event": 1 }));
    assert_eq!(shown["onTimeout"], "reject");
    assert!(shown["expiresAt"].is_string());
    project.json(&["task", "cancel", "task-0001"]);
    assert_eq!(project.json(&["approval", "show", "1"])["state"], "withdrawn");
    assert_eq!(
        kind(&project, "approval.approve", json!({ "approvalId": "approval-0001" })),
        "approval_expired"
    );
    // Asked for once more, a person is asked once more.
    let again = project.json(&["task", "retry", "task-0001"]);
    assert_eq!(project.task(again["taskId"].as_str().unwrap())["waiting"], "approval");
    assert_eq!(project.json(&["approval", "list"])[0]["id"], "approval-0002");
}

#[test]
fn another_prompt_is_asked_for_once_more() {
    let project = Project::started(json!({}));
    let task = submitted(&project, json!(true));
    project.json(&["task", "edit", &task, "--priority", "5"]);
    assert_eq!(project.json(&["approval", "list"])[0]["id"], "approval-0001");
    project.json(&["task", "edit", &task, "--prompt", "Delete everything"]);
    assert_eq!(project.json(&["approval", "show", "1"])["state"], "withdrawn");
    let listed = project.json(&["approval", "list"]);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["summary"]),
        (&json!("approval-0002"), &json!("Delete everything"))
    );
    project.json(&["approval", "approve", "2"]);
    assert_eq!(project.ended(&task)["state"], "completed");
}

#[test]
fn what_agents_add_is_approved_as_well() {
    let mut rule = Project::rule("dep", "deploy:*", "do: touch started; sleep 1000");
    rule["action"]["approval"] = json!(true);
    let project = Project::started(json!({ "rules": [rule] }));
    let path = with_command(&project);
    project.submit(&format!(
        "{path}aiwg event emit deploy:x; aiwg task send 2 'also do evil'; touch asked; \
         until [ -e started ]; do sleep 0.01; done; aiwg task send 2 'and more' >late 2>&1; touch tried; sleep 1000"
    ));
    until("the agent's message", || project.file("asked").exists());
    // What was asked for before is no longer asked for, and nobody can approve it.
    assert_eq!(project.json(&["approval", "show", "1"])["state"], "withdrawn");
    let listed = project.json(&["approval", "list"]);
    assert_eq!(listed[0]["id"], "approval-0002");
    let summary = listed[0]["summary"].as_str().unwrap();
    assert!(summary.ends_with("and the message of the agent of task-0001: also do evil"), "{summary}");
    let request = &project.json(&["approval", "show", "2"])["request"];
    assert_eq!(request["messages"], json!([{ "text": "also do evil", "from": "task-0001" }]), "{request}");
    assert!(request["event"].is_u64(), "{request}");
    let shown = project.run(&["approval", "show", "2"]).out;
    assert!(shown.contains("Message from the agent of task-0001:\n  also do evil"), "{shown}");
    assert_eq!(project.task("task-0002")["waiting"], "approval");
    project.json(&["approval", "approve", "2"]);
    // While it runs as it was approved, no agent adds to that; a person may.
    until("the agent's other message", || project.file("tried").exists());
    let late = project.read("late");
    assert!(late.contains("a person has approved what task-0002 is asked"), "{late}");
    project.json(&["task", "send", "2", "thank you"]);
    assert_eq!(project.json(&["approval", "list"]), json!([]));
}

#[test]
fn a_message_to_an_approved_task_that_waits_is_asked_for_once_more() {
    let project = Project::started(json!({}));
    let params = json!({ "prompt": "Deploy", "approval": true, "delay": "1h" });
    let task = project.wire().call("task.submit", params)["taskId"].as_str().unwrap().to_owned();
    project.json(&["approval", "approve", "1"]);
    assert_eq!(project.task(&task)["waiting"], "delay");
    project.json(&["task", "send", &task, "to production"]);
    project.json(&["task", "release", &task]);
    assert_eq!(project.task(&task)["waiting"], "approval");
    project.json(&["approval", "approve", "2"]);
    assert_eq!(project.ended(&task)["state"], "completed");
}

#[test]
fn all_that_decides_what_a_task_does_is_shown() {
    let project = Project::started(json!({ "lanes": { "docs": {} } }));
    let submitted = project.run(&[
        "task",
        "submit",
        "do: true",
        "--approval",
        "--env",
        "LD_PRELOAD=/tmp/a.so",
        "--lane",
        "docs",
        "--agent",
        "me",
        "--verify",
        "make test",
    ]);
    let expected = "task-0001 is queued, and waits until a person decides. \
                    Next: aiwg approval approve approval-0001, aiwg approval reject approval-0001\n";
    assert_eq!(submitted.out, expected, "{}", submitted.err);
    let shown = project.run(&["approval", "show", "1"]).out;
    for fact in ["LD_PRELOAD=/tmp/a.so", "docs", "make test", "me"] {
        assert!(shown.lines().any(|line| line.trim_end().ends_with(fact)), "{fact}: {shown}");
    }
    let long = json!({ "prompt": format!("{}evil", "x".repeat(5000)), "approval": true });
    project.wire().call("task.submit", long);
    assert_eq!(project.json(&["approval", "show", "2"])["request"]["cut"], true);
    let shown = project.run(&["approval", "show", "2"]).out;
    assert!(shown.contains("There is more of it than is shown here: aiwg task get task-0002"), "{shown}");
    let waits = project.run(&["task", "submit", "do: true", "--approval", "--wait", "--wait-timeout", "1"]);
    assert!(
        waits.err.contains("task-0003 waits until a person decides: aiwg approval approve"),
        "{}",
        waits.err
    );
}

#[test]
fn an_approval_that_is_gone_is_reported() {
    let project = Project::started(json!({}));
    let task = submitted(&project, json!(true));
    project.sql("DELETE FROM approval");
    let status = || project.json(&["daemon", "status"]);
    until("the health", || {
        status()["issues"].as_array().unwrap().iter().any(|issue| issue["kind"] == "approvals")
    });
    let issue = status()["issues"][0]["message"].as_str().unwrap().to_owned();
    assert!(issue.starts_with(&format!("{task} cannot start")), "{issue}");
    // By the way that it names a person is asked again.
    project.json(&["task", "cancel", &task]);
    project.json(&["task", "retry", &task]);
    assert_eq!(project.json(&["approval", "list"]).as_array().unwrap().len(), 1);
    until("the end of the issue", || status()["health"] == "healthy");
}

#[test]
fn what_is_no_approval_is_refused() {
    let project = Project::started(json!({}));
    for wrong in
        [json!("yes"), json!({ "timeout_minutes": 0 }), json!({ "on_timeout": "ask" }), json!({ "time": 1 })]
    {
        let answer = project.wire().try_call("task.submit", json!({ "prompt": "x", "approval": wrong }));
        assert_eq!(answer["error"]["data"]["kind"], "invalid_params", "{wrong}: {answer}");
    }
    let submitted = project.run(&["task", "submit", "x", "--approval", "--approval-timeout", "60"]);
    assert_eq!(submitted.code, 0, "{}", submitted.err);
    project.wire().call("task.submit", json!({ "prompt": "x", "approval": false }));
    assert_eq!(project.json(&["approval", "list"]).as_array().unwrap().len(), 1);
}

/// A script by which the agent asks, and keeps the answer.
fn asking(how: &str) -> String {
    format!("aiwg ask {how} >answer 2>said; echo $? >code")
}

fn with_command(project: &Project) -> String {
    // The agent's PATH is the daemon's: the command is called by where it is.
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_aiwg"));
    let link = project.file("bin/aiwg");
    std::fs::create_dir_all(project.file("bin")).unwrap();
    std::os::unix::fs::symlink(program, &link).unwrap();
    format!("PATH=\"{}:$PATH\"; ", project.file("bin").display())
}

fn pending(project: &Project) -> Value {
    until_some("a question", || project.json(&["approval", "list"]).as_array().unwrap().first().cloned())
}

#[test]
fn an_agent_asks_and_a_person_answers() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let path = with_command(&project);
    let task = project.submit(&format!("{path}{}", asking("'Which of the two?' --option A --option B")));
    let asked = pending(&project);
    assert_eq!((&asked["kind"], &asked["summary"]), (&json!("question"), &json!("Which of the two?")));
    assert_eq!(asked["taskId"], json!(task));
    // While it waits, the one slot is lent.
    assert_eq!(project.ended(&project.submit("true"))["state"], "completed");
    assert_eq!(project.task(&task)["state"], "running");
    let wrong = project.run(&["approval", "answer", "1", "C"]);
    assert!(
        wrong.code == 1 && wrong.err.contains("none of the answers to choose from: \"A\", \"B\""),
        "{}",
        wrong.err
    );
    let plain = project.run(&["approval", "approve", "1"]);
    assert!(plain.err.contains("aiwg approval answer 1 TEXT"), "{}", plain.err);
    let answered = project.run(&["approval", "answer", "1", "B"]);
    assert!(answered.out.contains("approval-0001 is answered"), "{}{}", answered.out, answered.err);
    assert_eq!(project.ended(&task)["state"], "completed");
    assert_eq!((project.read("answer").trim(), project.read("code").trim()), ("B", "0"));
}

#[test]
fn a_question_is_not_asked_twice_and_may_be_refused_or_expire() {
    let project = Project::started(json!({}));
    let path = with_command(&project);
    // The wait is cut off, and the daemon restarts: the question stays, and the answer comes when it is asked again.
    let cut = format!(
        "{path}timeout 0.5 aiwg ask Name?; until [ -e go ]; do sleep 0.01; done; {}",
        asking("Name?")
    );
    let task = project.submit(&cut);
    assert_eq!(pending(&project)["id"], "approval-0001");
    project.kill_daemon();
    project.start();
    project.json(&["approval", "answer", "1", "Ada"]);
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&task)["state"], "completed");
    assert_eq!((project.read("answer").trim(), project.read("code").trim()), ("Ada", "0"));
    let task = project.submit(&format!("{path}{}", asking("Why?")));
    pending(&project);
    project.json(&["approval", "reject", "2", "--reason", "find out yourself"]);
    project.ended(&task);
    assert_eq!((project.read("answer").as_str(), project.read("code").trim()), ("", "1"));
    assert!(
        project.read("said").contains("declined to answer: find out yourself"),
        "{}",
        project.read("said")
    );
    let task = project.submit(&format!("{path}{}", asking("When? --timeout 0.1")));
    project.ended(&task);
    assert_eq!(project.read("code").trim(), "124", "{}", project.read("said"));
}

#[test]
fn an_answer_is_printed_as_it_was_given() {
    let project = Project::started(json!({}));
    let path = with_command(&project);
    let task = project.submit(&format!("{path}{}", asking("'Which text?'")));
    pending(&project);
    let answer = "two\nlines\tand \u{1b}[31mred\u{1b}[0m";
    project.wire().call("approval.answer", json!({ "approvalId": "approval-0001", "answer": answer }));
    project.ended(&task);
    assert_eq!(project.read("answer"), format!("{answer}\n"));
}

#[test]
fn only_an_agent_can_ask() {
    let project = Project::started(json!({}));
    let done = project.run(&["ask", "Who?"]);
    assert!(done.code == 1 && done.err.contains("is for the agent of a task"), "{}", done.err);
    assert_eq!(project.json(&["approval", "list"]), json!([]));
}

#[test]
fn a_question_goes_with_its_task() {
    let project = Project::started(json!({}));
    let path = with_command(&project);
    let task = project.submit(&format!("{path}{}", asking("Where?")));
    pending(&project);
    project.json(&["task", "cancel", &task]);
    until("the end of the question", || project.json(&["approval", "list"]) == json!([]));
    assert_eq!(project.json(&["approval", "show", "1"])["state"], "withdrawn");
}

#[test]
fn a_retry_of_what_a_person_approves_says_who_decides() {
    let project = Project::started(json!({}));
    project.wire().call("task.submit", json!({ "prompt": "x", "approval": true }));
    project.json(&["approval", "reject", "1"]);
    let again = project.run(&["task", "retry", "1"]);
    assert!(again.out.contains("aiwg approval approve approval-0002"), "{} {}", again.out, again.err);
}
