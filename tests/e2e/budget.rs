//! Budgets on the command line, and what agents may not decide.

use serde_json::json;

use crate::support::{Project, until};

#[test]
fn what_was_spent_and_what_is_left_is_shown() {
    let project = Project::started(json!({
        "rules": [Project::rule("dear", "a:b", "do: true")],
        "budget": { "day_usd": 2, "task_usd": 1, "unknown_cost_usd": 0.5, "rules": { "dear": { "day_usd": 1 } } }
    }));
    project.ended(&project.submit("true"));
    let shown = project.run(&["budget"]).out;
    for part in ["$0.50 spent", "Each task: $1.00", "day, rule dear", "no rule", "default agent", "1.5000"] {
        assert!(shown.contains(part), "{part:?} is not in {shown}");
    }
    assert_eq!(project.json(&["budget"])["bounds"][0]["leftUsd"], 1.5);
    let status = project.run(&["daemon", "status"]).out;
    assert!(status.contains("BUDGET") && status.contains("day, rule dear"), "{status}");
}

#[test]
fn agents_cannot_ignore_the_budget() {
    let project = Project::started(json!({ "budget": { "day_usd": 1, "unknown_cost_usd": 0.3 } }));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let refused =
        project.ended(&project.submit(&format!("{aiwg} task submit x --ignore-budget --json 2>&1")));
    let said = refused["result"].as_str().unwrap();
    assert_eq!(refused["state"], "failed");
    assert!(said.contains("not_allowed") && said.contains("ignoreBudget"), "{said}");
    let by_person = project.run(&["task", "submit", "do: test -e go", "--ignore-budget", "--json"]).out;
    let id = serde_json::from_str::<serde_json::Value>(&by_person).unwrap()["taskId"].clone();
    project.ended(id.as_str().unwrap());
    assert_eq!(project.json(&["budget"])["bounds"][0]["spentUsd"], 0.6);
}

#[test]
fn an_agent_that_waits_for_a_task_which_its_own_share_keeps_back_is_said_in_the_health() {
    let project = Project::started(json!({
        "budget": { "day_usd": 1, "unknown_cost_usd": 0.6 },
        "schedule": { "jobs": [{ "name": "check", "cron": "0 0 1 1 *", "action": "health-check" }] }
    }));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let parent = project.submit(&format!("{aiwg} task submit x --wait"));
    until("the child to wait", || {
        project.json(&["task", "list"]).as_array().unwrap().iter().any(|task| task["waiting"] == "budget")
    });
    let check = || {
        project.json(&["schedule", "run", "check"]);
        project.json(&["daemon", "status"])["health_check"].to_string()
    };
    until("the health check", || {
        let said = check();
        said.contains(&parent) && said.contains("task-0002") && said.contains("--ignore-budget")
    });
    // Without a check as well, and where either of the two is looked at.
    let issue = || {
        let status = project.json(&["daemon", "status"]);
        let issues = status["issues"].as_array().unwrap();
        issues.iter().find(|issue| issue["kind"] == "waits").map(|issue| issue["message"].to_string())
    };
    let said = issue().expect("the issue");
    assert!(said.contains("the agent of task-0001 waits for task-0002, which a budget keeps"), "{said}");
    assert_eq!(project.task(&parent)["waitsFor"], json!(["task-0002"]));
    let shown = project.run(&["task", "get", &parent]).out;
    assert!(
        shown.contains("Waits for  task-0002: queued, until a budget allows it, or a new day"),
        "{shown}"
    );
    let why = project.run(&["why", "task-0002"]).out;
    assert!(why.contains("waits until task-0002 has ended, as its agent asks"), "{why}");
    let kept = "waits until a budget allows it: `aiwg budget`; the agent of task-0001 waits for it, and keeps a share meanwhile: raise the \
                bound, cancel one of them, or submit it with --ignore-budget";
    assert!(why.contains(kept), "{why}");
    // Any other that runs may free what is missing.
    let other = "do: while [ ! -e go ]; do sleep 0.02; done";
    let other = project.json(&["task", "submit", other, "--ignore-budget"]);
    until("that it is well", || issue().is_none());
    std::fs::write(project.file("go"), "").unwrap();
    project.ended(other["taskId"].as_str().unwrap());
    until("that it is not", || issue().is_some());
    project.run(&["task", "cancel", "task-0002"]);
    project.ended(&parent);
    assert_eq!((issue(), project.task(&parent)["waitsFor"].clone()), (None, json!(null)));
}
