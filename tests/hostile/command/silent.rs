//! Daemons that do not answer: every command but those that wait gives up, and says what to do.

use std::os::unix::net::UnixStream;

use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with},
    process::Signal,
};
use serde_json::{Value, json};

use crate::support::{Project, kill};

/// Commands that a daemon that is well answers at once.
const SHORT: [&[&str]; 24] = [
    &["daemon", "status"],
    &["daemon", "ping"],
    &["daemon", "reload"],
    &["daemon", "restart"],
    &["daemon", "chat", "hello"],
    &["task", "submit", "x"],
    &["task", "submit", "x", "--wait"],
    &["task", "list"],
    &["task", "get", "1"],
    &["task", "cancel", "1"],
    &["task", "cancel", "1", "--no-wait"],
    &["task", "retry", "1"],
    &["task", "stats"],
    &["task", "logs", "1"],
    &["task", "logs", "--follow"],
    &["event", "emit", "a:b"],
    &["event", "list"],
    &["event", "watch"],
    &["automation", "status"],
    &["automation", "enable"],
    &["automation", "test", "--topic", "a:b"],
    &["schedule", "list"],
    &["schedule", "run", "x"],
    &["chat", "send", "x", "--no-wait"],
];

fn all_give_up(project: &Project) {
    for args in SHORT {
        let done = project.run(&[args, &["--request-timeout", "0.2", "--json"]].concat());
        assert_eq!((done.code, done.out.as_str()), (1, ""), "{args:?}: {}", done.err);
        let error: Value = serde_json::from_str(&done.err).unwrap();
        let message = error["error"]["message"].as_str().unwrap();
        assert_eq!(error["error"]["data"]["kind"], "timeout", "{args:?}");
        assert!(
            message.contains("does not answer") && message.contains("`aiwg daemon stop`"),
            "{args:?}: {message}"
        );
    }
}

#[test]
fn what_is_answered_at_once_is_not_waited_for_for_ever() {
    let project = Project::started(json!({}));
    kill(project.pid(), Signal::STOP);
    all_give_up(&project);
    // Its log is a file, which can be read without it.
    let logs = project.run(&["daemon", "logs", "--request-timeout", "0.2"]);
    assert!(logs.code == 0 && logs.out.contains("the daemon starts"), "{}", logs.err);
    assert!(logs.err.contains("does not answer"), "{}", logs.err);
    // What waits for a task waits for the daemon as well, unless it has a limit.
    let waited = project.run(&["task", "wait", "1", "--wait-timeout", "0.5"]);
    assert_eq!(waited.code, 124, "{}", waited.err);
    kill(project.pid(), Signal::CONT);
    project.wire().is_alive();
}

#[test]
fn a_daemon_that_takes_no_more_connections_is_there() {
    let project = Project::empty();
    std::fs::create_dir_all(project.file(".aiwg/daemon")).unwrap();
    let socket = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap()
    };
    let address = SocketAddrUnix::new(project.socket()).unwrap();
    let listener = socket();
    bind(&listener, &address).unwrap();
    listen(&listener, 0).unwrap();
    // All that wait to be taken.
    let mut full = Vec::new();
    loop {
        let one = socket();
        match connect(&one, &address) {
            Ok(()) => full.push(UnixStream::from(one)),
            Err(error) => {
                assert_eq!(error, Errno::AGAIN);
                break;
            }
        }
    }
    all_give_up(&project);
    let stop = project.run(&["daemon", "stop", "--request-timeout", "0.2"]);
    assert!(stop.code == 1 && stop.err.contains("does not answer"), "{}", stop.err);
}
