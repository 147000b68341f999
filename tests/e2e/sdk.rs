//! The Rust SDK where there is no daemon, and where it dies.

use aiwg_client::{
    ClientError, DaemonClient, Options,
    types::{NoParams, TaskWaitParams},
};
use serde_json::json;

use crate::support::Project;

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
async fn pending_calls_fail_when_the_daemon_goes_away() {
    let project = Project::started(json!({}));
    let options = Options { socket: Some(project.socket()), retry: false, ..Options::default() };
    let client = DaemonClient::connect_with(options).await.unwrap();
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
