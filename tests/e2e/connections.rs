//! Many connections, and clients that behave badly: each costs little, and no other notices.

use std::{io::Write, os::unix::net::UnixStream, time::Duration};

use serde_json::json;

use crate::support::{Project, until};

/// What the daemon holds of memory, in KiB.
fn resident_kib(project: &Project) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", project.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_thousand_silent_connections_cost_little() {
    let project = Project::started(json!({}));
    project.wire().is_alive();
    let before = resident_kib(&project);
    let mut silent: Vec<UnixStream> =
        (0..1000).map(|_| UnixStream::connect(project.socket()).unwrap()).collect();
    let clients = || project.wire().call("daemon.status", json!({}))["subsystems"]["ipc"]["clients"].clone();
    until("a thousand clients", || clients() == 1001);
    // Half a message each.
    for stream in &mut silent {
        stream.write_all(b"{\"jsonrpc\":\"2.0\",").unwrap();
    }
    project.wire().is_alive();
    let each = (resident_kib(&project) - before) / 1000;
    assert!(each < 64, "{each} KiB for each connection");
    drop(silent);
    until("their end", || clients() == 1);
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
