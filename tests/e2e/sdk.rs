//! The Rust SDK against the real daemon.

use std::time::Duration;

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind, Options,
    types::{NoParams, TaskGetParams, TaskState, TaskSubmitParams, TaskWaitParams},
};
use serde_json::json;

use crate::support::Project;

async fn connect(project: &Project) -> DaemonClient {
    DaemonClient::connect_to(project.socket()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_typed() {
    let project =
        Project::started(json!({ "rules": [Project::rule("r", "deployment:complete", "Test it")] }));
    let client = connect(&project).await;
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
    let project = Project::started(json!({}));
    let client = connect(&project).await;
    let error = client.task_get(TaskGetParams { task_id: "task-0007".into() }).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Some(ErrorKind::TaskNotFound), Some(-32001)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_it_says_where_it_looked() {
    let project = Project::empty();
    let options = Options { cwd: Some(project.path().to_owned()), ..Options::default() };
    let error = DaemonClient::connect_with(options).await.unwrap_err();
    assert!(error.is_no_daemon());
    assert!(error.to_string().contains("aiwg daemon start"), "{error}");
    let error = DaemonClient::connect_to(project.socket()).await.unwrap_err();
    assert!(error.to_string().contains(project.socket().to_str().unwrap()), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_files_do_not_hide_the_project() {
    let project = Project::started(json!({}));
    for inner in ["a", "b"] {
        std::fs::create_dir(project.file(inner)).unwrap();
    }
    std::fs::write(project.file("a/.aiwg"), "not a directory").unwrap();
    std::fs::write(project.file("b/file"), "not a directory").unwrap();
    for cwd in ["a", "b/file/within", "b/gone"] {
        let options = Options { cwd: Some(project.file(cwd)), ..Options::default() };
        assert_eq!(DaemonClient::connect_with(options).await.unwrap().socket(), project.socket());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_calls_fail_when_the_daemon_goes_away() {
    let project = Project::started(json!({}));
    let client = connect(&project).await;
    let task_id = project.submit("sleep 1000");
    let waiting = tokio::spawn({
        let (client, task_id) = (client.clone(), task_id.clone());
        async move { client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await }
    });
    // Answered on the same connection after the wait was sent.
    client.ping(NoParams {}).await.unwrap();
    project.kill_daemon();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Disconnected(_)), "{error}");
    assert!(matches!(client.ping(NoParams {}).await, Err(ClientError::Disconnected(_))));
    project.start();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_fails_alone() {
    let project = Project::started(json!({ "daemon": { "max_message_mb": 1 } }));
    let client = connect(&project).await;
    let task_id = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let waiting = tokio::spawn({
        let (client, task_id) = (client.clone(), task_id.clone());
        async move { client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await }
    });
    let prompt = "x".repeat(1024 * 1024);
    let error = client.task_submit(TaskSubmitParams { prompt, ..Default::default() }).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::InvalidRequest), "{error}");
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().state, TaskState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_have_a_time_limit() {
    let project = Project::started(json!({}));
    let client = connect(&project).await.with_timeout(Duration::from_millis(50));
    let task_id = project.submit("sleep 1000");
    let error = client.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    client.ping(NoParams {}).await.unwrap();
}
