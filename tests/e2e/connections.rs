//! Many connections, and clients that behave badly: each costs little, and no other notices.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    process::Command,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::support::{Project, until};

/// Memory that the daemon holds, in KiB.
fn resident_kib(project: &Project) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", project.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The usual limit of open files of a process, where nobody raises it.
const USUAL_OPEN_FILES: u64 = 1024;

/// A project whose daemon was started with the usual limit, and this test with as much as it may have.
fn with_usual_limits() -> Project {
    let project = Project::new(json!({}));
    let aiwg = env!("CARGO_BIN_EXE_aiwg");
    let start = format!("ulimit -S -n {USUAL_OPEN_FILES} && exec {aiwg} daemon start");
    let started = Command::new("sh").args(["-c", &start]).current_dir(project.path()).status().unwrap();
    assert!(started.success());
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    project
}

#[test]
fn a_thousand_slow_connections_cost_little() {
    let project = with_usual_limits();
    project.wire().is_alive();
    let before = resident_kib(&project);
    let mut slow: Vec<UnixStream> =
        (0..1100).map(|_| UnixStream::connect(project.socket()).unwrap()).collect();
    let clients = || project.wire().call("daemon.status", json!({}))["subsystems"]["ipc"]["clients"].clone();
    until("all clients", || clients() == 1101);
    // Byte by byte, and others are served in between.
    let line = b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\n";
    for byte in line {
        for stream in &mut slow {
            stream.write_all(&[*byte]).unwrap();
        }
        project.wire().is_alive();
    }
    let each = (resident_kib(&project) - before) / slow.len();
    assert!(each < 64, "{each} KiB for each connection");
    for stream in &slow {
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.contains("\"id\":7,") && answer.contains("\"pong\":true"), "{answer}");
    }
    drop(slow);
    until("their end", || clients() == 1);
}

#[test]
fn agents_get_the_limit_of_open_files_that_the_daemon_was_started_with() {
    let project = with_usual_limits();
    let task = project.submit("ulimit -S -n");
    let result = project.ended(&task)["result"].clone();
    assert!(result.as_str().unwrap().ends_with(&format!("\n{USUAL_OPEN_FILES}\n")), "{result}");
}

#[test]
fn those_who_never_read_cost_a_bounded_amount() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    let before = resident_kib(&project);
    let line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}\n".repeat(1000);
    let stuck: Vec<UnixStream> = (0..20)
        .map(|_| {
            let mut stream = UnixStream::connect(project.socket()).unwrap();
            stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
            // Until the daemon reads no more from it.
            while stream.write_all(&line).is_ok() {}
            stream
        })
        .collect();
    wire.is_alive();
    // Each may have its high-water mark of answers waiting, and one more answer for each that was under way.
    let each = resident_kib(&project).saturating_sub(before) / stuck.len();
    assert!(each < 16 * 1024, "{each} KiB for each connection");
    drop(stuck);
    wire.is_alive();
}
