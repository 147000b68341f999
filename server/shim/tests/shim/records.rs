//! Records, and what becomes of those that are not as they should be.

use std::process::Command;

use aiwg_shim::{EXIT_FILE, Process, RUN_FILE, RunRecord, Signal, is_held, read_exit, read_run, request_end};

use crate::support::{Task, until};

#[test]
fn there_may_be_none() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read_run(dir.path()).unwrap(), None);
    assert_eq!(read_exit(dir.path(), 1).unwrap(), None);
}

#[test]
fn one_of_another_attempt_is_none() {
    let task = Task::sh("true");
    task.run();
    assert!(read_exit(task.dir(), 1).unwrap().is_some());
    assert_eq!(read_exit(task.dir(), 2).unwrap(), None);
}

#[test]
fn a_broken_one_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    for text in ["", "{\"task_id\":\"ta", "[]", "\u{0}\u{0}\u{0}"] {
        std::fs::write(dir.path().join(RUN_FILE), text).unwrap();
        std::fs::write(dir.path().join(EXIT_FILE), text).unwrap();
        let errors = [read_run(dir.path()).unwrap_err(), read_exit(dir.path(), 1).unwrap_err()];
        for (error, name) in errors.iter().zip([RUN_FILE, EXIT_FILE]) {
            assert_eq!(error.path(), dir.path().join(name));
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn the_last_record_is_tried_again_with_the_lock_held() {
    let task = Task::sh("exit 4");
    // What stands in the way makes writing fail, as a full disk does.
    std::fs::create_dir(task.file("exit.tmp")).unwrap();
    let mut shim = task.start();
    task.lines("shim.log", 1);
    assert!(task.text("shim.log").contains("exit.tmp") || task.text("shim.log").contains(EXIT_FILE));
    assert!(is_held(task.dir()).unwrap() && read_exit(task.dir(), 1).unwrap().is_none());
    std::fs::remove_dir(task.file("exit.tmp")).unwrap();
    shim.wait();
    assert_eq!(task.exit().code, Some(4));
}

#[test]
fn a_number_that_was_given_out_again_is_not_signalled() {
    let task = Task::new(&["sleep", "1000"]);
    let (mut shim, _) = task.started();
    let run = read_run(task.dir()).unwrap().unwrap();
    let mut innocent = Command::new("sleep").arg("1000").spawn().unwrap();
    let innocent_process = Process::of(innocent.id()).unwrap();
    let earlier = Process { start_time: innocent_process.start_time - 1, ..innocent_process };
    let stale = [
        RunRecord { shim: earlier, ..run.clone() },
        // From before the machine was started again, where the very same number and time can come up.
        RunRecord { shim: innocent_process, boot_id: Some("another".to_owned()), ..run.clone() },
    ];
    for record in &stale {
        assert!(!request_end(record).unwrap());
    }
    assert!(!earlier.is_alive() && !earlier.signal(Signal::KILL).unwrap());
    assert!(innocent_process.is_alive());
    innocent.kill().unwrap();
    innocent.wait().unwrap();
    assert!(request_end(&run).unwrap());
    shim.wait();
}

#[test]
fn a_zombie_is_not_alive() {
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    let process = Process::of(child.id()).unwrap();
    assert!(process.is_alive() && process.signal(Signal::KILL).unwrap());
    until("it is dead", || (!process.is_alive()).then_some(()));
    // It is not reaped, so the number is still there.
    assert_eq!(Process::of(process.pid), Some(process));
    assert!(!process.signal(Signal::KILL).unwrap());
    child.wait().unwrap();
    assert_eq!(Process::of(process.pid), None);
}

#[test]
fn numbers_that_no_process_can_have_are_gone() {
    for pid in [0, u32::MAX, i32::MAX.cast_unsigned()] {
        let process = Process { pid, start_time: 0 };
        assert!(!process.is_alive() && !process.signal(Signal::KILL).unwrap());
    }
}
