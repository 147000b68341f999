//! The end of a run is stored by the daemon, or survives a power cut by its record.

use std::{
    io::BufRead,
    process::{Command, Stdio},
};

use aiwg_shim::{ON_RECORD, STORED, Signal, Started};

use crate::support::{SHIM, Shim, Task};

/// A shim whose agent has exited with 3, and which waits for the answer.
fn on_record(task: &Task) -> Shim {
    let mut shim = task.shim();
    shim.give_and_stay(&task.spec);
    shim.agent();
    assert_eq!(shim.line(), ON_RECORD);
    assert_eq!(task.exit().code, Some(3));
    shim
}

#[test]
fn the_shim_stays_until_the_daemon_has_stored_the_end() {
    let task = Task::sh("exit 3");
    let mut shim = on_record(&task);
    // Its lock would keep the task's next run waiting.
    assert!(shim.is_alive() && !aiwg_shim::is_held(task.dir()).unwrap());
    shim.answer(STORED);
    shim.wait();
}

#[test]
fn it_does_without_a_daemon_that_ends_or_says_something_else() {
    let task = Task::sh("exit 3");
    let mut shim = on_record(&task);
    shim.close_stdin();
    shim.wait();
    let task = Task::sh("exit 3");
    let mut shim = on_record(&task);
    shim.answer(b'?');
    shim.wait();
}

#[test]
fn it_does_without_a_daemon_that_hangs() {
    let task = Task::sh("exit 3");
    let mut shim = on_record(&task);
    // Its signals do not cut that short, or turn it into a failure.
    shim.signal(Signal::TERM);
    shim.wait();
    assert!(!task.exit().end_requested);
}

#[test]
fn the_agent_has_no_way_to_either_side() {
    let mut task = Task::sh(
        "read answer && exit 1; echo from the agent; [ \"$(ls /proc/self/fd | wc -l)\" -le 4 ] || exit 2; exit 3",
    );
    let mut shim = on_record(&task);
    shim.answer(STORED);
    shim.wait();
    // Nor has one that cannot be started: the answer is the same.
    task.spec.launch = 2;
    task.spec.command = vec!["no-such-agent-anywhere".to_owned()];
    let mut shim = task.shim();
    shim.give_and_stay(&task.spec);
    assert!(matches!(shim.says(), Some(Started::Failed(_))));
    assert_eq!(shim.line(), ON_RECORD);
    shim.answer(STORED);
    shim.wait();
}

/// The calls by which a shim waits for the disk: none if strace is not installed or may not trace here.
fn syncs(task: &Task, is_stored: bool) -> Option<usize> {
    let trace = task.file("trace");
    let tried = Command::new("strace").args(["-e", "trace=fsync", "true"]).stderr(Stdio::null()).status();
    tried.ok().filter(|status| status.success())?;
    let mut strace = Command::new("strace");
    strace.args(["-f", "-e", "trace=fsync,fdatasync", "-o"]).arg(&trace).arg(SHIM);
    let mut shim = task.shim_by(&mut strace);
    shim.give_and_stay(&task.spec);
    shim.agent();
    assert_eq!(shim.line(), ON_RECORD);
    if is_stored {
        shim.answer(STORED);
    }
    shim.close_stdin();
    shim.wait();
    let trace = std::fs::File::open(trace).unwrap();
    let lines = std::io::BufReader::new(trace).lines().map(Result::unwrap);
    Some(lines.filter(|line| line.contains("sync(")).count())
}

#[test]
fn it_waits_for_the_disk_only_where_nobody_else_has_the_end() {
    let (stored, alone) = (Task::sh("exit 3"), Task::sh("exit 3"));
    let Some(found) = syncs(&stored, true).zip(syncs(&alone, false)) else {
        return println!("skipped: strace is not installed, or may not trace here");
    };
    // The record and its directory.
    assert_eq!(found, (0, 2));
    let with_output = Task::sh("echo out; echo err >&2; exit 3");
    assert_eq!(syncs(&with_output, true), Some(2), "the output is on the disk before the daemon reads it");
}
