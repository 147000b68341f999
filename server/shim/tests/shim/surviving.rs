//! Daemons that die.

use std::process::{Command, Stdio};

use aiwg_shim::{Abandon, RUN_FILE, abandon, is_held, read_run, request_end};

use crate::support::{SHIM, Task, until};

#[test]
fn a_daemon_that_no_longer_listens_changes_nothing() {
    let task = Task::sh("echo out");
    let mut shim = task.shim();
    shim.hang_up();
    shim.give(&task.spec);
    shim.wait();
    assert_eq!((task.exit().code, task.text("stdout.log")), (Some(0), "out\n".to_owned()));
}

#[test]
fn a_shim_outlives_its_daemon_and_can_still_be_asked_to_end() {
    let task = Task::new(&["sleep", "1000"]);
    std::fs::write(task.file("spec.json"), serde_json::to_vec(&task.spec).unwrap()).unwrap();
    // The daemon: its session's leader, whose death would hang up on a child that is in the same session.
    let mut daemon = Command::new("setsid")
        .args(["sh", "-c", &format!("{SHIM} <spec.json | cat & wait")])
        .current_dir(task.dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let run =
        until("the agent is on record", || read_run(task.dir()).unwrap().filter(|run| run.agent.is_some()));
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert!(run.agent.unwrap().is_alive() && run.shim.is_alive());
    assert_eq!(abandon(task.dir(), 1).unwrap(), Abandon::StillRunning);
    assert!(request_end(task.dir()).unwrap());
    until("the shim is gone", || (!is_held(task.dir()).unwrap()).then_some(()));
    let exit = task.exit();
    assert_eq!((exit.signal, exit.end_requested, exit.processes_ended), (Some(15), true, 1));
    // It may be a zombie until it is reaped, and a zombie is not alive.
    until("the shim is dead", || (!run.shim.is_alive()).then_some(()));
    assert!(!request_end(task.dir()).unwrap());
}

#[test]
fn who_runs_it_is_on_record() {
    let task = Task::new(&["sleep", "1000"]);
    let (mut shim, agent) = task.started();
    let run = read_run(task.dir()).unwrap().unwrap();
    assert_eq!((run.task_id.as_str(), run.launch), ("task-0001", 1));
    assert_eq!((run.shim.pid, run.agent), (shim.pid(), Some(agent)));
    assert!(run.boot_id.is_some() && run.started_at_ms.is_some() && run.shim.start_time > 0);
    assert!(task.text(RUN_FILE).contains(r#""start_time""#));
    request_end(task.dir()).unwrap();
    shim.wait();
}
