//! Calls of the Rust client whose answers are lost are repeated: each takes effect once, in the order of the calls.

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
