//! A daemon that is embedded in a program with other purposes, as all daemons of these tests are.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc,
};

use aiwg_client::types::NoParams;
use aiwg_server::boot::{self, Ended, Options};
use aiwg_shim::Process;
use aiwg_testing::{TestDaemon, claude_stand_in, processes_of, scripted, until, until_some};
use serde_json::json;

/// The names of this process's threads.
fn threads() -> Vec<String> {
    let entries = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let name = |path: std::path::PathBuf| std::fs::read_to_string(path.join("comm")).ok();
    let mut names: Vec<String> = entries.filter_map(|entry| name(entry.path())).collect();
    names.sort();
    names
}

#[test]
fn several_run_in_one_process_and_know_nothing_of_each_other() {
    let daemons: Vec<TestDaemon> = (0..3).map(|_| TestDaemon::with(json!({}))).collect();
    let tasks: Vec<String> = daemons
        .iter()
        .enumerate()
        .map(|(n, daemon)| daemon.submit(&format!("echo I am {n}; while [ ! -e go ]; do sleep 0.01; done")))
        .collect();
    for (daemon, task) in daemons.iter().zip(&tasks) {
        daemon.wait_for_task(task, "running");
        until("its agent", || daemon.runs() == std::slice::from_ref(task));
    }
    // The end of one, and of its agent, is nothing to the others.
    let mut daemons = daemons.into_iter();
    drop(daemons.next());
    for (n, daemon) in daemons.enumerate() {
        daemon.write("go", "");
        let task = daemon.wait_for_task("task-0001", "completed");
        assert!(task["output"].as_str().unwrap().contains(&format!("I am {}", n + 1)), "{task}");
        assert_eq!(daemon.total(), 1);
    }
}

#[test]
fn an_agent_runs_below_a_shim_and_ends_with_its_daemon() {
    let mut daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("setsid sleep 1000 & sleep 1000");
    until("the agent's processes", || processes_of(daemon.path()).len() >= 3);
    let agent = until_some("its number", || daemon.task(&task)["pid"].as_u64());
    let shim = Process::parent_of(agent.try_into().unwrap()).unwrap();
    assert_eq!(std::fs::read_to_string(format!("/proc/{shim}/comm")).unwrap(), "aiwg-shim\n");
    daemon.stop();
    assert!(processes_of(daemon.path()).is_empty());
}

#[test]
fn agents_outlive_it_and_the_next_one_goes_on_with_them() {
    let mut daemon = TestDaemon::with(json!({}));
    let task = daemon.submit("while [ ! -e go ]; do sleep 0.01; done; echo late");
    until("the agent", || daemon.runs().len() == 1);
    daemon.leave_agents();
    daemon.write("go", "");
    daemon.start();
    assert!(daemon.ended(&task)["output"].as_str().unwrap().contains("late"));
    assert_eq!(daemon.runs(), [task]);
}

#[test]
fn neither_a_thread_nor_a_process_is_left_of_it_though_the_test_fails() {
    drop(TestDaemon::with(json!({})));
    let before = threads();
    let (report, reported) = mpsc::channel();
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let daemon = TestDaemon::with(json!({}));
        daemon.submit("sleep 1000");
        until("the agent", || daemon.runs().len() == 1);
        report.send(daemon.path().to_owned()).unwrap();
        panic!("as a test does that fails");
    }));
    assert!(failed.is_err());
    assert!(processes_of(&reported.recv().unwrap()).is_empty());
    assert_eq!(threads(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_reported_to_the_program_that_embeds_it() {
    let mut daemon = TestDaemon::with(json!({}));
    let client = daemon.client().await;
    assert!(client.daemon_restart(NoParams {}).await.unwrap().restarting);
    assert!(matches!(daemon.ended_by_itself(), Ok(Ended::Restart(_))));
    daemon.start();
    client.ping(NoParams {}).await.unwrap();
}

#[test]
fn a_project_has_one_daemon_in_the_same_process_too() {
    let daemon = TestDaemon::with(json!({}));
    let options = Options {
        project: daemon.path().to_owned(),
        config: None,
        detached: false,
        attended: true,
        again: false,
        shared: Some(daemon.shared().to_owned()),
        in_worktree: false,
        adopt_state: false,
        import: false,
    };
    let second = boot::runtime().unwrap().block_on(boot::embed(options, std::future::pending(), |_| {}));
    let refused = second.unwrap_err().to_string();
    assert!(refused.contains("a daemon already runs for this project"), "{refused}");
    daemon.call("ping", json!({}));
}

#[test]
fn it_leaves_the_process_alone() {
    let status = |name: &str| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        status.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
    };
    let limits = || std::fs::read_to_string("/proc/self/limits").unwrap();
    let name = std::fs::read_to_string("/proc/self/comm").unwrap();
    let (handlers, limits_before) = (status("SigCgt:"), limits());
    let daemon = TestDaemon::with(json!({}));
    assert_eq!(limits(), limits_before);
    assert_eq!(std::fs::read_to_string("/proc/self/comm").unwrap(), name);
    // Before its first agent: tokio receives SIGCHLD from then on, in every program.
    assert_eq!(status("SigCgt:"), handlers);
    assert_eq!(rustix::process::child_subreaper().unwrap(), None);
    assert!(!daemon.file(".aiwg/daemon/daemon.log").exists());
}

#[test]
fn stand_ins_do_as_they_are_scripted() {
    let daemon = TestDaemon::with(json!({ "agent": claude_stand_in() }));
    let task = daemon.wait_for_task(&daemon.submit("answer 'All is well.'; cost 0.25"), "completed");
    assert_eq!((&task["result"], &task["usage"]["costUsd"]), (&json!("All is well."), &json!(0.25)));
    daemon.reload(json!({ "agent": scripted() }));
    daemon.script([
        r#"{"type":"system","subtype":"init","session_id":"s"}"#,
        "wait go",
        r#"{"type":"result","subtype":"success","is_error":false,"result":"It is.","num_turns":1,"session_id":"s","total_cost_usd":0.5}"#,
        "exit 0",
    ]);
    let task = daemon.submit_with(json!({ "prompt": "Whatever" }));
    until("its first line", || daemon.task(&task)["output"].as_str().is_some_and(|out| out.contains("init")));
    assert_eq!(daemon.task(&task)["state"], "running");
    daemon.write("go", "");
    let task = daemon.wait_for_task(&task, "completed");
    assert_eq!((&task["result"], &task["usage"]["costUsd"]), (&json!("It is."), &json!(0.5)));
}
