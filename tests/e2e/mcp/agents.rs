//! Agents of the daemon as clients: what they are offered, what they may do, and how they reach a person.

use serde_json::{Value, json};

use crate::support::{Project, until_some};

/// A shell script of an agent that sends these calls, and lets its server run until the file `done` is there. The answers are in `answers`.
fn calling(calls: &[(&str, Value)], options: &str) -> String {
    let me = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "agent", "version": "1" } });
    let initialize = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": me });
    let list = json!({ "jsonrpc": "2.0", "id": "tools", "method": "tools/list" });
    let call = |(id, (name, arguments)): (usize, &(&str, Value))| json!({ "jsonrpc": "2.0", "id": id + 1, "method": "tools/call", "params": { "name": name, "arguments": arguments } });
    let calls = calls.iter().enumerate().map(call);
    let lines: Vec<String> =
        [initialize, list].into_iter().chain(calls).map(|line| format!("'{line}'")).collect();
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    format!(
        "(printf '%s\\n' {}; while [ ! -e done ]; do sleep 0.1; done) | '{aiwg}' mcp {options} > answers",
        lines.join(" ")
    )
}

/// The answer with this id, once it is there.
fn answer(project: &Project, id: Value) -> Value {
    let found = || {
        let text = project.read("answers");
        let mut lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.find(|line| line["id"] == id)
    };
    until_some(&format!("the answer {id}"), found)
}

fn tools(project: &Project) -> Vec<String> {
    let listed = answer(project, json!("tools"))["result"]["tools"].clone();
    listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

fn pending(project: &Project) -> Value {
    until_some("an approval", || project.json(&["approval", "list"]).as_array().unwrap().first().cloned())
}

#[test]
fn a_person_permits_the_use_of_a_tool_exactly_as_it_was_shown() {
    let project = Project::started(json!({}));
    let input = json!({ "command": "git push", "description": "Push" });
    let uses = |id: &str| json!({ "tool_name": "Bash", "input": input, "tool_use_id": id });
    let calls = [
        ("permission_prompt", uses("toolu_01")),
        ("permission_prompt", json!({ "tool_name": "Write", "input": {} })),
        ("permission_prompt", json!({ "tool_name": "Write" })),
        ("permission_prompt", json!({ "tool_name": "Write", "input": "rm -rf /" })),
    ];
    let task = project.submit(&calling(&calls, ""));
    let listed = until_some("two approvals", || {
        Some(project.json(&["approval", "list"])).filter(|list| list.as_array().unwrap().len() == 2)
    });
    for approval in listed.as_array().unwrap() {
        assert_eq!((&approval["kind"], &approval["taskId"]), (&json!("permission"), &json!(task)));
        let verb =
            if approval["summary"].as_str().unwrap().starts_with("Bash: ") { "approve" } else { "reject" };
        project.json(&["approval", verb, approval["id"].as_str().unwrap(), "--reason", "seen"]);
    }
    let said = |id: u32| {
        let text = answer(&project, json!(id))["result"]["content"][0]["text"].as_str().unwrap().to_owned();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    assert_eq!(said(1), json!({ "behavior": "allow", "updatedInput": input }));
    let denied = said(2);
    assert_eq!(denied["behavior"], "deny");
    assert!(denied["message"].as_str().unwrap().contains("seen"), "{denied}");
    // Nobody is asked about what cannot be shown.
    for id in [3, 4] {
        let denied = said(id);
        assert_eq!(denied["behavior"], "deny");
        assert!(denied["message"].as_str().unwrap().contains("\"input\""), "{denied}");
    }
    std::fs::write(project.file("done"), "").unwrap();
    assert_eq!(project.ended(&task)["state"], "completed");
}

#[test]
fn a_question_waits_for_its_answer_also_over_a_crash_of_the_daemon() {
    let project = Project::started(json!({}));
    let question = json!({ "question": "Which of the two?", "options": ["SQLite", "PostgreSQL"] });
    let task = project.submit(&calling(&[("ask", question)], ""));
    assert_eq!(pending(&project)["kind"], "question");
    project.kill_daemon();
    project.start();
    let approval = pending(&project);
    project.json(&["approval", "answer", approval["id"].as_str().unwrap(), "SQLite"]);
    let outcome = answer(&project, json!(1))["result"]["structuredContent"].clone();
    assert_eq!((&outcome["state"], &outcome["answer"]), (&json!("approved"), &json!("SQLite")), "{outcome}");
    std::fs::write(project.file("done"), "").unwrap();
    project.ended(&task);
}

#[test]
fn an_agent_has_its_rights_whatever_it_asks_for() {
    let project = Project::started(json!({}));
    let id =
        project.wire().call("task.submit", json!({ "prompt": "Deploy", "approval": true }))["taskId"].clone();
    let approve = json!({ "approvalId": "approval-0001" });
    let calls = [
        ("task_submit", json!({ "prompt": "do: true" })),
        ("approval_approve", approve),
        ("automation_disable", json!({})),
        ("task_cancel", json!({ "taskId": id })),
    ];
    let task = project.submit(&calling(&calls, "--tools all"));
    let tools = tools(&project);
    let has = |name: &str| tools.iter().any(|tool| tool == name);
    assert!(has("ask") && has("permission_prompt") && has("task_cancel") && has("automation_disable"));
    assert!(!has("approval_approve") && !has("approval_reject") && !has("approval_answer"));
    let child = answer(&project, json!(1))["result"]["structuredContent"]["taskId"].clone();
    let cause = project.json(&["why", child.as_str().unwrap()]);
    assert!(cause.to_string().contains(&task), "{cause}");
    assert!(answer(&project, json!(2))["error"]["message"].as_str().unwrap().contains("unknown tool"));
    for id in [3, 4] {
        let refused = answer(&project, json!(id))["result"].clone();
        let text = refused["content"][0]["text"].as_str().unwrap();
        assert!(refused["isError"] == true && text.starts_with("not_allowed: "), "{refused}");
    }
    assert_eq!(project.json(&["approval", "list"]).as_array().unwrap().len(), 1);
    std::fs::write(project.file("done"), "").unwrap();
    project.ended(&task);
}

#[test]
fn a_chain_through_tools_ends_where_every_chain_does() {
    let project = Project::started(json!({ "daemon": { "max_task_depth": 1 } }));
    let task = project.submit(&calling(&[("task_submit", json!({ "prompt": "do: true" }))], ""));
    let refused = answer(&project, json!(1))["result"].clone();
    let text = refused["content"][0]["text"].as_str().unwrap();
    assert!(refused["isError"] == true && text.starts_with("chain_too_deep: "), "{refused}");
    std::fs::write(project.file("done"), "").unwrap();
    project.ended(&task);
}
