//! Events that are emitted while no daemon is there.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::PathBuf,
    process::Stdio,
};

use aiwg_client::{DaemonClient, Emission, Options, types::EventEmitParams};
use serde_json::{Value, json};

use crate::support::{Project, until};

const EMIT: [&str; 5] = ["event", "emit", "git:commit", r#"{"n": 1}"#, "--offline"];

fn events(project: &Project) -> Vec<Value> {
    let events = project.wire().call("event.list", json!({ "topics": ["git:*"], "limit": 1000 }));
    events.as_array().unwrap().clone()
}

fn files(project: &Project) -> usize {
    let names = fs::read_dir(project.file(".aiwg/spool")).unwrap();
    names.filter(|name| name.as_ref().unwrap().file_name().to_str().unwrap().ends_with(".json")).count()
}

#[test]
fn a_hook_needs_no_daemon() {
    let project = Project::new(json!({}));
    let name = project.json(&EMIT)["spooled"].as_str().unwrap().to_owned();
    assert!(project.file(".aiwg/spool").join(&name).is_file());
    let done = project.run(&EMIT);
    assert!(done.code == 0 && done.out.contains("waits in .aiwg/spool/"), "{} {}", done.out, done.err);
    // By the environment, for hooks that others have written; and not unless somebody says so.
    let emit = ["event", "emit", "git:commit"];
    let by_environment = |value: &str| {
        project.command().args(emit).env("AIWG_OFFLINE", value).stdin(Stdio::null()).output().unwrap()
    };
    assert!(by_environment("1").status.success());
    assert_eq!(by_environment("").status.code(), Some(3));
    assert_eq!(project.run(&emit).code, 3);
    let before = events_at(&project);
    project.start();
    let found = events(&project);
    assert_eq!(
        found.iter().map(|event| &event["payload"]["n"]).collect::<Vec<_>>(),
        [&json!(1), &json!(1), &Value::Null]
    );
    assert!(found.iter().map(|event| event["at"].as_str().unwrap()).eq(before.iter().map(String::as_str)));
    assert_eq!(files(&project), 0);
    let log = project.run(&["daemon", "logs"]).out;
    let (begin, end) = (log.find("spool are taken in").unwrap(), log.find("spool were taken in").unwrap());
    assert!(begin < end && log.contains("files=3"), "{log}");
    // With a daemon it is an emit like any other.
    assert!(project.json(&EMIT)["seq"].is_u64());
    let refused = project.run(&["event", "emit", "task:completed", "--offline", "--json"]);
    assert!(refused.code == 1 && refused.err.contains("topic_reserved"), "{}", refused.err);
}

/// A daemon that answers with these: others it leaves unanswered. Ends with the process.
fn stand_in(project: &Project, answers: Value) -> PathBuf {
    let path = project.file("stand-in.sock");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, answers) = (client.unwrap(), answers.clone());
            std::thread::spawn(move || {
                for line in BufReader::new(&client).lines().map_while(Result::ok) {
                    let call: Value = serde_json::from_str(&line).unwrap();
                    let Some(answer) = call["method"].as_str().and_then(|method| answers.get(method)) else {
                        continue;
                    };
                    let mut answer = answer.clone();
                    answer["jsonrpc"] = json!("2.0");
                    answer["id"] = call["id"].clone();
                    writeln!(&client, "{answer}").unwrap();
                }
            });
        }
    });
    path
}

fn status_of(project: &Project) -> Value {
    project.wire().call("daemon.status", json!({}))
}

#[test]
fn a_command_says_what_the_daemon_does_instead_of_answering_and_that_it_is_too_old() {
    let project = Project::started(json!({}));
    let mut status = status_of(&project);
    status["subsystems"]["spool"] = json!({ "left": 2029, "since": "2026-11-29T12:00:00.000Z" });
    let said = |answers: Value, args: &[&str]| {
        let way = stand_in(&project, answers);
        let done = project
            .command()
            .args(args)
            .env("AIWG_DAEMON_SOCKET", &way)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        fs::remove_file(way).unwrap();
        (
            done.status.code(),
            String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap(),
        )
    };
    let emit = ["event", "emit", "a", "1", "--request-timeout", "1s"];
    let status = json!({ "daemon.status": { "result": status } });
    let (code, err) = said(status.clone(), &emit);
    assert!(
        code == Some(1)
            && err.contains("within 1 s: it takes in the events that wait in .aiwg/spool first, and 2029 of"),
        "{err}"
    );
    let (_, out) = said(status, &["daemon", "status"]);
    assert!(out.contains("2029 files are left"), "{out}");
    let mut over = status_of(&project);
    over["subsystems"].as_object_mut().unwrap().remove("spool");
    let (code, err) = said(json!({ "daemon.status": { "result": over } }), &emit);
    assert!(
        code == Some(1) && err.contains("within 1 s, but it answers now") && !err.contains("hangs"),
        "{err}"
    );
    let (_, err) = said(json!({}), &emit);
    assert!(
        err.contains(
            "has not answered within 1 s, and what was asked for may take effect or not; see that the tunnel"
        ),
        "{err}"
    );
    let unknown = json!({ "event.emit": { "error": { "code": -32601, "message": "Method not found" } } });
    let (code, err) = said(unknown, &emit);
    assert!(
        code == Some(1)
            && err.contains("Method not found: the daemon does not know a method of protocol 1.0"),
        "{err}"
    );
}

/// The times in the spool, in the order of the names.
fn events_at(project: &Project) -> Vec<String> {
    let dir = fs::read_dir(project.file(".aiwg/spool")).unwrap();
    let mut paths: Vec<_> =
        dir.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()).collect();
    paths.sort();
    let at = |path| {
        serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap()["at"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    paths.into_iter().map(at).collect()
}

#[test]
fn where_it_cannot_be_kept_it_is_an_error() {
    let project = Project::empty();
    assert_eq!(project.run(&EMIT).code, 3, "only in a project");
    let project = Project::new(json!({}));
    fs::write(project.file(".aiwg/spool"), "").unwrap();
    let done = project.run(&[&EMIT[..], &["--json"]].concat());
    assert!(done.code == 1 && done.err.contains("not_spooled"), "{}", done.err);
    assert!(!done.err.contains("may have taken it"), "nobody was asked: {}", done.err);
    fs::remove_file(project.file(".aiwg/spool")).unwrap();
    project.json(&EMIT);
    for n in 0..10_000 {
        fs::write(project.file(".aiwg/spool").join(format!("{n}.json")), "").unwrap();
    }
    let done = project.run(&[&EMIT[..], &["--json"]].concat());
    assert!(done.code == 1 && done.err.contains("spool_full"), "{}", done.err);
}

/// Ten daemons start, of which one stays, while events are spooled and emitted.
#[tokio::test(flavor = "multi_thread")]
async fn ten_daemons_that_start_take_each_in_once() {
    let project = Project::new(json!({}));
    let options = Options { socket: Some(project.socket()), offline: true, ..Options::default() };
    let client = DaemonClient::connect_with(options).await.unwrap();
    let emit = |n: u32| {
        let payload = aiwg_client::types::Json::new(&n).unwrap();
        let params = EventEmitParams {
            topic: "git:n".to_owned(),
            payload: Some(payload),
            ..EventEmitParams::default()
        };
        client.emit_or_spool(params)
    };
    for n in 0..100 {
        assert!(matches!(emit(n).await.unwrap(), Emission::Spooled(_)));
    }
    let mut daemons: Vec<_> = (0..10)
        .map(|_| {
            let mut start = project.command();
            start.args(["daemon", "start"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let mut sent = 100;
    while !matches!(emit(sent).await.unwrap(), Emission::Taken(_)) {
        sent += 1;
    }
    for daemon in &mut daemons {
        daemon.wait().unwrap();
    }
    until("all of them", || events(&project).len() as u32 > sent);
    let found: Vec<u64> = events(&project).iter().map(|event| event["payload"].as_u64().unwrap()).collect();
    assert!(found.into_iter().eq(0..=u64::from(sent)), "in order, and once");
    assert_eq!(files(&project), 0);
}

/// A daemon that is killed while it takes the spool in leaves the rest to the next one.
#[test]
fn each_is_taken_in_once_over_kills() {
    const ALL: usize = 6000;
    let project = Project::new(json!({}));
    let dir = project.file(".aiwg/spool");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    for n in 0..ALL {
        let event = json!({ "version": 1, "topic": "git:n", "payload": n, "at": "2026-11-29T12:00:00.000Z",
            "idempotencyKey": format!("key {n}") });
        let path = dir.join(format!("{:016}-4711-{n:06}-0c8f2a4e.json", 1_795_973_786_042_317 + n));
        fs::write(path, event.to_string()).unwrap();
    }
    let mut left = ALL;
    let mut kills = 0;
    while left > 0 {
        let _ = project.command().args(["daemon", "start"]).output().unwrap();
        // No client: that would wait for the whole spool.
        until("fewer files", || files(&project) < left);
        project.kill_daemon();
        kills += 1;
        left = files(&project);
    }
    assert!(kills > 1, "it was killed in the middle");
    project.start();
    let (mut since, mut found) = (0, Vec::new());
    while found.len() < ALL {
        let page =
            project.wire().call("event.list", json!({ "topics": ["git:n"], "since": since, "limit": 1000 }));
        let page = page.as_array().unwrap();
        since = page.last().unwrap()["seq"].as_u64().unwrap();
        found.extend(page.iter().map(|event| event["payload"].as_u64().unwrap() as usize));
    }
    assert!(found.into_iter().eq(0..ALL));
    let more = json!({ "topics": ["git:n"], "since": since, "limit": 1 });
    assert_eq!(project.wire().call("event.list", more), json!([]));
}
