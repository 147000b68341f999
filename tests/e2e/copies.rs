//! The readable copies: `events/` and `tasks.json`.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Project, until, until_some};

/// The files of the event log.
fn files(project: &Project) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(project.file(".aiwg/daemon/events")).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The numbers of all events in the files; none as long as one of their lines is not whole.
fn numbers(project: &Project) -> Option<Vec<u64>> {
    let texts = files(project).into_iter().map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let mut numbers = Vec::new();
    for line in texts.collect::<String>().lines() {
        numbers.push(serde_json::from_str::<Value>(line).ok()?["seq"].as_u64()?);
    }
    numbers.sort_unstable();
    Some(numbers)
}

fn emit(project: &Project) -> u64 {
    project.wire().call("event.emit", json!({ "topic": "a:b" }))["seq"].as_u64().unwrap()
}

fn issues(project: &Project) -> Vec<Value> {
    let status = project.json(&["daemon", "status"]);
    status["issues"].as_array().unwrap().iter().map(|issue| issue["kind"].clone()).collect()
}

#[test]
fn each_event_is_in_the_files_once_whatever_a_crash_has_left() {
    let project = Project::started(json!({}));
    emit(&project);
    until("the first event", || numbers(&project) == Some(vec![1]));
    project.kill_daemon();
    // A line that was cut short, and a file of a day that is to come: the clock had been wrong.
    let today = files(&project).remove(0);
    let first = std::fs::read_to_string(&today).unwrap();
    std::fs::write(today.with_file_name("2999-01-01.jsonl"), &first).unwrap();
    std::fs::write(&today, r#"{"seq":2,"topic":"a"#).unwrap();
    project.start();
    emit(&project);
    until("both events", || numbers(&project) == Some(vec![1, 2]));
    project.stop();
    project.start();
    emit(&project);
    until("three events", || numbers(&project) == Some(vec![1, 2, 3]));
}

#[test]
fn what_could_not_be_written_for_a_while_is_caught_up_with() {
    let project = Project::started(json!({}));
    emit(&project);
    until("the first event", || numbers(&project) == Some(vec![1]));
    let (dir, away) = (project.file(".aiwg/daemon/events"), project.file(".aiwg/daemon/away"));
    std::fs::rename(&dir, &away).unwrap();
    std::fs::write(&dir, "").unwrap();
    emit(&project);
    until("the issue", || issues(&project).contains(&json!("event_log")));
    emit(&project);
    std::fs::remove_file(&dir).unwrap();
    std::fs::rename(&away, &dir).unwrap();
    until("all events", || numbers(&project) == Some(vec![1, 2, 3]));
    until("the end of the issue", || issues(&project).is_empty());
}

#[test]
fn what_someone_removes_is_made_again() {
    let project = Project::started(json!({}));
    emit(&project);
    until("the first event", || numbers(&project) == Some(vec![1]));
    std::fs::remove_dir_all(project.file(".aiwg/daemon/events")).unwrap();
    let next = emit(&project);
    until("the next event", || numbers(&project) == Some(vec![next]));
}

#[test]
fn a_long_prompt_is_cut_in_the_copy_only() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let blocker = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let prompt = "ä".repeat(100_000);
    let long = project.wire().call("task.submit", json!({ "prompt": prompt }))["taskId"].clone();
    let copied = until_some("the copy", || {
        let copy: Value = serde_json::from_str(&project.read(".aiwg/daemon/tasks.json")).ok()?;
        let mut tasks = copy["tasks"].as_array()?.clone();
        tasks.retain(|task| [&json!(blocker), &long].contains(&&task["id"]));
        (tasks.len() == 2).then_some(tasks)
    });
    assert_eq!((&copied[0]["id"], copied[0].get("promptIsCut")), (&json!(blocker), None));
    assert_eq!((&copied[1]["id"], &copied[1]["promptIsCut"]), (&long, &json!(true)));
    assert_eq!(copied[1]["prompt"].as_str().unwrap(), "ä".repeat(4096));
    assert_eq!(project.task(long.as_str().unwrap())["prompt"].as_str().unwrap(), prompt);
    std::fs::write(project.file("go"), "").unwrap();
    project.ended(long.as_str().unwrap());
}
