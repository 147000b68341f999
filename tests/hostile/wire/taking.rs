//! Connections that cannot be accepted for a while.

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::json;

use super::request;
use crate::support::{Project, Wire, until};

fn is_reported(wire: &mut Wire) -> bool {
    wire.call("daemon.status", json!({}))["issues"].to_string().contains("connections cannot be accepted")
}

#[test]
fn without_files_connections_wait_and_are_taken_when_there_are_some() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    wire.is_alive();
    let pid = Pid::from_raw(project.pid().try_into().unwrap());
    let few = Rlimit { current: Some(4), ..getrlimit(Resource::Nofile) };
    let before = prlimit(pid, Resource::Nofile, few).unwrap();
    let mut waiting: Vec<Wire> = (0..5).map(|_| project.wire()).collect();
    for (id, wire) in waiting.iter_mut().enumerate() {
        wire.send(request(id, "ping", &json!({})));
    }
    // Who is connected is served, and shown the issue.
    until("it is said", || is_reported(&mut wire));
    prlimit(pid, Resource::Nofile, before).unwrap();
    for (id, wire) in waiting.iter_mut().enumerate() {
        assert_eq!(wire.receive()["id"], id);
    }
    until("the health to be well", || !is_reported(&mut wire));
    // It has not tried without a pause: the longest one is two seconds, the first ones are shorter.
    let tried = project.read(".aiwg/daemon/daemon.log").matches("connections cannot be accepted").count();
    assert!(tried < 100, "{tried}");
}

#[test]
fn a_daemon_stops_though_connections_cannot_be_taken() {
    let project = Project::started(json!({}));
    let mut wire = project.wire();
    wire.is_alive();
    let pid = Pid::from_raw(project.pid().try_into().unwrap());
    let few = Rlimit { current: Some(4), ..getrlimit(Resource::Nofile) };
    prlimit(pid, Resource::Nofile, few).unwrap();
    let _waiting = project.wire();
    until("it is said", || is_reported(&mut wire));
    wire.call("daemon.stop", json!({}));
    wire.rest();
    until("its end", || !project.socket().exists());
}
