//! The limits for which a shim ends its agent by itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aiwg_shim::{
    EXIT_REMOVED, EndedFor, LOCK_FILE, Lease, Pauses, Process, RUN_FILE, STDERR_FILE, STDOUT_FILE, Signal,
    Started, boot_ms, prolong, read_exit, read_pauses, read_run, write_pauses,
};

use crate::support::{Task, until};

fn ended_for(task: &Task) -> Option<EndedFor> {
    let mut shim = task.start();
    assert!(matches!(shim.code(), Some(0 | 3)));
    task.exit().ended_for
}

#[test]
fn its_time_is_up_without_any_daemon() {
    let mut task = Task::new(&["sleep", "1000"]);
    task.spec.time_limit_ms = Some(50);
    let mut shim = task.start();
    shim.agent();
    shim.hang_up();
    shim.wait();
    let exit = task.exit();
    assert_eq!(
        (exit.ended_for, exit.end_requested, exit.signal),
        (Some(EndedFor::TimeLimit), false, Some(15))
    );
}

#[test]
fn its_time_does_not_run_while_it_waits_for_a_person() {
    let mut task = Task::new(&["sleep", "1000"]);
    task.spec.time_limit_ms = Some(50);
    let paused = |over_ms, since_ms| write_pauses(&task.spec.dir, Pauses { over_ms, since_ms }).unwrap();
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    paused(0, Some(now));
    let (mut shim, agent) = task.started();
    shim.hang_up();
    // Several times as long as its time: it looks at least once a second.
    std::thread::sleep(Duration::from_millis(1500));
    assert!(agent.is_alive());
    // The pause is over, and was shorter than all that has passed.
    paused(1000, None);
    shim.wait();
    assert_eq!(task.exit().ended_for, Some(EndedFor::TimeLimit));
    assert_eq!(read_pauses(&task.spec.dir).unwrap(), Some(Pauses { over_ms: 1000, since_ms: None }));
}

#[test]
fn its_lease_is_over_without_any_daemon() {
    let mut task = Task::new(&["sleep", "1000"]);
    let path = task.file("lease");
    task.spec.lease = Some(Lease { path: path.clone(), until_ms: boot_ms() + 1000 });
    // It was prolonged before its shim has looked.
    prolong(&path, boot_ms() + 2500).unwrap();
    let (mut shim, agent) = task.started();
    shim.hang_up();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(agent.is_alive());
    shim.wait();
    let exit = task.exit();
    assert_eq!((exit.ended_for, exit.end_requested, exit.signal), (Some(EndedFor::Lease), false, Some(15)));
}

#[test]
fn an_agent_whose_lease_is_over_is_not_started() {
    let mut task = Task::sh("touch began");
    task.spec.lease = Some(Lease { path: task.file("lease"), until_ms: boot_ms() });
    let mut shim = task.start();
    let Some(Started::Failed(error)) = shim.says() else { panic!("it was started") };
    assert!(error.is_lease_over() && error.is_shortage(), "{error:?}");
    shim.wait();
    assert!(!task.file("began").exists());
    assert_eq!(read_exit(task.dir(), task.spec.launch).unwrap(), None, "it is to be started yet");
    // It was prolonged meanwhile.
    prolong(&task.file("lease"), boot_ms() + 60_000).unwrap();
    task.run();
    assert!(task.file("began").exists());
}

#[test]
fn an_agent_does_not_lift_its_time_limit_by_a_record_of_pauses() {
    for record in [r#"{"over_ms":1000000000000000}"#, r#"{"since_ms":0}"#] {
        let mut task = Task::sh(&format!("echo '{record}' >pauses.json; exec sleep 1000"));
        (task.spec.time_limit_ms, task.spec.most_paused_ms) = (Some(50), 200);
        assert_eq!(ended_for(&task), Some(EndedFor::TimeLimit), "{record}");
    }
}

#[test]
fn one_that_ends_in_time_is_not_ended() {
    let mut task = Task::sh("exit 3");
    task.spec.time_limit_ms = Some(u64::MAX);
    assert_eq!((task.run().code, task.exit().ended_for), (Some(3), None));
}

#[test]
fn a_lock_that_is_removed_or_replaced_is_noticed() {
    for how in
        ["rm lock", "mv lock elsewhere", "echo >other; mv other lock", "rm lock; ln -s stdout.log lock"]
    {
        let task = Task::sh(&format!("{how}; exec sleep 1000"));
        assert_eq!(ended_for(&task), Some(EndedFor::Removed), "{how}");
    }
}

#[test]
fn a_directory_that_is_removed_is_noticed() {
    for how in [
        "rm -rf \"$D\"",
        "mv \"$D\" \"$D.away\"; rm -rf \"$D.away\"",
        "rm -rf \"$D\"; mkdir \"$D\"; touch \"$D/lock\"",
    ] {
        let mut task = Task::sh(&format!("{how}; exec sleep 1000"));
        let dir = task.file("its");
        std::fs::create_dir(&dir).unwrap();
        task.spec.dir = dir.clone();
        task.spec.env.insert("D".to_owned(), dir.to_str().unwrap().to_owned());
        let (mut shim, agent) = task.started();
        assert_eq!(shim.code(), Some(i32::from(EXIT_REMOVED)), "{how}");
        assert!(!agent.is_alive());
    }
}

/// A task whose directory is `its/state/task` in the test's own, and whose project is `its`.
fn within_a_project(script: &str) -> Task {
    let mut task = Task::sh(script);
    task.spec.root = Some(task.file("its"));
    task.spec.dir = task.file("its/state/task");
    std::fs::create_dir_all(&task.spec.dir).unwrap();
    task
}

#[test]
fn a_project_that_is_moved_gets_the_record_where_it_is() {
    let task = within_a_project("until [ -e go ]; do sleep 0.01; done; echo done; exit 5");
    let (mut shim, _) = task.started();
    std::fs::rename(task.file("its"), task.file("moved")).unwrap();
    // And another is in its place.
    std::fs::create_dir_all(&task.spec.dir).unwrap();
    task.touch("go");
    shim.wait();
    let moved = task.file("moved/state/task");
    let exit = aiwg_shim::read_exit(&moved, 1).unwrap().unwrap();
    assert_eq!((exit.code, exit.ended_for), (Some(5), None));
    assert_eq!(std::fs::read_to_string(moved.join(STDOUT_FILE)).unwrap(), "done\n");
    assert_eq!(std::fs::read_dir(&task.spec.dir).unwrap().count(), 0);
}

#[test]
fn a_directory_that_is_moved_out_of_its_project_is_noticed() {
    for how in [
        "mv its/state/task its/state/other",
        "mv its/state its/other",
        "mv its/state/task .; ln -s \"$PWD/task\" its/state/task",
        "mv its/state .; ln -s \"$PWD/state\" its/state",
    ] {
        let task = within_a_project(&format!("{how}; exec sleep 1000"));
        let (mut shim, agent) = task.started();
        assert_eq!(shim.code(), Some(i32::from(EXIT_REMOVED)), "{how}");
        assert!(!agent.is_alive());
    }
}

#[test]
fn a_record_that_is_removed_is_put_back() {
    let task = Task::sh("rm run.json; exec sleep 1000");
    let (mut shim, agent) = task.started();
    let agent_known =
        || read_run(task.dir()).ok().flatten().filter(|run| run.agent == Some(agent)).map(|_| ());
    until("it is there again", || task.file(RUN_FILE).exists().then(agent_known).flatten());
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!(task.exit().ended_for, None);
}

#[test]
fn an_agent_that_writes_too_much_is_ended_and_its_output_cut() {
    for how in [
        "while :; do echo too much; done",
        "while :; do echo too much >&2; done",
        "head -c 100000 /dev/zero; exit 0",
        "truncate -s 15T stdout.log; sleep 1000",
        "truncate -s 15T stdout.log",
        "rm stderr.log; truncate -s 8E stderr.log 2>/dev/null || truncate -s 15T stderr.log; exec sleep 1000",
    ] {
        let mut task = Task::sh(how);
        task.spec.max_output_bytes = Some(10_000);
        task.spec.leftover_grace_ms = 300;
        assert_eq!(ended_for(&task), Some(EndedFor::Output), "{how}");
        for name in [STDOUT_FILE, STDERR_FILE] {
            assert!(std::fs::metadata(task.file(name)).unwrap().len() <= 10_000, "{how}");
        }
    }
}

#[test]
fn what_an_agent_writes_counts_wherever_it_takes_the_file() {
    for how in [
        "rm stdout.log",
        "mv stdout.log away",
        "rm stdout.log; mkdir stdout.log",
        "mkdir a; mv stdout.log a/away",
    ] {
        let mut task = Task::sh(&format!(
            "{how}; while [ ! -e go ]; do sleep 0.01; done; while :; do echo too much; sleep 0.001; done"
        ));
        task.spec.max_output_bytes = Some(2_000);
        task.spec.leftover_grace_ms = 300;
        let (mut shim, _) = task.started();
        until("it is taken away", || (!task.file(STDOUT_FILE).is_file()).then_some(()));
        task.touch("go");
        shim.wait();
        assert_eq!(task.exit().ended_for, Some(EndedFor::Output), "{how}");
        assert!(task.exit().output_taken, "{how}");
        for name in ["away", "a/away"] {
            assert!(task.file(name).metadata().map_or(0, |found| found.len()) <= 2_000, "{how}");
        }
    }
}

#[test]
fn an_agent_that_leaves_its_output_alone_has_not_taken_it() {
    let task = Task::sh("echo yes");
    task.start().wait();
    assert!(!task.exit().output_taken);
}

#[test]
fn as_much_as_is_allowed_is_not_too_much() {
    let mut task = Task::sh("head -c 9000 /dev/zero; head -c 1000 /dev/zero >&2");
    task.spec.max_output_bytes = Some(10_000);
    assert_eq!(ended_for(&task), None);
}

#[test]
fn a_stopped_tree_hears_that_it_is_to_end() {
    let task = Task::sh(
        "trap 'echo heard; exit 6' TERM; (trap 'echo too >&2; exit' TERM; me=$(sh -c 'echo $PPID'); echo $me >child; kill -STOP $me; sleep 1000) & \
         kill -STOP $$; while :; do sleep 0.01; done",
    );
    let (mut shim, agent) = task.started();
    let child = task.processes("child", 1)[0];
    let stopped = |process: Process| {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.pid)).unwrap_or_default();
        stat.contains(") T ").then_some(())
    };
    // Both: one that is stopped after SIGTERM would be killed, and only when the grace is over.
    until("they are stopped", || stopped(agent).and_then(|()| stopped(child)));
    shim.signal(Signal::TERM);
    shim.wait();
    assert_eq!((task.exit().code, task.text(STDOUT_FILE).as_str()), (Some(6), "heard\n"));
    assert_eq!(task.text(STDERR_FILE), "too\n");
}

#[test]
fn agents_leave_no_core() {
    let task = Task::sh("ulimit -S -c; ulimit -H -c");
    let hard = rustix::process::getrlimit(rustix::process::Resource::Core).maximum;
    let hard = hard.map_or("unlimited".to_owned(), |bytes| (bytes / 512).to_string());
    task.run();
    let limits = task.text(STDOUT_FILE);
    assert!(limits.starts_with("0\n"), "{limits}");
    assert!(limits.lines().nth(1).is_some_and(|line| line == hard || hard != "unlimited"), "{limits}");
}

#[test]
fn the_lock_is_still_there_after_an_ordinary_end() {
    let task = Task::sh("true");
    task.run();
    assert!(task.file(LOCK_FILE).exists());
}
