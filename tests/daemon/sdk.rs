//! The Rust SDK against a daemon.

use std::time::Duration;

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind, Options,
    types::{NoParams, TaskGetParams, TaskState, TaskSubmitParams, TaskWaitParams},
};
use aiwg_testing::{TestDaemon, rule};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_typed() {
    let daemon = TestDaemon::with(json!({ "rules": [rule("r", "deployment:complete", "Test it")] }));
    let client = daemon.client().await;
    let emitted = client.emit("deployment:complete", &json!({ "version": "1.2.3" })).await.unwrap();
    assert_eq!(emitted.rules, ["r"]);
    let order = TaskSubmitParams { prompt: "Fix it".into(), priority: Some(3), ..Default::default() };
    let task_id = client.task_submit(order).await.unwrap().task_id;
    let task = client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await.unwrap();
    assert_eq!((task.state, task.priority), (TaskState::Completed, 3));
    assert!(client.rpc_discover(NoParams {}).await.unwrap().0.as_str().contains("\"openrpc\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_code_and_kind() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let error = client.task_get(TaskGetParams { task_id: "task-0007".into() }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Some(ErrorKind::TaskNotFound), Some(-32001)));
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_files_do_not_hide_the_project() {
    let daemon = TestDaemon::with(json!({}));
    for inner in ["a", "b"] {
        std::fs::create_dir(daemon.file(inner)).unwrap();
    }
    daemon.write("a/.aiwg", "not a directory");
    daemon.write("b/file", "not a directory");
    for cwd in ["a", "b/file/within", "b/gone"] {
        let options = Options { cwd: Some(daemon.file(cwd)), ..Options::default() };
        assert_eq!(DaemonClient::connect_with(options).await.unwrap().socket(), daemon.socket());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_fails_alone() {
    let daemon = TestDaemon::with(json!({ "daemon": { "max_message_mb": 1 } }));
    let client = daemon.client().await;
    let task_id = daemon.submit("while [ ! -e go ]; do sleep 0.01; done");
    let waiting = tokio::spawn({
        let (client, task_id) = (client.clone(), task_id.clone());
        async move { client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await }
    });
    let prompt = "x".repeat(1024 * 1024);
    let error = client.task_submit(TaskSubmitParams { prompt, ..Default::default() }).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::InvalidRequest), "{error}");
    daemon.write("go", "");
    assert_eq!(waiting.await.unwrap().unwrap().state, TaskState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_have_a_time_limit() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await.with_timeout(Duration::from_millis(50));
    let task_id = daemon.submit("sleep 1000");
    let error = client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    client.ping(NoParams {}).await.unwrap();
}
