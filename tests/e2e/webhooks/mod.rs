//! Webhooks: deliveries as GitHub, GitLab and others send them, taken in once, refused, and cut by `kill -9`.

mod config;
mod recorded;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aiwg_protocol::config::WebhookKind;
use aiwg_server::webhooks::{Secret, signed};
use serde_json::{Value, json};

use crate::support::{Cli, Project, until};

const SECRET: &str = "It's a Secret to Everybody";
const STANDARD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A push as GitHub's documentation shows one, in the members that matter.
const GITHUB_PUSH: &str = r#"{"ref":"refs/tags/simple-tag","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","after":"0000000000000000000000000000000000000000","created":false,"deleted":true,"forced":false,"base_ref":null,"compare":"https://github.com/Codertocat/Hello-World/compare/6113728f27ae...000000000000","commits":[],"head_commit":null,"repository":{"id":186853002,"name":"Hello-World","full_name":"Codertocat/Hello-World","private":false},"pusher":{"name":"Codertocat","email":"21031067+Codertocat@users.noreply.github.com"},"sender":{"login":"Codertocat","id":21031067,"type":"User"}}"#;

/// A merge request of GitLab, on several lines, as its documentation shows one.
const GITLAB_MERGE: &str = "{\n  \"object_kind\": \"merge_request\",\n  \"user\": {\n    \"id\": 1,\n    \"name\": \"Administrator\"\n  },\n  \"object_attributes\": {\n    \"iid\": 16,\n    \"action\": \"open\"\n  }\n}\n";

struct Hooks {
    project: Project,
    /// The secret of all sources but that of Standard Webhooks.
    secret: &'static str,
}

impl Hooks {
    fn with(more: Value) -> Self {
        Self::with_secret(SECRET, more)
    }

    fn with_secret(secret: &'static str, more: Value) -> Self {
        let sources = json!([
            { "path": "/github", "kind": "github", "secret": "${HOOK_SECRET}", "topic": "github:{event}:{action}" },
            { "path": "/gitlab", "kind": "gitlab", "secret": "${HOOK_SECRET}", "topic": "gitlab:{event}:{action}" },
            { "path": "/slack", "kind": "slack", "secret": "${HOOK_SECRET}", "topic": "slack:{event}" },
            { "path": "/standard", "kind": "standard", "secret": "${STANDARD_SECRET}", "topic": "std:{event}" },
            { "path": "/token", "kind": "json", "secret": "${HOOK_SECRET}", "topic": "token:{event}" },
            { "path": "/open", "kind": "json", "topic": "open:{event}" }
        ]);
        let mut config =
            json!({ "gateway": { "webhooks": { "listen": "127.0.0.1:0", "sources": sources } } });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let hooks = Self { project: Project::new(config), secret };
        hooks.start();
        hooks
    }

    fn command(&self, args: &[&str]) -> Cli {
        let mut command = self.project.command();
        command.env("HOOK_SECRET", self.secret).env("STANDARD_SECRET", STANDARD);
        Cli::of(command.args(args).stdin(Stdio::null()).output().unwrap())
    }

    fn start(&self) {
        let done = self.command(&["daemon", "start"]);
        assert_eq!(done.code, 0, "{}", done.err);
        until("the listener", || self.address().is_some());
    }

    fn status(&self) -> Value {
        self.project.json(&["daemon", "status"])["subsystems"]["webhooks"].clone()
    }

    fn address(&self) -> Option<String> {
        self.status()["address"].as_str().map(str::to_owned)
    }

    fn post(&self, path: &str, headers: &[(String, String)], body: &[u8]) -> (u16, Value) {
        post(&self.address().unwrap(), "POST", path, headers, body)
    }

    /// Sends a body as its sender would.
    fn deliver(&self, kind: WebhookKind, path: &str, names: (&str, &str), body: &str) -> (u16, Value) {
        self.post(path, &headers_by(self.secret, kind, names, body, now()), body.as_bytes())
    }

    fn events(&self, topic: &str) -> Vec<Value> {
        self.project.json(&["event", "list", topic, "--limit", "1000"]).as_array().unwrap().clone()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn headers(kind: WebhookKind, names: (&str, &str), body: &str, now: u64) -> Vec<(String, String)> {
    headers_by(SECRET, kind, names, body, now)
}

fn headers_by(
    secret: &str,
    kind: WebhookKind,
    names: (&str, &str),
    body: &str,
    now: u64,
) -> Vec<(String, String)> {
    let secret = if kind == WebhookKind::Standard { STANDARD } else { secret };
    let secret = Secret::of(kind, secret).unwrap();
    let mut all = signed(kind, Some(&secret), names, body.as_bytes(), now);
    all.push(("Content-Type".to_owned(), "application/json".to_owned()));
    all
}

fn request(method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    [text.as_bytes(), b"\r\n", body].concat()
}

fn post(address: &str, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    let _ = stream.write_all(&request(method, path, headers, body));
    answer(&mut stream).expect("an answer")
}

/// The status of an answer, and its body; none if the connection ended without one.
fn answer(stream: &mut TcpStream) -> Option<(u16, Value)> {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or_else(|_| Value::from(body))))
}

fn json_type() -> Vec<(String, String)> {
    vec![("Content-Type".to_owned(), "application/json".to_owned())]
}

#[test]
fn webhooks_of_every_kind_become_events_once() {
    let hooks = Hooks::with(json!({}));
    let github = ("push", "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    let (status, first) = hooks.deliver(WebhookKind::Github, "/github", github, GITHUB_PUSH);
    assert_eq!(status, 200, "{first}");
    // Twice, as a person at GitHub may send it again.
    assert_eq!(hooks.deliver(WebhookKind::Github, "/github", github, GITHUB_PUSH), (200, first.clone()));
    let events = hooks.events("github:*");
    assert_eq!((events.len(), &events[0]["seq"]), (1, &first["seq"]));
    assert_eq!((&events[0]["topic"], &events[0]["source"]), (&json!("github:push"), &json!("webhook")));
    assert_eq!(events[0]["payload"], serde_json::from_str::<Value>(GITHUB_PUSH).unwrap());
    // The same id with another body is another delivery.
    assert_eq!(hooks.deliver(WebhookKind::Github, "/github", github, "{}").0, 409);
    let why = hooks.project.run(&["why", &format!("event-{}", first["seq"])]);
    assert!(why.out.contains("a delivery to the webhook /github (github)"), "{}", why.out);

    assert_eq!(
        hooks.deliver(WebhookKind::Gitlab, "/gitlab", ("Merge Request Hook", "f5e5"), GITLAB_MERGE).0,
        200
    );
    assert_eq!(hooks.events("gitlab:*")[0]["topic"], "gitlab:merge_request:open");
    let slack = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}"#;
    for _ in 0..2 {
        assert_eq!(hooks.deliver(WebhookKind::Slack, "/slack", ("", ""), slack).0, 200);
    }
    assert_eq!(hooks.events("slack:app_mention").len(), 1);
    let standard = r#"{"type":"user.created","data":{"id":1}}"#;
    assert_eq!(hooks.deliver(WebhookKind::Standard, "/standard", ("", "msg_1"), standard).0, 200);
    assert_eq!(hooks.events("std:user.created").len(), 1);
    assert_eq!(hooks.deliver(WebhookKind::Json, "/token", ("", "1"), r#"{"type":"a"}"#).0, 200);
    assert_eq!(hooks.post("/open", &json_type(), br#"{"event":"b"}"#).0, 200);
    assert_eq!((hooks.events("token:a").len(), hooks.events("open:b").len()), (1, 1));

    // Questions are answered, and are no events.
    assert_eq!(
        hooks.deliver(WebhookKind::Github, "/github", ("ping", "1"), r#"{"zen":"x"}"#),
        (200, json!({ "pong": true }))
    );
    let challenge = r#"{"type":"url_verification","challenge":"3eZbrw1a"}"#;
    assert_eq!(hooks.deliver(WebhookKind::Slack, "/slack", ("", ""), challenge), (200, json!("3eZbrw1a")));
    let form = "payload=%7B%22action%22%3A%22opened%22%7D";
    let mut as_form = headers(WebhookKind::Github, ("issues", "form"), form, now());
    as_form.last_mut().unwrap().1 = "application/x-www-form-urlencoded".to_owned();
    assert_eq!(hooks.post("/github", &as_form, form.as_bytes()).0, 200);
    assert_eq!(hooks.events("github:issues:opened").len(), 1);
    let listed = hooks.command(&["webhook", "list"]);
    assert!(
        listed.out.contains("/github") && listed.out.contains("github:{event}:{action}"),
        "{}",
        listed.out
    );
    assert_eq!(hooks.status()["sources"][0]["accepted"], 4);
}

#[test]
fn webhooks_that_are_forged_late_or_wrong_are_refused() {
    let topics = json!({ "open:strict": { "payload": { "type": "object", "required": ["n"] } } });
    let hooks = Hooks::with(json!({ "topics": topics, "daemon": { "max_payload_kb": 16 } }));
    let status =
        |path: &str, headers: &[(String, String)], body: &str| hooks.post(path, headers, body.as_bytes());
    let forged = |kind, path: &str| {
        let good = headers(kind, ("push", "1"), "{}", now());
        assert_eq!(status(path, &json_type(), "{}").0, 401, "unsigned: {path}");
        let other = Secret::of(kind, "whsec_AAAA").unwrap();
        let mut with_other = signed(kind, Some(&other), ("push", "1"), b"{}", now());
        with_other.extend(json_type());
        let refused = status(path, &with_other, "{}");
        assert_eq!(refused, status(path, &json_type(), "{}"), "nothing is said of what is wrong");
        assert_eq!(status(path, &good, "{}").0, 200, "{path}");
    };
    forged(WebhookKind::Github, "/github");
    forged(WebhookKind::Gitlab, "/gitlab");
    forged(WebhookKind::Slack, "/slack");
    forged(WebhookKind::Standard, "/standard");
    forged(WebhookKind::Json, "/token");
    let good = headers(WebhookKind::Github, ("push", "2"), "{}", now());
    assert_eq!(status("/github", &good, "{ }").0, 401, "another body");
    for (kind, path) in [(WebhookKind::Slack, "/slack"), (WebhookKind::Standard, "/standard")] {
        assert_eq!(
            status(path, &headers(kind, ("push", "3"), "{}", now() - 301), "{}").0,
            401,
            "recorded, and replayed"
        );
        assert_eq!(status(path, &headers(kind, ("push", "4"), "{}", now() + 600), "{}").0, 401);
    }
    let address = hooks.address().unwrap();
    assert_eq!(post(&address, "GET", "/open", &[], b"").0, 405);
    // A HEAD is told the length of what a GET is answered, and no more.
    for path in ["/open", "/nothing"] {
        let asked = |method: &str| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(&request(method, path, &[], b"")).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            (length.map(str::to_owned), body.len())
        };
        let (got, head) = (asked("GET"), asked("HEAD"));
        assert_eq!(head, (Some(got.1.to_string()), 0), "{path}");
        assert_eq!(got.0, head.0, "{path}");
    }
    assert_eq!(post(&address, "POST", "/nothing", &json_type(), b"{}").0, 404);
    assert_eq!(status("/open", &[], "{}").0, 415);
    // A page in a browser, whatever name of this machine it has found.
    for header in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")] {
        let of_page = [json_type(), vec![(header.0.to_owned(), header.1.to_owned())]].concat();
        assert_eq!(status("/open", &of_page, "{}").0, 403, "{header:?}");
        let signed = headers(WebhookKind::Json, ("push", "5"), "{}", now());
        let signed = [signed, vec![(header.0.to_owned(), header.1.to_owned())]].concat();
        assert_eq!(status("/token", &signed, "{}").0, 200, "{header:?}");
    }
    assert_eq!(status("/open", &json_type(), "{").0, 400);
    assert_eq!(status("/open", &json_type(), "\u{1}").0, 400);
    assert_eq!(status("/open", &json_type(), r#"{"type":"strict"}"#).0, 422);
    assert_eq!(status("/open", &json_type(), r#"{"type":"strict","n":1}"#).0, 200);
    for body in [format!("{}1{}", "[".repeat(500), "]".repeat(500)), r#"{"a":"\ud800"}"#.to_owned()] {
        let id = vec![("Idempotency-Key".to_owned(), "stored".to_owned())];
        for headers in [json_type(), [json_type(), id].concat()] {
            let (code, refused) = status("/open", &headers, &body);
            assert_eq!(code, 422, "{refused}");
            let why = refused["error"].as_str().unwrap();
            assert!(why.contains("levels") && !why.contains("column"), "{why}");
        }
    }
    assert_eq!(status("/open", &json_type(), &format!("\"{}\"", "x".repeat(20_000))).0, 413);
    let hostile = status("/open", &json_type(), r#"{"type":"task:completed/../*{}"}"#);
    assert_eq!(hostile.0, 200);
    assert_eq!(hooks.events("open:task_completed_..").len(), 1);
    assert!(hooks.status()["sources"][0]["refused"].as_u64().unwrap() >= 4);
}

#[test]
fn webhooks_that_are_huge_slow_or_many_take_nothing_from_others() {
    let hooks = Hooks::with(json!({}));
    let address = hooks.address().unwrap();
    // 100 MB that are announced are refused before they are sent; 100 MB that are not, where the limit is.
    let head = "POST /open HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let mut announced = TcpStream::connect(&address).unwrap();
    announced.write_all(format!("{head}Content-Length: 104857600\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(answer(&mut announced).unwrap().0, 413);
    let mut chunked = TcpStream::connect(&address).unwrap();
    chunked.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 65536], b"\r\n"].concat();
    let sent = (0..1600).take_while(|_| chunked.write_all(&chunk).is_ok()).count();
    assert!(sent < 1600, "all of it was read");
    // Headers without an end, and headers of a megabyte.
    let slow: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(b"POST /open HTTP/1.1\r\nHost: ").unwrap();
            stream
        })
        .collect();
    let mut long = TcpStream::connect(&address).unwrap();
    let _ = long.write_all(format!("{head}X: {}\r\n\r\n", "x".repeat(1 << 20)).as_bytes());
    assert!(answer(&mut long).is_none_or(|(status, _)| status == 431));
    let began = std::time::Instant::now();
    assert_eq!(hooks.post("/open", &json_type(), b"{}").0, 200);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    until("the end of those who send nothing", || {
        slow.iter().all(|stream| {
            stream.set_nonblocking(true).unwrap();
            let mut stream = stream;
            let mut bytes = [0; 512];
            !matches!(stream.read(&mut bytes), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
        })
    });
}

#[test]
fn a_flood_of_webhooks_is_bounded() {
    let sources = json!([{ "path": "/open", "kind": "json", "topic": "open:{event}" }]);
    let webhooks = json!({ "listen": "127.0.0.1:0", "sources": sources, "max_requests_per_second": 5, "max_connections": 4 });
    let hooks = Hooks::with(
        json!({ "gateway": { "webhooks": webhooks }, "daemon": { "max_queued": 1, "max_parallel_actions": 1 },
        "agents": { "hand": aiwg_testing::stand_in() },
        "rules": [{ "id": "r", "trigger": { "type": "event", "topic": "open:work" },
                    "action": { "type": "submit_task", "prompt": "do: true", "agent": "hand" } }] }),
    );
    let mut statuses: Vec<u16> = (0..20).map(|_| hooks.post("/open", &json_type(), b"{}").0).collect();
    statuses.sort_unstable();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    hooks.project.submit("while [ ! -e stop ]; do sleep 0.05; done");
    until("the task that keeps the slot", || hooks.project.task("task-0001")["state"] == "running");
    std::thread::sleep(Duration::from_secs(1));
    let work = || hooks.post("/open", &json_type(), br#"{"type":"work"}"#);
    assert_eq!(work().0, 200);
    let full = work();
    assert_eq!(full.0, 503, "{}", full.1);
    std::fs::write(hooks.project.file("stop"), "").unwrap();
}

#[test]
fn webhooks_that_were_answered_outlive_a_kill() {
    let hooks = Arc::new(Hooks::with(json!({})));
    let (address, stop) = (hooks.address().unwrap(), Arc::new(AtomicBool::new(false)));
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let (address, stop) = (address.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut answered = Vec::new();
                let mut sent = 0;
                while !stop.load(Ordering::Relaxed) {
                    let id = format!("{sender}-{sent}");
                    let body = format!(r#"{{"n":"{id}"}}"#);
                    let Ok(mut stream) = TcpStream::connect(&address) else { break };
                    let _ = stream.write_all(&request(
                        "POST",
                        "/github",
                        &headers(WebhookKind::Github, ("push", &id), &body, now()),
                        body.as_bytes(),
                    ));
                    sent += 1;
                    match answer(&mut stream) {
                        Some((200, answer)) => answered.push((id, answer["seq"].clone())),
                        _ => break,
                    }
                }
                (sender, sent, answered)
            })
        })
        .collect();
    until("many deliveries", || hooks.status()["sources"][0]["accepted"].as_u64().unwrap() > 100);
    hooks.project.kill_daemon();
    stop.store(true, Ordering::Relaxed);
    let outcomes: Vec<_> = senders.into_iter().map(|sender| sender.join().unwrap()).collect();
    hooks.start();
    let mut all = std::collections::HashMap::new();
    for (sender, sent, answered) in outcomes {
        // Each is sent again, as a sender does that got no answer: those that were answered have their numbers.
        for no in 0..sent {
            let id = format!("{sender}-{no}");
            let body = format!(r#"{{"n":"{id}"}}"#);
            let (status, answer) = hooks.deliver(WebhookKind::Github, "/github", ("push", &id), &body);
            assert_eq!(status, 200, "{answer}");
            if let Some((_, seq)) = answered.iter().find(|(known, _)| *known == id) {
                assert_eq!(&answer["seq"], seq, "{id}");
            }
            assert!(all.insert(answer["seq"].to_string(), id).is_none(), "a number twice");
        }
    }
    let mut seen = std::collections::HashSet::new();
    let mut since = 0;
    loop {
        let page = hooks.project.json(&[
            "event",
            "list",
            "github:*",
            "--limit",
            "1000",
            "--since",
            &since.to_string(),
        ]);
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { break };
        since = last["seq"].as_u64().unwrap();
        for event in page {
            assert!(seen.insert(event["payload"]["n"].as_str().unwrap().to_owned()), "twice: {event}");
        }
    }
    assert_eq!(seen.len(), all.len());
}

#[test]
fn a_reload_starts_moves_and_stops_the_listener_of_webhooks() {
    let hooks = Hooks::with(json!({}));
    let before = hooks.address().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap();
    let configure = |webhooks: Value| {
        let config = Project::config(json!({ "gateway": { "webhooks": webhooks } }));
        hooks.project.configure(&config.to_string());
        assert_eq!(hooks.command(&["daemon", "reload"]).code, 0);
    };
    let source = json!([{ "path": "/a", "kind": "json", "topic": "a:{event}" }]);
    configure(json!({ "listen": port.to_string(), "sources": source }));
    let issue = || hooks.project.json(&["daemon", "status"])["issues"].to_string();
    until("the issue", || issue().contains("webhooks"));
    assert!(issue().contains("end the program that has the port"), "{}", issue());
    assert!(TcpStream::connect(&before).is_err(), "it has moved");
    drop(taken);
    until("the port", || hooks.address() == Some(port.to_string()));
    assert!(!issue().contains("webhooks"));
    assert_eq!(hooks.post("/a", &json_type(), b"{}").0, 200);
    // What was delivered stays delivered, whatever becomes of it from now on.
    let with_id = [json_type(), vec![("Idempotency-Key".to_owned(), "once".to_owned())]].concat();
    let delivered = hooks.post("/a", &with_id, b"{}");
    configure(
        json!({ "listen": port.to_string(), "sources": [{ "path": "/a", "kind": "json", "topic": "other" }] }),
    );
    assert_eq!(hooks.post("/a", &with_id, b"{}"), delivered);
    assert_eq!(hooks.post("/a", &with_id, b"[]").0, 409);
    let counts = &hooks.status()["sources"][0];
    let counts = ["accepted", "refused"].map(|name| counts[name].as_u64().unwrap());
    assert_eq!(counts, [3, 1], "a path goes on counting");
    // Another sender, at the same place: connections stay.
    let mut kept = TcpStream::connect(port).unwrap();
    configure(
        json!({ "listen": port.to_string(), "sources": [{ "path": "/b", "kind": "json", "topic": "b" }] }),
    );
    kept.write_all(&request("POST", "/b", &json_type(), b"{}")).unwrap();
    assert_eq!(answer(&mut kept).unwrap().0, 200);
    // What a reload says counts for a request whose body is still under way.
    let mut slow = TcpStream::connect(port).unwrap();
    let whole = request("POST", "/b", &json_type(), b"{\"a\": 1}");
    let (first, rest) = whole.split_at(whole.len() - 3);
    slow.write_all(first).unwrap();
    configure(
        json!({ "listen": port.to_string(), "sources": [{ "path": "/c", "kind": "json", "topic": "c" }] }),
    );
    slow.write_all(rest).unwrap();
    assert_eq!(answer(&mut slow).unwrap().0, 404);
    hooks.project.configure(&Project::config(json!({})).to_string());
    assert_eq!(hooks.command(&["daemon", "reload"]).code, 0);
    until("the end of the listener", || TcpStream::connect(port).is_err());
    assert!(hooks.status().is_null());
}
