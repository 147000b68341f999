//! Records, and what becomes of those that are not as they should be.

use std::process::Command;

use aiwg_shim::{
    EXIT_FILE, Process, RUN_FILE, RunRecord, Signal, holder, is_held, read_exit, read_run, request_end,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::{SHIM, Task, until};

#[test]
fn there_may_be_none() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read_run(dir.path()).unwrap(), None);
    assert_eq!(read_exit(dir.path(), 1).unwrap(), None);
}

#[test]
fn one_of_another_launch_is_none() {
    let task = Task::sh("true");
    task.run();
    assert!(read_exit(task.dir(), 1).unwrap().is_some());
    assert_eq!(read_exit(task.dir(), 2).unwrap(), None);
}

#[test]
fn those_of_shims_of_earlier_and_later_versions_are_read() {
    for name in ["attempt", "launch"] {
        let dir = tempfile::tempdir().unwrap();
        let run = format!(
            r#"{{"task_id":"task-0001","{name}":2,"boot_id":null,"shim":{{"pid":7,"start_time":8}},"agent":null,"started_at_ms":null}}"#
        );
        let exit = format!(
            r#"{{"task_id":"task-0001","{name}":2,"code":3,"signal":null,"spawn_error":null,"started_at_ms":1,"ended_at_ms":2,
                "end_requested":false,"processes_ended":0,"processes_left":0,"user_ms":null,"system_ms":null}}"#
        );
        std::fs::write(dir.path().join(RUN_FILE), run).unwrap();
        std::fs::write(dir.path().join(EXIT_FILE), exit).unwrap();
        assert_eq!(read_run(dir.path()).unwrap().unwrap().launch, 2, "{name}");
        assert_eq!(read_exit(dir.path(), 2).unwrap().unwrap().code, Some(3), "{name}");
    }
    let task = Task::sh("true");
    task.run();
    assert!(task.text(EXIT_FILE).contains(r#""attempt":1"#), "{}", task.text(EXIT_FILE));
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
    // The file reserved for the record is gone, too.
    let task = Task::sh("rm exit.tmp; until [ -e go ]; do sleep 0.01; done; exit 4");
    let mut shim = task.shim_by(Command::new("sh").args(["-c", "trap '' XFSZ; exec \"$0\""]).arg(SHIM));
    shim.give(&task.spec);
    shim.agent();
    // Writing fails from here on, as with a full disk.
    let limit = |current| {
        let pid = Pid::from_raw(shim.pid().cast_signed());
        prlimit(pid, Resource::Fsize, Rlimit { current, maximum: None }).unwrap();
    };
    std::fs::remove_file(task.file("shim.log")).unwrap();
    until("the room to be gone", || (!task.file("exit.tmp").exists()).then_some(()));
    limit(Some(0));
    task.touch("go");
    until("it has tried", || task.file("exit.tmp").exists().then_some(()));
    assert!(is_held(task.dir()).unwrap() && read_exit(task.dir(), 1).unwrap().is_none());
    limit(None);
    shim.wait();
    assert_eq!(task.exit().code, Some(4));
}

#[test]
fn there_is_room_for_the_last_record_from_the_beginning() {
    let task = Task::sh("stat -c %s exit.tmp; until [ -e go ]; do sleep 0.01; done");
    let (mut shim, _) = task.started();
    until("what the agent has seen", || (task.text("stdout.log") == "1024\n").then_some(()));
    // One that is longer than the record leaves nothing of itself in it.
    std::fs::write(task.file("exit.tmp"), "x".repeat(4096)).unwrap();
    task.touch("go");
    shim.wait();
    assert_eq!(task.exit().code, Some(0));
    assert!(task.text(EXIT_FILE).ends_with('}'), "{}", task.text(EXIT_FILE));
}

#[test]
fn nothing_that_an_agent_puts_in_the_way_keeps_its_end_off_the_record() {
    for obstacle in [
        "mkdir exit.tmp",
        "mkdir -p exit.tmp/full exit.json/full",
        "mkfifo exit.tmp exit.json",
        "ln -s victim exit.tmp; ln -s victim exit.json",
        "echo forged >exit.json",
        "chmod 0 .",
        "rm stdout.log; mkfifo stdout.log",
        "rm stdout.log; mkdir stdout.log",
    ] {
        let task = Task::sh(&format!("echo kept >victim; {obstacle}; exit 4"));
        let exit = task.run();
        assert_eq!((exit.code, exit.ended_for), (Some(4), None), "{obstacle}");
        assert_eq!(task.text("victim"), "kept\n", "{obstacle}");
    }
}

#[test]
fn what_is_put_in_the_place_of_a_record_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let (record, secret) = (dir.path().join(RUN_FILE), dir.path().join("secret"));
    std::fs::write(&secret, "{}").unwrap();
    std::os::unix::fs::symlink(&secret, &record).unwrap();
    assert!(read_run(dir.path()).unwrap_err().to_string().contains("symbolic link"));
    std::fs::remove_file(&record).unwrap();
    assert!(Command::new("mkfifo").arg(&record).status().unwrap().success());
    assert!(read_run(dir.path()).unwrap_err().to_string().contains("named pipe"));
    std::fs::remove_file(&record).unwrap();
    std::fs::File::create(&record).unwrap().set_len(1 << 42).unwrap();
    assert!(read_run(dir.path()).unwrap_err().to_string().contains("bytes"));
}

#[test]
fn a_number_that_was_given_out_again_is_not_signalled() {
    let task = Task::new(&["sleep", "1000"]);
    let (mut shim, _) = task.started();
    let run = read_run(task.dir()).unwrap().unwrap();
    let mut innocent = Command::new("sleep").arg("1000").spawn().unwrap();
    let innocent_process = Process::of(innocent.id()).unwrap();
    let earlier = Process { start_time: innocent_process.start_time - 1, ..innocent_process };
    // Whatever is written there, even by the agent.
    for shim in [earlier, innocent_process] {
        let forged = serde_json::to_vec(&RunRecord { shim, ..run.clone() }).unwrap();
        std::fs::write(task.file("forged"), forged).unwrap();
        std::fs::rename(task.file("forged"), task.file(RUN_FILE)).unwrap();
        assert_eq!(holder(task.dir()).unwrap(), Some(run.shim));
    }
    assert!(!earlier.is_alive() && !earlier.signal(Signal::KILL).unwrap());
    assert!(innocent_process.is_alive());
    assert!(request_end(task.dir()).unwrap());
    shim.wait();
    assert!(innocent_process.is_alive() && holder(task.dir()).unwrap().is_none());
    assert!(!request_end(task.dir()).unwrap());
    innocent.kill().unwrap();
    innocent.wait().unwrap();
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
