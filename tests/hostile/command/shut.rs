//! A way to the daemon that takes each connection and closes it at once, as a tunnel does whose daemon is down.

use std::{
    os::unix::net::UnixListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::liar::somewhere;
use crate::support::Project;

#[test]
fn what_waits_does_not_spin_and_says_once_that_it_waits() {
    let project = Project::empty();
    for args in [["task", "wait", "1"].as_slice(), &["task", "logs", "1", "--follow"]] {
        let (_dir, socket) = somewhere();
        let listener = UnixListener::bind(&socket).unwrap();
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                drop(stream);
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        let mut command = project.command();
        command.args(args).args(["--wait-timeout", "1"]).env("AIWG_DAEMON_SOCKET", &socket);
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(124), "{args:?}: {said}");
        assert_eq!(said.matches("waiting for it").count(), 1, "{args:?}: {said}");
        // It goes on, but with pauses: without them it would be thousands.
        let taken = taken.load(Ordering::Relaxed);
        assert!((2..100).contains(&taken), "{args:?}: {taken}");
    }
}
