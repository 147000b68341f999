//! Shims that are killed.

use std::process::Command;

use aiwg_shim::{Abandon, Process, Signal, Swept, abandon, is_held, read_exit, sweep};

use crate::support::{MARK, Task};

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
