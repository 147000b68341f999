//! The Rust SDK against daemons that say what a test makes them say, and against one that goes away.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use aiwg_client::{
    ClientError, DaemonClient, ErrorKind, Options, Pushed, Subscribe,
    types::{EventEmitParams, Json, NoParams, Open, TaskGetParams, TaskState, TaskWaitParams},
};
use futures::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Project;

/// A daemon that answers with lines of its own: `answer` gives those for each request.
struct Peer {
    _folder: TempDir,
    socket: PathBuf,
}

impl Peer {
    fn new(answer: impl Fn(&Value) -> Vec<String> + Send + Clone + 'static) -> Self {
        let folder = tempfile::Builder::new().prefix("aiwg-sdk").tempdir().unwrap();
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = answer.clone();
                std::thread::spawn(move || serve(&stream, &answer));
            }
        });
        Self { _folder: folder, socket }
    }

    async fn client(&self) -> DaemonClient {
        DaemonClient::connect_to(&self.socket).await.unwrap()
    }
}

fn serve(mut stream: &UnixStream, answer: &impl Fn(&Value) -> Vec<String>) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        for line in answer(&serde_json::from_str(&line).unwrap()) {
            if stream.write_all(format!("{line}\n").as_bytes()).is_err() {
                return;
            }
        }
    }
}

fn result(request: &Value, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }).to_string()
}

fn pong(request: &Value) -> String {
    result(request, &json!({ "pong": true, "timestamp": "2026-11-28T18:00:00.000Z" }))
}

fn task(state: &str) -> Value {
    let mut task: Value = serde_json::from_str(
        r#"{"id": "task-0001", "prompt": "x", "priority": 0, "createdAt": "2026-11-28T18:00:00.000Z", "attempts": 0, "after": [], "metadata": {}}"#,
    )
    .unwrap();
    for member in [
        "agent",
        "startedAt",
        "completedAt",
        "pid",
        "exitCode",
        "signal",
        "result",
        "error",
        "output",
        "timeoutMinutes",
        "processesEnded",
        "processesLeft",
        "usage",
    ] {
        task[member] = Value::Null;
    }
    task["state"] = state.into();
    task["tomorrow"] = json!({ "more": 1 });
    task
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_daemons_words_are_taken_as_they_come() {
    let rule = json!({
        "id": "r", "trigger": { "type": "webhook", "url": "/x" }, "condition": { "type": "always", "more": 1 },
        "action": { "type": "send_mail", "prompt": "x", "priority": 0, "agent": null }, "enabled": true, "active": true, "reason": null,
        "onBusy": "ask", "trippedAt": null, "busy": 0, "pending": null, "lastRefusal": null,
    });
    let status =
        json!({ "enabled": true, "ruleCount": 1, "rules": [rule], "heldBy": null, "recentExecutions": [] });
    let peer = Peer::new(move |request| {
        let answer = if request["method"] == "task.get" { task("paused") } else { status.clone() };
        vec![result(request, &answer)]
    });
    let client = peer.client().await;
    let task = client
        .task_get(TaskGetParams { task_id: "task-0001".into(), ..TaskGetParams::default() })
        .await
        .unwrap();
    assert_eq!(task.state, TaskState::Unknown("paused"));
    let status = client.automation_status(NoParams {}).await.unwrap();
    assert!(matches!(&status.rules[0].trigger, Open::Unknown(json) if json.as_str().contains("webhook")));
    assert_eq!(status.rules[0].action.kind.name(), "send_mail");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_fails_its_own_call_and_no_other() {
    let waiting = Arc::new(Mutex::new(Value::Null));
    let peer = Peer::new(move |request| {
        let id = &request["id"];
        match request["params"]["taskId"].as_str() {
            // It is answered along with a ping.
            Some("waits") => {
                *waiting.lock().unwrap() = id.clone();
                vec![]
            }
            Some("shape") => vec![result(request, &json!({ "state": 7 }))],
            Some("error") => vec![json!({ "id": id, "error": { "code": "x" } }).to_string()],
            Some("empty") => vec![json!({ "id": id }).to_string()],
            Some("foreign") => vec!["HTTP/1.1 400 Bad Request".to_owned()],
            _ => vec![
                String::new(),
                json!({ "id": 99_999, "result": 1 }).to_string(),
                json!({ "id": "text", "result": 1 }).to_string(),
                json!({ "id": null, "result": 1 }).to_string(),
                json!({ "method": "not.known.yet", "params": [1] }).to_string(),
                json!({ "method": "event", "params": 7 }).to_string(),
                json!({ "id": *waiting.lock().unwrap(), "result": task("completed") }).to_string(),
                pong(request),
            ],
        }
    });
    let client = peer.client().await;
    let get = |id: &str| {
        let (client, task_id) = (client.clone(), id.to_owned());
        async move { client.task_get(TaskGetParams { task_id, ..TaskGetParams::default() }).await }
    };
    let waits = tokio::spawn(get("waits"));
    while !waits.is_finished() {
        for wrong in ["shape", "error", "empty"] {
            let error = get(wrong).await.unwrap_err();
            assert!(matches!(error, ClientError::Unreadable(_)), "{wrong}: {error}");
        }
        client.ping(NoParams {}).await.unwrap();
    }
    assert_eq!(waits.await.unwrap().unwrap().state, TaskState::Completed);
    // What sends a line that is no JSON is no daemon: nothing that it says is waited for.
    let error = get("foreign").await.unwrap_err();
    assert!(
        matches!(error, ClientError::Disconnected(_)) && error.to_string().contains("not JSON-RPC"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_one_too_many_hears_so_whatever_it_sends() {
    let project = Project::started(json!({ "daemon": { "max_connections": 1 } }));
    let mut only = project.wire();
    only.is_alive();
    for _ in 0..20 {
        // Longer than what a socket takes without being read.
        let client = DaemonClient::connect_to(project.socket()).await.unwrap();
        let payload = Some(Json::new(&"x".repeat(600_000)).unwrap());
        let emitted =
            client.event_emit(EventEmitParams { topic: "a".to_owned(), payload, ..Default::default() }).await;
        let error = emitted.unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::TooManyConnections), "{error}");
    }
    only.is_alive();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_one_too_many_fails_all_its_calls_with_that() {
    let peer = Peer::new(|request| {
        // All three have been sent by then.
        if request["method"] != "daemon.status" {
            return Vec::new();
        }
        let data = json!({ "kind": "too_many_connections" });
        let error = json!({ "code": -32022, "message": "too many", "data": data });
        vec![json!({ "jsonrpc": "2.0", "id": null, "error": error }).to_string()]
    });
    let client = peer.client().await;
    let done = tokio::join!(
        client.ping(NoParams {}),
        client.task_stats(NoParams {}),
        client.daemon_status(NoParams {})
    );
    for error in [done.0.unwrap_err(), done.1.unwrap_err(), done.2.unwrap_err()] {
        assert_eq!(error.kind(), Some(ErrorKind::TooManyConnections), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_an_end_does_not_take_all_memory() {
    let endless = "x".repeat(65 * 1024 * 1024);
    let peer = Peer::new(move |_| vec![endless.clone()]);
    let error = peer.client().await.ping(NoParams {}).await.unwrap_err();
    assert!(matches!(&error, ClientError::Disconnected(why) if why.contains("more than")), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_call_connects_again_after_the_connection_was_lost() {
    let project = Project::started(json!({}));
    let options = Options { socket: Some(project.socket()), retry: false, ..Options::default() };
    let client = DaemonClient::connect_with(options).await.unwrap();
    let others = client.clone();
    let task_id = project.submit("while [ ! -e go ]; do sleep 0.01; done");
    let waiting =
        tokio::spawn(async move { others.task_wait(TaskWaitParams { task_id, timeout_ms: None }).await });
    client.ping(NoParams {}).await.unwrap();
    project.kill_daemon();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(matches!(error, ClientError::Disconnected(_)), "{error}");
    project.start();
    let pings = (0..20).map(|_| client.ping(NoParams {}));
    assert!(futures::future::join_all(pings).await.iter().all(Result::is_ok));
    let clients = client.daemon_status(NoParams {}).await.unwrap().subsystems.ipc.clients;
    assert_eq!(clients, 1, "all of them share one new connection");
    client.disconnect();
    client.ping(NoParams {}).await.unwrap();
    std::fs::write(project.file("go"), "").unwrap();
}

#[test]
fn a_client_outlives_the_runtime_that_has_connected_it() {
    let project = Project::started(json!({}));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime().block_on(DaemonClient::connect_to(project.socket())).unwrap();
    runtime().block_on(client.ping(NoParams {})).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_out_counts_for_subscribing_and_the_longest_is_none() {
    let silent = Peer::new(|request| {
        let is_ping = request["method"] == "ping";
        if is_ping { vec![pong(request)] } else { vec![] }
    });
    let options = |timeout| Options {
        socket: Some(silent.socket.clone()),
        timeout: Some(timeout),
        ..Options::default()
    };
    let client = DaemonClient::connect_with(options(Duration::from_millis(20))).await.unwrap();
    let Err(error) = client.subscribe(Subscribe::default()).await else { panic!("nobody has answered") };
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    let error = client.call("not.known", None).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout { .. }), "{error}");
    let patient = DaemonClient::connect_with(options(Duration::MAX)).await.unwrap();
    patient.ping(NoParams {}).await.unwrap();
    let hasty = patient.with_timeout(Duration::ZERO);
    assert!(matches!(hasty.ping(NoParams {}).await, Err(ClientError::Timeout { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_goes_on_where_it_stopped() {
    let project = Project::started(json!({}));
    let client = DaemonClient::connect_to(project.socket()).await.unwrap();
    let options = Subscribe { topics: vec!["a:*".into()], reconnect: true, ..Subscribe::default() };
    let mut events = client.subscribe(options).await.unwrap();
    let mut numbers = Vec::new();
    for round in 0..2 {
        client.emit("a:b", &round).await.unwrap();
        let Some(Ok(Pushed::Event(event))) = events.next().await else { panic!("an event should come") };
        numbers.push(event.payload.as_str().to_owned());
        project.kill_daemon();
        project.start();
    }
    assert_eq!(numbers, ["0", "1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_put_off_when_it_comes_back_comes_again() {
    for (kind, comes_back) in [("shutting_down", true), ("too_many_subscriptions", false)] {
        let asked = Arc::new(Mutex::new(0));
        let peer = Peer::new(move |request| {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            let id = &request["id"];
            let subscribed = result(request, &json!({ "subscription": 1, "since": 0 }));
            let event = json!({ "seq": 8, "topic": "a", "payload": null, "source": "client", "at": "2026-11-28T18:00:00.000Z" });
            let params = json!({ "subscription": 1, "event": event });
            match *asked {
                // What ends the connection.
                1 => vec![subscribed, "x".repeat(65 * 1024 * 1024)],
                2 => {
                    let error = json!({ "code": -32000, "message": "not now", "data": { "kind": kind } });
                    vec![json!({ "id": id, "error": error }).to_string()]
                }
                _ => vec![subscribed, json!({ "method": "event", "params": params }).to_string()],
            }
        });
        let options = Subscribe { reconnect: true, ..Subscribe::default() };
        let mut events = peer.client().await.subscribe(options).await.unwrap();
        match events.next().await {
            Some(Ok(Pushed::Event(event))) => assert!(comes_back && event.seq == 8),
            Some(Err(error)) => assert!(!comes_back && error.code() == Some(-32000), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

/// The event of this subscription with this number.
fn event(subscription: u64, seq: u64) -> String {
    let event = json!({ "seq": seq, "topic": "a", "payload": null, "source": "client", "at": "2026-11-28T18:00:00.000Z" });
    json!({ "method": "event", "params": { "subscription": subscription, "event": event } }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_before_the_answer_are_not_kept() {
    // No end of them, and no answer.
    let peer = Peer::new(|_| (0..100_000).map(|seq| event(1, seq)).collect());
    let Err(error) = peer.client().await.subscribe(Subscribe::default()).await else {
        panic!("it was not subscribed")
    };
    assert!(
        matches!(&error, ClientError::Disconnected(why) if why.contains("before it answered")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_other_subscriptions_are_passed_over() {
    let missed =
        json!({ "method": "event.missed", "params": { "subscription": 8, "missed": 5, "since": 2 } });
    let peer = Peer::new(move |request| {
        let subscribed = result(request, &json!({ "subscription": 7, "since": 0 }));
        vec![subscribed, event(1, 3), missed.to_string(), event(7, 4)]
    });
    let mut events = peer.client().await.subscribe(Subscribe::default()).await.unwrap();
    assert!(matches!(events.next().await, Some(Ok(Pushed::Event(event))) if event.seq == 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_does_not_spin_where_each_connection_is_closed_again() {
    let folder = tempfile::Builder::new().prefix("aiwg-sdk").tempdir().unwrap();
    let socket = folder.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            std::thread::spawn(move || {
                let mut line = String::new();
                // The client's own connection says nothing.
                if BufReader::new(&stream).read_line(&mut line).unwrap_or(0) > 0 {
                    *count.lock().unwrap() += 1;
                    let request: Value = serde_json::from_str(&line).unwrap();
                    let subscribed = result(&request, &json!({ "subscription": 1, "since": 0 }));
                    let _ = stream.write_all(format!("{subscribed}\n").as_bytes());
                }
            });
        }
    });
    let client = DaemonClient::connect_to(&socket).await.unwrap();
    let options = Subscribe { reconnect: true, ..Subscribe::default() };
    let mut events = client.subscribe(options).await.unwrap();
    let brought = tokio::time::timeout(Duration::from_secs(1), events.next()).await;
    assert!(brought.is_err(), "{brought:?}");
    // It goes on, but with pauses: without them it would be thousands.
    let asked = *asked.lock().unwrap();
    assert!((2..100).contains(&asked), "{asked}");
}

/// A project whose socket leads to where `target` says.
fn planted(target: &Path) -> TempDir {
    let project = tempfile::Builder::new().prefix("aiwg-sdk").tempdir().unwrap();
    std::fs::create_dir_all(project.path().join(".aiwg/daemon")).unwrap();
    symlink(target, project.path().join(".aiwg/daemon/daemon.sock")).unwrap();
    project
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planted_link_is_not_followed() {
    let elsewhere = Peer::new(|request| vec![pong(request)]);
    let project = planted(&elsewhere.socket);
    let found = Options { cwd: Some(project.path().to_owned()), ..Options::default() };
    let error = DaemonClient::connect_with(found).await.unwrap_err();
    assert!(
        matches!(error, ClientError::NotTrusted(_)) && error.to_string().contains("it is a link"),
        "{error}"
    );
    // Whoever names it, means it.
    let named = project.path().join(".aiwg/daemon/daemon.sock");
    DaemonClient::connect_to(named).await.unwrap().ping(NoParams {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_long_path_leads_to_a_place_of_ones_own_only() {
    let elsewhere = Peer::new(|request| vec![pong(request)]);
    let deep = tempfile::Builder::new().prefix(&"d".repeat(120)).tempdir().unwrap();
    std::fs::create_dir_all(deep.path().join(".aiwg/daemon")).unwrap();
    symlink(&elsewhere.socket, deep.path().join(".aiwg/daemon/daemon.sock")).unwrap();
    let found = || Options { cwd: Some(deep.path().to_owned()), ..Options::default() };
    DaemonClient::connect_with(found()).await.unwrap().ping(NoParams {}).await.unwrap();
    let folder = elsewhere.socket.parent().unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o1777)).unwrap();
    let error = DaemonClient::connect_with(found()).await.unwrap_err();
    assert!(matches!(error, ClientError::NotTrusted(_)), "{error}");
}
