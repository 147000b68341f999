//! Calls of the Rust client whose answers are lost are repeated: each takes effect once, in the order of the calls.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
};

use aiwg_client::{
    ClientError, DaemonClient,
    types::{EventEmitted, NoParams, TaskSubmitParams},
};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Project, until};

/// Emits so many events at once, without waiting for any.
fn emit_all(client: &DaemonClient, count: u64) -> JoinHandle<Vec<Result<EventEmitted, ClientError>>> {
    let client = client.clone();
    tokio::spawn(async move {
        let numbers: Vec<u64> = (0..count).collect();
        join_all(numbers.iter().map(|n| client.emit("n", n))).await
    })
}

/// Waits until the log has so many events.
fn until_logged(project: &Project, count: u64) {
    let mut wire = project.wire();
    until(&format!("event {count}"), || {
        let after = json!({ "since": count - 1, "limit": 1 });
        !wire.call("event.list", after).as_array().unwrap().is_empty()
    });
}

/// The payloads of the topic, in the order of the log.
fn logged(project: &Project) -> Vec<u64> {
    let (mut wire, mut since, mut all) = (project.wire(), 0, Vec::new());
    loop {
        let page = wire.call("event.list", json!({ "topics": ["n"], "since": since, "limit": 1000 }));
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { return all };
        since = last["seq"].as_u64().unwrap();
        all.extend(page.iter().map(|event| event["payload"].as_u64().unwrap()));
    }
}

/// Each has succeeded, and taken effect once, in its order.
fn is_as_sent(project: &Project, answers: &[Result<EventEmitted, ClientError>]) {
    let seqs: Vec<u64> = answers.iter().map(|answer| answer.as_ref().unwrap().seq).collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(logged(project).into_iter().eq(0..answers.len() as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_emits_over_ten_kills_take_effect_once_and_in_order() {
    let project = Project::started(json!({}));
    let client = DaemonClient::connect_to(project.socket()).await.unwrap();
    let emitting = emit_all(&client, 10_000);
    for kill in 1..=10 {
        until_logged(&project, 500 * kill);
        assert!(!emitting.is_finished(), "kill {kill} comes too late");
        project.kill_daemon();
        project.start();
    }
    is_as_sent(&project, &emitting.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_restarts_or_stops_costs_a_script_nothing() {
    let project = Project::started(json!({}));
    let client = DaemonClient::connect_to(project.socket()).await.unwrap();
    let emitting = emit_all(&client, 10_000);
    for round in 1..=3 {
        until_logged(&project, 1000 * round);
        assert_eq!(project.run(&["daemon", "restart"]).code, 0);
    }
    project.stop();
    project.start();
    is_as_sent(&project, &emitting.await.unwrap());
}

/// Reads are repeated as they are, tasks are made once, and what cannot be repeated fails.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_repeated_is() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let client = DaemonClient::connect_to(project.socket()).await.unwrap();
    let first = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let (waiter, id) = (client.clone(), first.clone());
    let waiting = tokio::spawn(async move {
        waiter.task_wait(aiwg_client::types::TaskWaitParams { task_id: id, timeout_ms: None }).await
    });
    client.ping(NoParams {}).await.unwrap();
    project.kill_daemon();
    let submit = |n: u32| {
        let client = client.clone();
        let params = TaskSubmitParams { prompt: format!("do: exit {n}"), ..TaskSubmitParams::default() };
        tokio::spawn(async move { client.task_submit(params).await })
    };
    let submitted = [submit(0), submit(0), submit(0)];
    project.start();
    for submitted in submitted {
        submitted.await.unwrap().unwrap();
    }
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().id, first);
    let stats = client.task_stats(NoParams {}).await.unwrap();
    assert_eq!(stats.total, 4);
    let page: Value = project.wire().call("task.list", json!({ "limit": 10 }));
    assert_eq!(page.as_array().unwrap().len(), 4);
}

/// A way to the daemon on which the first answer is lost, and which works from then on. Ends with the process.
fn way_that_loses_an_answer(project: &Project) -> PathBuf {
    let (path, daemon) = (project.file("way.sock"), project.socket());
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for (number, client) in listener.incoming().enumerate() {
            let client = client.unwrap();
            let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
            let mut to_daemon = UnixStream::connect(&daemon).unwrap();
            let mut answers = BufReader::new(to_daemon.try_clone().unwrap()).lines();
            while let Some(Ok(line)) = lines.next() {
                writeln!(to_daemon, "{line}").unwrap();
                let answer = answers.next().unwrap().unwrap();
                if number == 0 {
                    break;
                }
                writeln!(&client, "{answer}").unwrap();
            }
        }
    });
    path
}

#[test]
fn a_command_whose_answer_is_lost_takes_effect_once() {
    let project = Project::started(json!({}));
    let all: [(&[&str], &str); 4] = [
        (&["event", "emit", "n", "1"], "event.list"),
        (&["task", "submit", "true"], "task.list"),
        (&["chat", "send", "true", "--no-wait"], "task.list"),
        (&["task", "retry", "task-0001"], "task.list"),
    ];
    for (arguments, list) in all {
        if arguments[1] == "retry" {
            project.ended("task-0001");
        }
        let listed = || {
            let params =
                if list == "event.list" { json!({ "topics": ["n"], "since": 0 }) } else { json!({}) };
            let found = project.wire().call(list, params);
            found.as_array().or(found["tasks"].as_array()).unwrap().len()
        };
        let before = listed();
        let way = way_that_loses_an_answer(&project);
        let done = project.command().args(arguments).env("AIWG_DAEMON_SOCKET", &way).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(listed() - before, 1, "{arguments:?}");
        std::fs::remove_file(way).unwrap();
    }
}

#[test]
fn a_step_of_a_script_with_a_key_is_done_once_however_often_it_is_run() {
    let project = Project::started(json!({}));
    let all: [&[&str]; 3] =
        [&["event", "emit", "a:b", "1"], &["task", "submit", "true"], &["chat", "send", "true"]];
    for arguments in all {
        let with_key = [arguments, &["--idempotency-key", "step 7"][..]].concat();
        let key = arguments.join(" ");
        let with_key: Vec<&str> =
            with_key.iter().map(|word| if *word == "step 7" { key.as_str() } else { word }).collect();
        let first = project.json(&with_key);
        assert_eq!(project.json(&with_key), first, "{arguments:?}");
    }
    let other = ["event", "emit", "a:b", "2", "--idempotency-key", "event emit a:b 1"];
    let refused = project.run(&other);
    assert!(refused.code == 1 && refused.err.contains("key"), "{}", refused.err);
    let long = "k".repeat(201);
    for wrong in ["", &long] {
        assert_eq!(project.run(&["event", "emit", "a:b", "--idempotency-key", wrong]).code, 2);
    }
}

#[test]
fn a_topic_that_cannot_be_is_refused_where_no_daemon_answers_too() {
    let project = Project::new(json!({}));
    for topic in ["a b", &"t".repeat(201)] {
        let refused = project.run(&["event", "emit", topic, "--offline"]);
        assert_eq!(refused.code, 2, "{topic}: {}", refused.err);
    }
    assert!(!project.file(".aiwg/spool").exists());
    // The file is named so that it can be found.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = project.command();
    command.args(["--project", project.path().to_str().unwrap(), "event", "emit", "a:b", "--offline"]);
    let done = command.current_dir(elsewhere.path()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    let path = said.split_whitespace().find(|word| word.ends_with(".json")).unwrap();
    assert!(std::path::Path::new(path).is_file(), "{said}");
}
