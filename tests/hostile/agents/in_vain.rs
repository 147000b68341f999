//! Agents that wait for what can never come.

use serde_json::json;

use crate::support::{Project, until, until_some};

#[test]
fn an_agent_does_not_wait_for_itself() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = Project::started(json!({}));
    for words in [
        "task wait $AIWG_TASK_ID",
        "task submit 'do: true' --after $AIWG_TASK_ID --wait",
        // By way of another one.
        "task submit 'do: true' --after $(cat after) --wait",
    ] {
        let after = format!(
            "{aiwg} task submit 'do: true' --after $AIWG_TASK_ID --json | grep -o 'task-[0-9]*' >after"
        );
        let task = project.ended(&project.submit(&format!("{after}; {aiwg} {words} --json 2>&1")));
        let said = task["result"].as_str().unwrap();
        assert_eq!(task["state"], "failed", "{words}: {task}");
        assert!(said.contains("invalid_params") && said.contains("taskId"), "{words}: {said}");
    }
    // What is after its own end may still be submitted, and what is not its own be waited for.
    let fine =
        format!("{aiwg} task submit 'do: true' --after $AIWG_TASK_ID; {aiwg} task submit 'do: true' --wait");
    assert_eq!(project.ended(&project.submit(&fine))["state"], "completed");
}

#[test]
fn that_agents_wait_for_each_other_is_said() {
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let project = Project::started(json!({
        "daemon": { "max_parallel_actions": 2 },
        "schedule": { "jobs": [{ "name": "check", "cron": "0 0 1 1 *", "action": "health-check" }] }
    }));
    let waits = |other: &str| format!("until [ -e go ]; do sleep 0.01; done; {aiwg} task wait {other}");
    let one = project.submit(&waits("task-0002"));
    let other = project.submit(&waits("task-0001"));
    std::fs::write(project.file("go"), "").unwrap();
    let found = || {
        project.json(&["schedule", "run", "check"]);
        let check = project.json(&["daemon", "status"])["health_check"].clone();
        let checks = check["checks"].as_array()?;
        let queue = checks.iter().find(|check| check["name"] == "queue")?;
        (queue["ok"] == false).then(|| queue["message"].as_str().unwrap().to_owned())
    };
    let said = until_some("that it is said", found);
    assert!(said.contains(&one) && said.contains(&other) && said.contains("wait for each other"), "{said}");
    // As it says.
    project.json(&["task", "cancel", &one]);
    until("the other one", || project.task(&other)["state"] != "running");
}
