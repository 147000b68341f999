//! The rights of agents.

use serde_json::{Value, json};

use crate::support::{Project, until};

/// Result of a command that was called by an agent.
fn by_agent(project: &Project, words: &str) -> Value {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    project.ended(&project.submit(&format!("{aiwg} {words} --json 2>&1")))
}

fn is_refused(task: &Value) -> bool {
    task["state"] == "failed" && task["result"].as_str().is_some_and(|said| said.contains("not_allowed"))
}

#[test]
fn what_a_person_decides_no_agent_does() {
    let project = Project::started(json!({
        "rules": [Project::rule("r", "a:b", "do: true")],
        "schedule": { "jobs": [{ "name": "check", "cron": "0 0 1 1 *", "action": "health-check" }] }
    }));
    for words in [
        "daemon stop",
        "daemon restart",
        "daemon reload",
        "automation enable",
        "automation disable",
        "automation enable --rule r",
        "schedule run check",
    ] {
        let task = by_agent(&project, words);
        assert!(is_refused(&task), "{words}: {task}");
    }
    assert_eq!(project.json(&["automation", "status"])["enabled"], true);
    // It says who may, and how agents may.
    let said = by_agent(&project, "daemon reload")["result"].as_str().unwrap().to_owned();
    assert!(said.contains("daemon.agents_may") && said.contains("from outside"), "{said}");
    // What agents are there for they may.
    for words in
        ["event emit a:b", "task list", "daemon status", "automation status", "daemon logs", "schedule list"]
    {
        let task = by_agent(&project, words);
        assert_eq!(task["state"], "completed", "{words}: {task}");
    }
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
}

#[test]
fn what_the_configuration_allows_agents_may_and_no_more() {
    let project = Project::started(json!({ "daemon": { "agents_may": ["daemon.reload", "own:task.*"] } }));
    assert_eq!(by_agent(&project, "daemon reload")["state"], "completed");
    assert!(is_refused(&by_agent(&project, "event emit a:b")));
    assert!(is_refused(&by_agent(&project, "task submit x")));
}

#[test]
fn an_agent_cancels_what_came_of_it_and_nothing_else() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 10 } }));
    let others = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    for words in [format!("task cancel {others}"), format!("task retry {others}")] {
        let task = by_agent(&project, &words);
        assert!(is_refused(&task), "{words}: {task}");
    }
    // The forged name of the other task makes it no other agent.
    let forged = project.submit(&format!("AIWG_TASK_ID={others} {aiwg} task cancel {others} --json 2>&1"));
    assert!(is_refused(&project.ended(&forged)));
    // A child, and a child's child.
    std::fs::write(project.file("sleeps"), "sleep 1000").unwrap();
    std::fs::write(
        project.file("child"),
        format!("{aiwg} task submit 'do: . ./sleeps' --json >deep; sleep 1000"),
    )
    .unwrap();
    let parent = project.submit(&format!(
        "{aiwg} task submit 'do: . ./child' --json >near; until [ -s deep ]; do sleep 0.01; done; sleep 0.2; \
         for f in deep near; do {aiwg} task cancel $(grep -o 'task-[0-9]*' $f); done"
    ));
    let ended = project.ended(&parent);
    assert_eq!(ended["state"], "completed", "{ended}");
    assert_eq!(project.task(&others)["state"], "running");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended(&others)["state"], "completed");
    assert_eq!(project.json(&["task", "stats"])["cancelled"], 2);
}

#[test]
fn an_agent_sets_no_variable_that_was_not_named() {
    let project = Project::started(json!({}));
    for variable in ["LD_PRELOAD=/tmp/evil.so", "NODE_OPTIONS=--require=/tmp/evil.js", "HARMLESS=1"] {
        let task = by_agent(&project, &format!("task submit x --env {variable}"));
        assert!(is_refused(&task), "{variable}: {task}");
    }
    // A person may set any.
    let done = project.run(&[
        "task",
        "submit",
        "do: test \"$NODE_OPTIONS\" = x",
        "--env",
        "NODE_OPTIONS=x",
        "--wait",
    ]);
    assert_eq!(done.code, 0, "{}", done.err);

    let project = Project::started(json!({ "daemon": { "agents_env": ["TEST_*", "*", "PATH"] } }));
    let submitted = |variable: &str| by_agent(&project, &format!("task submit 'do: true' --env {variable}"));
    assert_eq!(submitted("TEST_DB=1")["state"], "completed");
    assert_eq!(submitted("PATH=$PATH")["state"], "completed");
    assert!(is_refused(&submitted("LD_PRELOAD=x")));
    until("the end", || project.json(&["task", "stats"])["running"] == 0);
}

#[test]
fn what_an_agent_says_in_a_conversation_is_marked() {
    let project = Project::started(json!({}));
    let sent = by_agent(&project, "chat send 'do: echo heard' --conversation c");
    assert_eq!(sent["state"], "completed", "{sent}");
    project.json(&["chat", "send", "do: cat >seen", "--conversation", "c"]);
    let turns = || project.wire().call("chat.history", json!({ "conversation": "c" }));
    until("both turns", || {
        turns().as_array().is_some_and(|turns| {
            turns.len() == 2
                && turns.iter().all(|turn| turn["state"] != "queued" && turn["state"] != "running")
        })
    });
    let turns = turns();
    assert_eq!((&turns[0]["by"], &turns[1]["by"]), (&json!("agent"), &json!("user")));
}
