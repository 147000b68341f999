//! Many tasks at once: all of what is asked for, and what hangs on it.

use serde_json::{Value, json};

use crate::support::{Project, Wire};

const ONE_SLOT: &str = r#"{ "daemon": { "max_parallel_actions": 1 } }"#;

fn started() -> Project {
    Project::started(serde_json::from_str(ONE_SLOT).unwrap())
}

fn after(project: &Project, prompt: &str, other: &str) -> String {
    let submitted = project.json(&["task", "submit", prompt, "--after", other]);
    submitted["taskId"].as_str().unwrap().to_owned()
}

fn ids(tasks: &Value) -> Vec<&str> {
    tasks.as_array().unwrap().iter().map(|task| task["taskId"].as_str().unwrap()).collect()
}

#[test]
fn a_queue_is_cancelled_in_one_step() {
    let project = started();
    let running = project.submit("sleep 1000");
    let first = project.submit("true");
    let waiting = after(&project, "do: true", &first);
    let mut wire = project.wire();
    let cancelled = wire.call("task.cancelMany", json!({ "state": "queued" }));
    assert_eq!(ids(&cancelled["tasks"]), [&first, &waiting]);
    assert_eq!(cancelled["tasks"][1], json!({ "taskId": waiting, "cancelled": true, "state": "cancelled" }));
    assert_eq!(cancelled["more"], false);
    let named = wire.call("task.cancelMany", json!({ "taskIds": [running, first] }));
    assert_eq!(named["tasks"][0], json!({ "taskId": running, "cancelled": true, "state": "running" }));
    assert_eq!(named["tasks"][1], json!({ "taskId": first, "cancelled": false, "state": "cancelled" }));
    assert_eq!(project.ended(&running)["state"], "cancelled");
}

#[test]
fn one_unknown_name_cancels_none_and_nothing_said_is_not_all() {
    let project = started();
    let running = project.submit("sleep 1000");
    let mut wire = project.wire();
    let refused = wire.try_call("task.cancelMany", json!({ "taskIds": [running, "task-9999"] }));
    assert_eq!(refused["error"]["data"]["kind"], "task_not_found");
    for method in ["task.cancelMany", "task.retryMany"] {
        let refused = wire.try_call(method, json!({}));
        assert_eq!(refused["error"]["data"]["kind"], "invalid_params", "{method}");
    }
    assert_eq!(project.task(&running)["state"], "running");
}

#[test]
fn what_has_failed_is_retried_once_by_those_who_name_nothing() {
    let project = started();
    let failed = project.submit("exit 1");
    assert_eq!(project.ended(&failed)["state"], "failed");
    project.ended(&project.submit("true"));
    let mut wire = project.wire();
    let asked = json!({ "state": "failed", "withinMinutes": 60 });
    let retried = wire.call("task.retryMany", asked.clone());
    assert_eq!(retried["tasks"].as_array().unwrap().len(), 1, "{retried}");
    assert_eq!(retried["tasks"][0]["retryOf"], failed.as_str());
    let again = retried["tasks"][0]["taskId"].as_str().unwrap();
    assert_eq!(project.ended(again)["state"], "failed");
    // Now that one has failed, and the first has been retried.
    let retried = wire.call("task.retryMany", asked);
    assert_eq!(retried["tasks"].as_array().unwrap().len(), 1, "{retried}");
    assert_eq!(retried["tasks"][0]["retryOf"], again);
}

#[test]
fn what_was_cancelled_for_a_task_comes_back_with_it() {
    let project = started();
    let parent = project.submit("while [ ! -e begin ]; do sleep 0.01; done; [ -e good ]");
    let child = after(&project, "do: echo child", &parent);
    let grandchild = after(&project, "do: echo grandchild", &child);
    let by_hand = after(&project, "do: true", &parent);
    project.json(&["task", "cancel", &by_hand]);
    std::fs::write(project.file("begin"), "").unwrap();
    // Whether they were submitted before or after its end.
    assert_eq!(project.ended(&parent)["state"], "failed");
    let late = after(&project, "do: echo late", &parent);
    for task in [&child, &grandchild, &late] {
        assert_eq!(project.ended(task)["state"], "cancelled");
    }
    std::fs::write(project.file("good"), "").unwrap();
    let mut wire = project.wire();
    let retried = wire.call("task.retryMany", json!({ "taskIds": [parent] }));
    let tasks = retried["tasks"].as_array().unwrap();
    let of: Vec<_> = tasks.iter().map(|task| task["retryOf"].as_str().unwrap()).collect();
    assert_eq!(of, [&parent, &child, &grandchild, &late]);
    let new = ids(&retried["tasks"]);
    assert_eq!(project.task(new[2])["after"], json!([new[1]]));
    for task in &new {
        assert_eq!(project.ended(task)["state"], "completed", "{task}");
    }
    let once_more = wire.call("task.retry", json!({ "taskId": parent }));
    project.ended(once_more["taskId"].as_str().unwrap());
    assert_eq!(project.json(&["task", "stats"])["total"], 10, "they have come back already");
}

#[test]
fn what_came_back_in_vain_comes_back_again() {
    let project = started();
    let parent = project.submit("[ -e good ]");
    let child = after(&project, "do: echo child", &parent);
    let grandchild = after(&project, "do: echo grandchild", &child);
    assert_eq!(project.ended(&parent)["state"], "failed");
    let mut wire = project.wire();
    let retry = |wire: &mut Wire| {
        let retried = wire.call("task.retryMany", json!({ "taskIds": [parent] }));
        let of: Vec<_> =
            retried["tasks"].as_array().unwrap().iter().map(|task| task["retryOf"].clone()).collect();
        (ids(&retried["tasks"]).into_iter().map(str::to_owned).collect::<Vec<_>>(), of)
    };
    let (first, of) = retry(&mut wire);
    assert_eq!(of, [parent.as_str(), &child, &grandchild]);
    assert_eq!(project.ended(&first[0])["state"], "failed");
    assert_eq!(project.ended(&first[2])["state"], "cancelled");
    std::fs::write(project.file("good"), "").unwrap();
    // The order of the first one once more; what was to come after it came back with its retry.
    let (second, of) = retry(&mut wire);
    assert_eq!(of, [parent.as_str(), &first[1], &first[2]]);
    assert_eq!(project.task(&second[1])["after"], json!([second[0]]));
    assert_eq!(project.task(&second[2])["after"], json!([second[1]]));
    for task in &second {
        assert_eq!(project.ended(task)["state"], "completed", "{task}");
    }
}

#[test]
fn however_many_were_cancelled_for_a_task_they_come_back_with_it() {
    const CHILDREN: usize = 1_050;
    let project = started();
    let parent = project.submit("while [ ! -e begin ]; do sleep 0.01; done; exit 1");
    let mut wire = project.wire();
    for _ in 0..CHILDREN {
        wire.call("task.submit", json!({ "prompt": "do: true", "after": [parent] }));
    }
    std::fs::write(project.file("begin"), "").unwrap();
    assert_eq!(project.ended(&parent)["state"], "failed");
    std::fs::remove_file(project.file("begin")).unwrap();
    let retried = wire.call("task.retryMany", json!({ "taskIds": [parent] }));
    let tasks = retried["tasks"].as_array().unwrap();
    assert_eq!((tasks.len(), &retried["more"]), (1 + CHILDREN, &json!(false)));
    let new = ids(&retried["tasks"]);
    for child in [new[1], new[CHILDREN]] {
        assert_eq!(wire.call("task.get", json!({ "taskId": child }))["after"], json!([new[0]]));
    }
    // None is left to come later, and to start before it.
    let more = wire.call("task.retryMany", json!({ "state": "cancelled" }));
    assert_eq!(more["tasks"], json!([]));
    std::fs::write(project.file("begin"), "").unwrap();
    project.ended(new[0]);
    assert_eq!(project.ended(new[CHILDREN])["state"], "cancelled");
}
