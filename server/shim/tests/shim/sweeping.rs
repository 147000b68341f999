//! Shims that are killed.

use std::process::Command;

use aiwg_shim::{
    Abandon, Process, Signal, Swept, abandon, end_shims, force_end, is_held, read_exit, shims, sweep,
};

use crate::support::{MARK, SHIM, Shim, Task, until};

/// In a session of its own, orphaned, without a variable, and deaf.
const HIDDEN: &str =
    "setsid -f env -i sh -c \"trap '' TERM; echo \\$\\$ >>hidden; while :; do sleep 1000; done\"";

/// One whose shim is marked as it is itself.
fn marked(script: &str) -> (Task, Shim) {
    let task = Task::sh(script);
    let mut shim = task.shim_by(Command::new(SHIM).env(MARK, task.dir()));
    shim.give(&task.spec);
    (task, shim)
}

#[test]
fn what_is_below_a_marked_shim_needs_no_environment() {
    let (task, mut shim) =
        marked(&format!("echo $$ >agent; {HIDDEN}; kill -STOP $PPID; rm lock; sleep 1000"));
    // Its shim may be stopped before it reports the start.
    let agent = task.processes("agent", 1)[0];
    let hidden = task.processes("hidden", 1)[0];
    until("the lock is gone", || (!task.file("lock").exists()).then_some(()));
    let mark = task.dir().to_str().unwrap().to_owned();
    let found = shims(&[(MARK, &mark)]);
    assert_eq!(found.iter().map(|shim| shim.pid).collect::<Vec<_>>(), [shim.pid()]);
    assert_eq!(shims(&[(MARK, &mark[1..])]), []);
    // A process that either of them has just started adds to the count.
    let swept = sweep(&[(MARK, &mark)]);
    assert!(swept.ended >= 3 && swept.left == 0, "{swept:?}");
    assert!(!agent.is_alive() && !hidden.is_alive());
    assert!(!shim.succeeds());
}

#[test]
fn a_shim_that_is_stopped_again_and_again_is_forced() {
    let (task, mut shim) = marked(
        "shim=$PPID; setsid -f env -i sh -c \"trap '' TERM; echo >stopping; while :; do kill -STOP $shim; done\" 2>/dev/null; echo $$ >agent; sleep 1000",
    );
    let agent = task.processes("agent", 1)[0];
    task.lines("stopping", 1);
    let process = Process::of(shim.pid()).unwrap();
    shim.signal(Signal::TERM);
    // No process is left that stops it, and it goes on.
    assert!(!force_end(&process, 0));
    shim.wait();
    assert!(!agent.is_alive());
    assert_eq!((task.exit().signal, task.exit().processes_left), (Some(9), 0));
}

#[test]
fn shims_that_are_asked_end_as_they_should() {
    let (one, mut first) = marked("trap 'exit 7' TERM; echo >ready; while :; do sleep 0.01; done");
    let (other, mut second) = marked("exec sleep 1000");
    first.agent();
    second.agent();
    one.lines("ready", 1);
    let both = [first.pid(), second.pid()].map(|pid| Process::of(pid).unwrap());
    // They are zombies then.
    assert_eq!(end_shims(both.to_vec()), []);
    first.wait();
    second.wait();
    assert_eq!((one.exit().code, one.exit().end_requested), (Some(7), true));
    assert_eq!((other.exit().signal, other.exit().end_requested), (Some(15), true));
}

#[test]
fn what_a_killed_shim_kept_is_found_by_its_environment() {
    let task = Task::sh(
        "setsid -f sleep 1000; trap '' TERM; sh -c 'echo $$ >>pids; exec sleep 1000' & echo $$ >>pids; wait",
    );
    let (mut shim, agent) = task.started();
    let processes = task.processes("pids", 2);
    shim.signal(Signal::KILL);
    assert!(!shim.succeeds());
    assert!(!is_held(task.dir()).unwrap());
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::Done);
    assert_eq!(read_exit(task.dir(), 1).unwrap(), None);
    assert!(agent.is_alive());

    let mark = task.dir().to_str().unwrap();
    assert_eq!(sweep(&[(MARK, mark), ("AIWG_SHIM_TEST_OTHER", "1")]), Swept { ended: 0, left: 0 });
    assert_eq!(sweep(&[(MARK, &mark[..mark.len() - 1])]), Swept { ended: 0, left: 0 });
    assert!(agent.is_alive());
    assert_eq!(sweep(&[(MARK, mark)]), Swept { ended: 3, left: 0 });
    assert!(!agent.is_alive() && processes.iter().all(|process| !process.is_alive()));
}

#[test]
fn all_the_pairs_must_match() {
    let value = tempfile::tempdir().unwrap();
    let value = value.path().to_str().unwrap();
    let mut child = Command::new("sleep")
        .arg("1000")
        .env("AIWG_SWEEP_A", value)
        .env("AIWG_SWEEP_B", "b")
        .spawn()
        .unwrap();
    let process = Process::of(child.id()).unwrap();
    let none = Swept { ended: 0, left: 0 };
    assert_eq!(sweep(&[("AIWG_SWEEP_A", value), ("AIWG_SWEEP_B", "other")]), none);
    assert!(process.is_alive());
    assert_eq!(sweep(&[("AIWG_SWEEP_A", value), ("AIWG_SWEEP_B", "b")]), Swept { ended: 1, left: 0 });
    child.wait().unwrap();
}

#[test]
fn an_empty_marker_marks_nothing() {
    // It would end this test, and much else.
    assert_eq!(sweep(&[]), Swept { ended: 0, left: 0 });
}
