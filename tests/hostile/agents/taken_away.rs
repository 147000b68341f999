//! Agents can be ended though the files by which the daemon knows them are removed, replaced or forged.

use std::process::Command;

use serde_json::json;

use super::{DIR, TASK, after, is_left, state};
use crate::support::{Project, is_dead, until};

#[test]
fn an_agent_that_removes_what_it_is_known_by_is_ended_and_says_why() {
    for how in [
        format!("rm -rf {DIR}"),
        format!("mv {DIR} away"),
        format!("rm {DIR}/lock"),
        format!("rm -rf {DIR}; mkdir {DIR}; touch {DIR}/lock"),
        format!("rm -rf {TASK}"),
        format!("mv {TASK} away"),
        format!("mv {TASK} away; ln -s \"$PWD/away\" {TASK}"),
        format!("rm -rf {TASK}; mkdir -p {DIR}; touch {DIR}/lock"),
        "rm -rf .aiwg/daemon/actions".to_owned(),
        "git init -q; git clean -xfdq .aiwg/daemon/actions; rm -rf .aiwg/daemon/actions".to_owned(),
    ] {
        let project = Project::started(json!({}));
        let task = project.ended(&project.submit(&format!("{how}; sleep 1000")));
        assert_eq!(task["state"], "failed", "{how}: {task}");
        let error = task["error"].as_str().unwrap();
        assert!(error.contains("was removed or replaced"), "{how}: {error}");
        until("the end of what it started", || !is_left(&project));
        // The next ones run.
        assert_eq!(project.ended(&project.submit("true"))["state"], "completed", "{how}");
        assert_eq!(project.json(&["daemon", "status"])["health"], "healthy");
    }
}

#[test]
fn without_its_daemon_it_is_ended_as_well() {
    for how in ["rm -rf .aiwg/daemon", "rm -rf .aiwg/daemon/actions", "rm -rf .aiwg"] {
        let project = Project::started(json!({}));
        project.submit(&format!("touch ready; until [ -e go ]; do sleep 0.01; done; {how}; sleep 1000"));
        until("the agent", || project.file("ready").exists());
        project.kill_daemon();
        std::fs::write(project.file("go"), "").unwrap();
        until("its end", || !is_left(&project));
        if how.ends_with("actions") {
            project.start();
            let task = project.ended("task-0001");
            assert!(task["error"].as_str().unwrap().contains("was removed or replaced"), "{task}");
            assert_eq!((&task["state"], project.runs().len()), (&json!("failed"), 1));
        }
    }
}

#[test]
fn a_cancel_needs_none_of_its_records() {
    for how in
        ["rm", "echo broken >", "truncate -s 15T", "rm X; mkfifo", "rm X; mkdir", "rm X; ln -s /etc/passwd"]
    {
        for name in ["run.json", "exit.json", "stdout.log"] {
            let script = format!("{} {DIR}/{name}", how.replace('X', &format!("-f {DIR}/{name}")));
            let project = after(&script, json!({}));
            assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled", "{script}");
            until("its end", || !is_left(&project));
        }
    }
}

#[test]
fn the_next_daemon_needs_none_of_them_either() {
    for how in ["rm", "echo {} >", "rm X; mkfifo"] {
        let script = format!("{} {DIR}/run.json", how.replace('X', &format!("{DIR}/run.json")));
        let project = after(&script, json!({}));
        project.kill_daemon();
        project.start();
        assert_eq!(state(&project), "running");
        assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled", "{script}");
        until("its end", || !is_left(&project));
    }
}

#[test]
fn a_forged_record_has_nobody_else_ended() {
    let mut innocent = Command::new("sleep").arg("1000").spawn().unwrap();
    let forge = format!(
        "python3 -c 'import json, sys; path = sys.argv[1]; run = json.load(open(path)); \
         start = int(open(\"/proc/{0}/stat\").read().rsplit(\")\", 1)[1].split()[19]); \
         run[\"shim\"] = run[\"agent\"] = {{\"pid\": {0}, \"start_time\": start}}; json.dump(run, open(path, \"w\"))' {DIR}/run.json",
        innocent.id()
    );
    let project = after(&forge, json!({}));
    project.kill_daemon();
    project.start();
    assert_ne!(project.task("task-0001")["pid"], innocent.id());
    assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled");
    assert!(innocent.try_wait().unwrap().is_none(), "someone else was ended");
    until("its end", || !is_left(&project));
    innocent.kill().unwrap();
    innocent.wait().unwrap();
}

#[test]
fn the_time_limit_needs_no_daemon() {
    let project = Project::started(json!({}));
    let args = ["task", "submit", "do: touch ready; sleep 1000", "--timeout", "0.02"];
    project.json(&args);
    until("the agent", || project.file("ready").exists());
    project.kill_daemon();
    until("its end", || !is_left(&project));
    project.start();
    assert_eq!(project.ended("task-0001")["state"], "timeout");
    assert_eq!(project.runs().len(), 1);
}

#[test]
fn a_shim_that_its_agent_has_stopped_is_ended_with_it() {
    // The shell's parent.
    let project = after("kill -STOP $PPID", json!({}));
    assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled");
    until("its end", || !is_left(&project));
}

#[test]
fn a_project_that_is_moved_runs_its_task_once() {
    let project = Project::started(json!({ "daemon": { "heartbeat_interval_seconds": 1 } }));
    project.submit("touch ready; until [ -e go ]; do sleep 0.01; done; echo did it");
    until("the agent", || project.file("ready").exists());
    let (daemon, moved) = (project.pid(), project.path().with_extension("moved"));
    std::fs::rename(project.path(), &moved).unwrap();
    until("the daemon's end", || is_dead(daemon));
    std::fs::write(moved.join("go"), "").unwrap();
    until("the record", || moved.join(DIR).join("exit.json").exists());
    let aiwg = |args: &[&str]| {
        let done = project.command().current_dir(&moved).args(args).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    aiwg(&["daemon", "start"]);
    let task: serde_json::Value =
        serde_json::from_str(&aiwg(&["task", "wait", "task-0001", "--json"])).unwrap();
    aiwg(&["daemon", "stop"]);
    std::fs::rename(&moved, project.path()).unwrap();
    assert_eq!((&task["state"], &task["attempts"]), (&json!("completed"), &json!(1)), "{task}");
    assert_eq!(project.runs().len(), 1);
}

#[test]
fn a_stopped_agent_hears_that_it_is_to_end() {
    let project = Project::started(json!({}));
    project.submit(
        "trap 'echo heard >heard; exit' TERM; touch ready; kill -STOP $$; while :; do sleep 0.01; done",
    );
    until("the agent", || project.file("ready").exists());
    assert_eq!(project.json(&["task", "cancel", "task-0001"])["state"], "cancelled");
    assert_eq!(project.read("heard"), "heard\n");
}
