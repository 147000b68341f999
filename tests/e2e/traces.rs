//! Traces: what a collector of OTLP gets, read with the official definitions, and what one that fails costs.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Project, repository, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What a collector answers to everything, in place of a status: nothing at all, or what is no HTTP.
const SILENCE: u16 = 0;
const NONSENSE: u16 = 1;

/// The seconds for which a collector that answers with 429 wants to be left alone.
const ALONE: u64 = 3;

/// A collector of OTLP over HTTP that keeps what it gets.
struct Collector {
    address: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
    dir: tempfile::TempDir,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            bodies: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            asked: Arc::default(),
            dir: tempfile::tempdir().unwrap(),
        };
        let (bodies, status, asked) =
            (Arc::clone(&collector.bodies), Arc::clone(&collector.status), Arc::clone(&collector.asked));
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let Some((mut stream, body)) = stream.ok().and_then(read_request) else { continue };
                asked.fetch_add(1, Ordering::SeqCst);
                let _ = match status.load(Ordering::SeqCst) {
                    SILENCE => {
                        silent.push(stream);
                        continue;
                    }
                    NONSENSE => stream.write_all(&[0xff; 100_000]),
                    200 => {
                        bodies.lock().unwrap().push(body);
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    }
                    status => {
                        let after =
                            if status == 429 { format!("Retry-After: {ALONE}\r\n") } else { String::new() };
                        let head = format!(
                            "HTTP/1.1 {status} No\r\n{after}Content-Length: 4\r\nConnection: close\r\n\r\n"
                        );
                        stream.write_all(format!("{head}<no>").as_bytes())
                    }
                };
            }
        });
        collector
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// All spans so far, as the official definitions have them.
    fn spans(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap().clone();
        let files: Vec<PathBuf> =
            (0..bodies.len()).map(|n| self.dir.path().join(format!("{n}.bin"))).collect();
        files.iter().zip(&bodies).for_each(|(file, body)| std::fs::write(file, body).unwrap());
        let python = repository().join("target/oracles/telemetry/bin/python3");
        let mut command = Command::new(python);
        let done = command.arg(repository().join("tests/telemetry/spans.py")).args(files).output().unwrap();
        assert!(done.status.success(), "{}: see scripts/oracles", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    /// Waits for spans until one of each of these names is there.
    fn wait_for(&self, names: &[&str]) -> Vec<Value> {
        let mut spans = Vec::new();
        until(&format!("spans {names:?}"), || {
            spans = self.spans();
            names.iter().all(|name| spans.iter().any(|span| span["name"] == *name))
        });
        spans
    }
}

fn read_request(mut stream: TcpStream) -> Option<(TcpStream, Vec<u8>)> {
    let (mut text, mut chunk) = (Vec::new(), [0; 65536]);
    loop {
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&chunk[..count]);
        let Some(end) = text.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(head.contains("content-type: application/x-protobuf"), "{head}");
        let length = head.split("content-length: ").nth(1)?.lines().next()?.parse::<usize>().ok()?;
        if text.len() >= end + 4 + length {
            return Some((stream, text[end + 4..].to_vec()));
        }
    }
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    let mut of_name = spans.iter().filter(|span| span["name"] == name);
    let one = of_name.next().unwrap_or_else(|| panic!("{name}: {spans:#?}"));
    assert!(of_name.next().is_none(), "two of {name}: {spans:#?}");
    one
}

fn attribute<'a>(span: &'a Value, name: &str) -> &'a Value {
    &span["attributes"][name]
}

#[test]
fn a_trace_goes_from_the_caller_to_the_check_and_on_with_what_the_agent_emits() {
    let collector = Collector::start();
    let mut claude = aiwg_testing::claude_stand_in();
    claude["command"].as_array_mut().unwrap().push(json!("--model=opus"));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let fix = format!(
        "do: echo $TRACEPARENT > traceparent; env > environment; '{aiwg}' event emit fixed:it '{{}}' >emitted; cost 0.25"
    );
    let mut rule = Project::rule("on-break", "build:broken", &fix);
    rule["action"]["verify"] = json!({ "command": "test \"$TRACEPARENT\" != \"$(cat traceparent)\"" });
    let project = Project::started(json!({
        "agent": claude,
        "telemetry": { "otlp": format!("{}/", collector.address), "agent": true },
        "rules": [rule, Project::rule("then", "fixed:*", "do: cost 0.5")]
    }));
    project.wire().call("event.emit", json!({ "topic": "build:broken", "traceparent": CALLER }));
    assert_eq!(project.ended("task-0001")["state"], "completed");
    assert_eq!(project.ended("task-0002")["state"], "completed");
    until("both tasks", || collector.spans().iter().filter(|span| span["name"] == "task").count() == 2);
    let spans =
        collector.wait_for(&["event build:broken", "rule on-break", "check", "event fixed:it", "rule then"]);
    for span in &spans {
        assert_eq!((&span["trace"], &span["flags"]), (&json!(TRACE), &json!(1)), "{span}");
        assert_eq!((&span["scope"], attribute(span, "none")), (&json!("aiwg"), &Value::Null));
        assert_eq!(span["resource"]["service.name"], "aiwg");
        assert!(span["from"].as_u64().unwrap() <= span["until"].as_u64().unwrap(), "{span}");
        assert!(span["from"].as_u64().unwrap() > 1_700_000_000_000_000_000, "{span}");
    }
    let of_task = |name: &str, task: &str| {
        let is_one = |span: &&Value| span["name"] == name && attribute(span, "aiwg.task.id") == task;
        spans.iter().find(is_one).unwrap_or_else(|| panic!("{name} of {task}: {spans:#?}"))
    };
    let event = named(&spans, "event build:broken");
    assert_eq!((&event["parent"], &event["kind"]), (&json!("00f067aa0ba902b7"), &json!(5)));
    let rule = named(&spans, "rule on-break");
    assert_eq!((&rule["parent"], attribute(rule, "aiwg.task.id")), (&event["id"], &json!("task-0001")));
    let task = of_task("task", "task-0001");
    assert_eq!((&task["parent"], attribute(task, "aiwg.task.state")), (&rule["id"], &json!("completed")));
    let run = of_task("invoke_agent", "task-0001");
    assert_eq!(run["parent"], task["id"]);
    assert_eq!(named(&spans, "check")["parent"], task["id"]);
    let told = format!("00-{TRACE}-{}-01", run["id"].as_str().unwrap());
    assert_eq!(project.read("traceparent").trim(), told, "the agent's process");
    for (name, value) in [
        ("gen_ai.operation.name", json!("invoke_agent")),
        ("gen_ai.provider.name", json!("anthropic")),
        ("gen_ai.request.model", json!("opus")),
        ("aiwg.cost_usd", json!(0.25)),
        ("aiwg.end_reason", json!("done")),
        ("process.exit.code", json!(0)),
    ] {
        assert_eq!(attribute(run, name), &value, "{name}: {run}");
    }
    assert!(attribute(run, "gen_ai.usage.input_tokens").as_u64() > Some(0), "{run}");
    assert!(attribute(run, "gen_ai.usage.output_tokens").as_u64() > Some(0), "{run}");
    assert!(attribute(run, "gen_ai.conversation.id").is_string(), "{run}");
    let emitted = named(&spans, "event fixed:it");
    assert_eq!(emitted["parent"], run["id"], "what an agent emits is its run's");
    assert_eq!(named(&spans, "rule then")["parent"], emitted["id"]);
    let environment = project.read("environment");
    let otlp = format!("OTEL_EXPORTER_OTLP_ENDPOINT={}\n", collector.address);
    for line in ["CLAUDE_CODE_ENABLE_TELEMETRY=1\n", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n", &otlp] {
        assert!(environment.contains(line), "{line}: {environment}");
    }
    let status = project.json(&["daemon", "status"]);
    let traces = &status["subsystems"]["telemetry"]["traces"];
    assert_eq!((&traces["sent"], &traces["dropped"]), (&json!(spans.len()), &json!(0)), "{traces}");
}

#[test]
fn the_next_daemon_goes_on_with_the_trace_after_a_crash() {
    let collector = Collector::start();
    let script = "do: echo $TRACEPARENT > traceparent; while [ ! -e go ]; do sleep 0.01; done; exit 3";
    let project = Project::started(json!({
        "telemetry": { "otlp": collector.address },
        "rules": [Project::rule("r", "a:b", script)]
    }));
    project.wire().call("event.emit", json!({ "topic": "a:b" }));
    until("the agent", || project.read("traceparent").ends_with('\n'));
    let before = collector.wait_for(&["event a:b", "rule r"]);
    project.kill_daemon();
    project.start();
    std::fs::write(project.file("go"), "").unwrap();
    assert_eq!(project.ended("task-0001")["state"], "failed");
    let spans = collector.wait_for(&["task", "invoke_agent"]);
    let (rule, task, run) = (named(&before, "rule r"), named(&spans, "task"), named(&spans, "invoke_agent"));
    assert_eq!((&task["parent"], &run["parent"]), (&rule["id"], &task["id"]));
    let context =
        |span: &Value| format!("00-{}-{}-01", span["trace"].as_str().unwrap(), span["id"].as_str().unwrap());
    assert_eq!(project.read("traceparent").trim(), context(run));
    assert_eq!(
        (&run["status"], attribute(run, "error.type")),
        (&json!("STATUS_CODE_ERROR"), &json!("failed"))
    );
    assert_eq!(named(&before, "event a:b")["parent"], "", "nobody is above it");
}

#[test]
fn what_leads_to_nothing_and_what_nobody_is_to_collect_makes_no_spans() {
    let collector = Collector::start();
    let project = Project::started(json!({
        "telemetry": { "otlp": collector.address },
        "rules": [Project::rule("r", "a:b", "do: echo $TRACEPARENT > traceparent")]
    }));
    let mut wire = project.wire();
    wire.call("event.emit", json!({ "topic": "other:x" }));
    let not_sampled = format!("{}00", CALLER.strip_suffix("01").unwrap());
    wire.call("event.emit", json!({ "topic": "a:b", "traceparent": not_sampled }));
    project.ended("task-0001");
    let told = project.read("traceparent");
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.trim().ends_with("-00"), "{told}");
    let submitted =
        wire.call("task.submit", json!({ "prompt": "do: exit 0", "metadata": { "traceparent": CALLER } }));
    project.ended(submitted["taskId"].as_str().unwrap());
    let spans = collector.wait_for(&["task", "invoke_agent"]);
    assert_eq!(spans.len(), 2, "{spans:#?}");
    assert_eq!(named(&spans, "task")["parent"], "00f067aa0ba902b7");
}

#[test]
fn without_a_collector_an_agent_gets_the_trace_of_its_tasks_caller_and_no_other() {
    let project = Project::new(
        json!({ "rules": [Project::rule("r", "a:b", "do: echo \"$TRACEPARENT\" > traceparent")] }),
    );
    let mut command = project.command();
    let other = "00-11111111111111111111111111111111-2222222222222222-01";
    let done = command
        .env("TRACEPARENT", other)
        .env("TRACESTATE", "x=y")
        .args(["daemon", "start"])
        .output()
        .unwrap();
    assert!(done.status.success());
    project.wire().call("event.emit", json!({ "topic": "a:b", "traceparent": CALLER }));
    project.ended("task-0001");
    assert_eq!(project.read("traceparent").trim(), CALLER);
    project.wire().call("event.emit", json!({ "topic": "a:b" }));
    project.ended("task-0002");
    assert_eq!(
        project.read("traceparent").trim(),
        "",
        "that of whoever started the daemon is none of its business"
    );
}

#[test]
fn a_collector_that_fails_costs_nobody_anything_but_spans() {
    let collector = Collector::start();
    let project = Project::started(json!({ "telemetry": { "otlp": collector.address } }));
    let mut wire = project.wire();
    for status in [503, NONSENSE, SILENCE] {
        collector.answer(status);
        let asked = collector.asked();
        wire.call("event.emit", json!({ "topic": "a:b", "traceparent": CALLER }));
        until("the request", || collector.asked() > asked);
    }
    // More than there is room for.
    let began = Instant::now();
    for _ in 0..3000 {
        wire.call("event.emit", json!({ "topic": "a:b", "traceparent": CALLER }));
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let metrics = project.run(&["metrics"]).out;
    let full =
        metrics.lines().find_map(|line| line.strip_prefix("aiwg_telemetry_dropped_total{reason=\"full\"} "));
    assert!(full.unwrap().parse::<u64>().unwrap() > 300, "{metrics}");
    let traces = &project.json(&["daemon", "status"])["subsystems"]["telemetry"]["traces"];
    assert!(traces["waiting"].as_u64().unwrap() <= 2048, "{traces}");
    let lines =
        project.read(".aiwg/daemon/daemon.log").lines().filter(|line| line.contains("collector")).count();
    assert!(lines <= 1, "{lines} lines");
    let began = Instant::now();
    project.stop();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn a_collector_that_wants_to_be_left_alone_is() {
    let collector = Collector::start();
    let project = Project::started(json!({ "telemetry": { "otlp": collector.address } }));
    collector.answer(429);
    project.wire().call("event.emit", json!({ "topic": "a:b", "traceparent": CALLER }));
    until("the request", || collector.asked() == 1);
    let refused = Instant::now();
    collector.answer(200);
    collector.wait_for(&["event a:b"]);
    assert!(refused.elapsed() > Duration::from_secs(ALONE - 1), "{:?}", refused.elapsed());
}

#[test]
fn spans_that_are_refused_are_counted_and_those_of_the_last_moment_are_sent() {
    let collector = Collector::start();
    let project = Project::started(json!({ "telemetry": { "otlp": collector.address } }));
    let mut wire = project.wire();
    collector.answer(400);
    wire.call("event.emit", json!({ "topic": "a:b", "traceparent": CALLER }));
    let dropped =
        || project.json(&["daemon", "status"])["subsystems"]["telemetry"]["traces"]["dropped"].clone();
    until("the refusal", || dropped() == 1);
    collector.answer(200);
    wire.call("event.emit", json!({ "topic": "last:one", "traceparent": CALLER }));
    project.stop();
    assert_eq!(named(&collector.spans(), "event last:one")["trace"], TRACE);
    project.configure(&Project::config(json!({ "telemetry": { "otlp": "somewhere" } })).to_string());
    let wrong = project.run(&["config", "check"]);
    assert!(wrong.code != 0 && wrong.out.contains("http://127.0.0.1:4318"), "{} {}", wrong.out, wrong.err);
    project.configure(&Project::config(json!({ "telemetry": { "agent": true } })).to_string());
    let notice = project.run(&["config", "check"]);
    assert!([notice.out, notice.err].concat().contains("without telemetry.otlp"));
}
