//! The Rust SDK against a daemon.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind, Options, Subscribe,
    types::{
        EventListParams, NoParams, TaskGetParams, TaskListParams, TaskOutputParams, TaskState,
        TaskSubmitParams, TaskWaitParams,
    },
};
use aiwg_testing::{TestDaemon, rule};
use futures::TryStreamExt;
use serde_json::json;
use tracing_subscriber::util::SubscriberInitExt;

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
    let error = client
        .task_get(TaskGetParams { task_id: "task-0007".into(), ..TaskGetParams::default() })
        .await
        .unwrap_err();
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

fn order(prompt: &str) -> TaskSubmitParams {
    TaskSubmitParams { prompt: prompt.into(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_run_in_one_call() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await.with_timeout(Duration::from_secs(5));
    let task = client.task_run(order("do: echo done; exit 3")).await.unwrap();
    assert_eq!((task.state, task.exit_code), (TaskState::Failed, Some(3)));
}

/// Whoever gives up a task that he runs, wants it no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_is_given_up_is_cancelled() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let (drop_it, it_runs) = tokio::sync::oneshot::channel::<()>();
    let endless = client.clone();
    let running = tokio::spawn(async move {
        tokio::select! {
            ended = endless.task_run(order("do: sleep 1000")) => panic!("{ended:?}"),
            dropped = it_runs => dropped.unwrap(),
        }
    });
    daemon.wait_for_task("task-0001", "running");
    drop_it.send(()).unwrap();
    running.await.unwrap();
    daemon.wait_for_task("task-0001", "cancelled");
    let deadline = std::time::Instant::now() + Duration::from_millis(300);
    let late = client.clone().with_deadline(deadline).task_run(order("do: sleep 1000")).await.unwrap_err();
    assert!(matches!(late, ClientError::Timeout { .. }), "{late}");
    daemon.wait_for_task("task-0002", "cancelled");
    // One whose submission has no answer yet, too.
    let mut early = Box::pin(client.task_run(order("do: sleep 1000")));
    assert!(futures::poll!(early.as_mut()).is_pending());
    drop(early);
    daemon.wait_for_task("task-0003", "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_for_all_calls_together() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let soon = std::time::Instant::now() + Duration::from_millis(300);
    let bounded = client.clone().with_timeout(Duration::from_secs(100)).with_deadline(soon);
    let task_id = daemon.submit("sleep 1000");
    let wait = TaskWaitParams { task_id, timeout_ms: None };
    assert!(matches!(bounded.task_wait(wait).await, Err(ClientError::Timeout { .. })));
    assert!(std::time::Instant::now() >= soon);
    for late in [bounded.ping(NoParams {}).await.err(), bounded.call("ping", None).await.err()] {
        assert!(matches!(late, Some(ClientError::Timeout { .. })), "{late:?}");
    }
    let waited = bounded.wait_for(Subscribe::default(), |_| true).await;
    assert!(matches!(waited, Err(ClientError::Timeout { .. })), "{waited:?}");
    client.ping(NoParams {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_output_of_a_task_is_followed_over_its_attempts() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let script = "echo attempt; [ -e again ] || { touch again; exit 1; }";
    let retried = json!({ "prompt": format!("do: {script}"), "retry": { "max": 1, "delay": "1s" } });
    let task_id = daemon.submit_with(retried);
    let followed = client.task_follow(TaskOutputParams { task_id: task_id.clone(), ..Default::default() });
    let text = followed.try_collect::<String>().await.unwrap();
    daemon.wait_for_task(&task_id, "completed");
    let last = client.task_output(TaskOutputParams { task_id, ..Default::default() }).await.unwrap();
    assert!(last.ended && last.attempt == 2 && !last.data.is_empty(), "{last:?}");
    assert!(text.ends_with(&last.data), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_over_all_pages() {
    let daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    for number in 0..7 {
        client.emit("a:b", &number).await.unwrap();
        daemon.submit("true");
    }
    let topics = Some(vec!["a:b".to_owned()]);
    let events = client.event_iterate(EventListParams { topics, limit: Some(3), ..Default::default() });
    let payloads = events.map_ok(|event| event.payload.as_str().to_owned()).try_collect::<Vec<_>>().await;
    assert_eq!(payloads.unwrap(), ["0", "1", "2", "3", "4", "5", "6"]);
    let tasks = client.task_iterate(TaskListParams { limit: Some(2), ..Default::default() });
    let ids = tasks.map_ok(|task| task.id).try_collect::<Vec<_>>().await.unwrap();
    assert!(
        ids.iter().eq((1..=7).rev().map(|no| format!("task-{no:04}")).collect::<Vec<_>>().iter()),
        "{ids:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_waited_for_over_a_restart() {
    let mut daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    let since = client.emit("a:b", &0).await.unwrap().seq;
    let ends = Subscribe { topics: vec!["a:*".into()], since: Some(since), ..Default::default() };
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.wait_for(ends, |event| event.payload.as_str() == "2").await }
    });
    client.emit("a:b", &1).await.unwrap();
    daemon.restart();
    daemon.emit("a:c", json!(2));
    assert_eq!(waiting.await.unwrap().unwrap().topic, "a:c");
}

/// Lines of a log, which all its writers share.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn tracing_hears_of_calls_and_connections() {
    let mut daemon = TestDaemon::with(json!({}));
    let lines = Lines::default();
    let writer = lines.clone();
    let _heard = tracing_subscriber::fmt()
        .with_env_filter("aiwg_client=debug")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish()
        .set_default();
    let client = daemon.client().await;
    client.ping(NoParams {}).await.unwrap();
    client
        .task_get(TaskGetParams { task_id: "task-0007".into(), ..TaskGetParams::default() })
        .await
        .unwrap_err();
    let mut over_a_restart = Box::pin(client.ping(NoParams {}));
    assert!(futures::poll!(over_a_restart.as_mut()).is_pending());
    daemon.stop();
    daemon.start();
    over_a_restart.await.unwrap();
    let heard = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let wanted = [
        r#"aiwg_client::traces: called method="ping""#,
        r#"aiwg_client::traces: answered method="ping" duration_ms="#,
        r#"aiwg_client::traces: failed method="task.get" duration_ms="#,
        "aiwg_client::resilient: lost the connection error=",
        "aiwg_client::resilient: connected again",
    ];
    for line in wanted {
        assert!(heard.contains(line), "{line}: {heard}");
    }
}
