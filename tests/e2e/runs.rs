//! The directories of runs: one for each, whatever stands in its place, and those that earlier versions have left.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{Project, kill, postgres::is_about_sqlite, processes_of, repository, until};

/// The directory of the first task.
const TASK: &str = ".aiwg/daemon/actions/task-0001";

/// Says which attempt it is, and is lost in all but the last: then it ends when `go` is there. It is lost once it is on record, since it would
/// count as not started before.
fn attempts(last: u32) -> String {
    format!(
        "echo x >>count; n=$(wc -l <count); echo \"this is $n\"; echo \"error $n\" >&2; \
         if [ $n -lt {last} ]; then until grep -q '_at_ms\":[0-9]' {TASK}/$n/run.json; do sleep 0.01; done; kill -9 $PPID; sleep 1000; fi; until [ -e go ]; do sleep 0.01; done; echo \"end of $n\""
    )
}

fn names(dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The directories that the store has for the runs of the first task, in their order.
fn stored_dirs(project: &Project) -> Vec<Option<String>> {
    let rows = project.sql("SELECT dir FROM run WHERE task = 1 ORDER BY n");
    rows.into_iter().map(|row| Some(row[0].clone()).filter(|dir| !dir.is_empty())).collect()
}

fn shims(project: &Project) -> Vec<u32> {
    let processes = processes_of(project.path()).into_iter();
    processes.filter(|(_, line)| line.contains("__shim")).map(|(pid, _)| pid).collect()
}

fn release(project: &Project) {
    fs::write(project.file("go"), "").unwrap();
}

#[test]
fn each_run_has_its_own_directory_and_output() {
    let project = Project::started(json!({}));
    release(&project);
    let ended = project.ended(&project.submit(&attempts(2)));
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)));
    assert_eq!(names(&project.file(TASK)), set(&["1", "2"]));
    let common = ["agent.json", "lock", "prompt.txt", "run.json", "stderr.log", "stdout.log"];
    let lost = names(&project.file(&format!("{TASK}/1")));
    assert!(set(&common).is_subset(&lost) && !lost.contains("exit.json"), "{lost:?}");
    let mut whole = set(&common);
    whole.insert("exit.json".to_owned());
    assert_eq!(names(&project.file(&format!("{TASK}/2"))), whole);
    for n in 1..=2 {
        let (output, errors) = (
            project.read(&format!("{TASK}/{n}/stdout.log")),
            project.read(&format!("{TASK}/{n}/stderr.log")),
        );
        assert!(output.contains(&format!("this is {n}\n")), "{output}");
        assert!(!output.contains(&format!("this is {}\n", 3 - n)), "{output}");
        assert_eq!(errors, format!("error {n}\n"));
    }
    // What is asked for is the output of the last run.
    let output = project.wire().call("task.output", json!({ "taskId": "task-0001" }));
    assert!(output["data"].as_str().unwrap().ends_with("this is 2\nend of 2\n"), "{output}");
    assert_eq!((&output["attempt"], &output["ended"]), (&json!(2), &json!(true)));
    let errors = project.wire().call("task.output", json!({ "taskId": "task-0001", "stream": "stderr" }));
    assert_eq!(errors["data"], "error 2\n");
    project.stop();
    assert_eq!(stored_dirs(&project), [Some("1".to_owned()), Some("2".to_owned())]);
}

#[test]
fn a_daemon_that_is_killed_between_two_runs_goes_on_with_the_next() {
    let project = Project::started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let task = project.submit(&attempts(2));
    // It gets the only slot, so that the task waits after its first run.
    project.submit("until [ -e other ]; do sleep 0.01; done");
    until("the other", || project.runs().len() == 2);
    assert_eq!(project.task(&task)["state"], "queued");
    project.kill_daemon();
    assert_eq!(names(&project.file(TASK)), set(&["1"]));
    fs::write(project.file("other"), "").unwrap();
    project.start();
    until("the next run", || {
        project.task(&task)["output"].as_str().is_some_and(|output| output.ends_with("this is 2\n"))
    });
    // Adopted in its own directory.
    project.kill_daemon();
    project.start();
    until("it is known again", || project.task(&task)["pid"].is_u64());
    release(&project);
    let ended = project.ended(&task);
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)));
    assert_eq!(names(&project.file(TASK)), set(&["1", "2"]));
    assert_eq!(project.runs().len(), 3);
}

#[test]
fn a_run_whose_agent_was_never_started_is_given_up_in_its_own_directory() {
    let project = Project::started(json!({}));
    let task = project.submit(&attempts(1));
    until("the agent", || project.read("count") == "x\n");
    project.kill_daemon();
    for pid in shims(&project) {
        kill(pid, Signal::KILL);
    }
    // As if the daemon had died when the directory was just made, before the shim took the lock.
    fs::remove_dir_all(project.file(&format!("{TASK}/1"))).unwrap();
    fs::create_dir(project.file(&format!("{TASK}/1"))).unwrap();
    release(&project);
    project.start();
    assert_eq!(project.ended(&task)["state"], "completed");
    assert_eq!(project.read(&format!("{TASK}/1/lock")), r#"{"abandoned":1}"#);
    assert_eq!(names(&project.file(TASK)), set(&["1", "2"]));
}

#[test]
fn nothing_that_is_planted_in_the_place_of_the_next_run_is_used_or_in_its_way() {
    for (plant, is_left) in [
        ("echo planted >$T/2", false),
        ("ln -s \"$PWD/elsewhere\" $T/2", false),
        ("ln -s /nowhere $T/2", false),
        ("mkfifo $T/2", false),
        ("mkdir $T/2; chmod 0 $T/2", false),
        ("mkdir $T/2; echo '{\"abandoned\":9}' >$T/2/lock; echo planted >$T/2/stdout.log", true),
        ("mkdir $T/2; ln elsewhere/lock $T/2/lock; ln elsewhere/kept $T/2/stdout.log", true),
    ] {
        let project = Project::started(json!({}));
        release(&project);
        fs::create_dir(project.file("elsewhere")).unwrap();
        fs::write(project.file("elsewhere/lock"), r#"{"abandoned":9}"#).unwrap();
        fs::write(project.file("elsewhere/kept"), "kept").unwrap();
        let script = format!("[ -e count ] || {{ T={TASK}; {plant}; }}; {}", attempts(2));
        let ended = project.ended(&project.submit(&script));
        assert_eq!(
            (&ended["state"], &ended["attempts"]),
            (&json!("completed"), &json!(2)),
            "{plant}: {ended}"
        );
        let result = ended["result"].as_str().unwrap();
        assert!(
            result.ends_with("this is 2\nend of 2\n") && !result.contains("planted\n"),
            "{plant}: {result}"
        );
        assert_eq!(names(&project.file("elsewhere")), set(&["kept", "lock"]), "{plant}");
        assert_eq!(project.read("elsewhere/kept"), "kept", "{plant}");
        assert_eq!(project.read("elsewhere/lock"), r#"{"abandoned":9}"#, "{plant}");
        let aside: &[&str] = if is_left { &["1", "2", "2.aside-1"] } else { &["1", "2"] };
        assert_eq!(names(&project.file(TASK)), set(aside), "{plant}");
    }
}

#[test]
fn all_runs_of_a_task_count_for_retention_and_go_together() {
    let project = Project::started(json!({}));
    release(&project);
    // Together they are more than may be kept, and none is by itself.
    let script = format!("head -c 700000 /dev/zero; {}", attempts(2));
    let task = project.submit(&script);
    assert_eq!(project.ended(&task)["attempts"], 2);
    assert_eq!(names(&project.file(TASK)), set(&["1", "2"]));
    let config = json!({
        "agent": { "command": [repository().join("tests/agents/stand-in-agent")] },
        "retention": { "output_mb": 1 }
    });
    project.configure(&config.to_string());
    assert_eq!(project.json(&["daemon", "reload"])["reloaded"], true);
    until("they are gone", || !project.file(TASK).exists());
    let output = project.wire().call("task.output", json!({ "taskId": task }));
    assert_eq!((&output["data"], &output["ended"]), (&json!(""), &json!(true)));
}

/// A project whose agent was started by an earlier version: its run has the directory of its task. The project was moved meanwhile, since a shim
/// would take the move of its own directory alone for a removal.
struct Earlier {
    project: Project,
    moved: PathBuf,
}

impl Earlier {
    fn new(script: &str) -> Self {
        let project = Project::started(json!({}));
        project.submit(script);
        until("the agent", || project.read(&format!("{TASK}/1/stdout.log")).contains("this is 1\n"));
        project.kill_daemon();
        let moved = project.path().with_extension("moved");
        fs::rename(project.path(), &moved).unwrap();
        let (task, run) = (moved.join(TASK), moved.join(TASK).with_file_name("run"));
        fs::rename(task.join("1"), &run).unwrap();
        fs::remove_dir(&task).unwrap();
        fs::rename(&run, &task).unwrap();
        let database = Connection::open(moved.join(".aiwg/daemon/daemon.db")).unwrap();
        assert_eq!(database.execute("UPDATE run SET dir = NULL", []).unwrap(), 1);
        drop(database);
        Self { project, moved }
    }

    fn aiwg(&self, args: &[&str]) -> String {
        let done = self.project.command().current_dir(&self.moved).args(args).output().unwrap();
        format!("{}{}", String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
    }

    fn task(&self) -> Value {
        serde_json::from_str(&self.aiwg(&["task", "get", "task-0001", "--json"])).unwrap()
    }

    fn ended(&self) -> Value {
        serde_json::from_str(&self.aiwg(&["task", "wait", "task-0001", "--json"])).unwrap()
    }

    fn release(&self) {
        fs::write(self.moved.join("go"), "").unwrap();
    }
}

impl Drop for Earlier {
    fn drop(&mut self) {
        self.aiwg(&["daemon", "stop"]);
        if let Err(error) = fs::rename(&self.moved, self.project.path()) {
            eprintln!("{}: {error}", self.moved.display());
        }
    }
}

#[test]
fn the_agent_of_an_earlier_version_is_gone_on_with() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let earlier = Earlier::new(&attempts(1));
    earlier.aiwg(&["daemon", "start"]);
    until("its agent is known", || earlier.task()["pid"].is_u64());
    assert_eq!(earlier.task()["state"], "running");
    assert!(earlier.task()["output"].as_str().unwrap().ends_with("this is 1\n"));
    assert!(earlier.aiwg(&["task", "logs", "task-0001"]).ends_with("this is 1\n"));
    earlier.release();
    let ended = earlier.ended();
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(1)), "{ended}");
    assert!(earlier.aiwg(&["task", "logs", "task-0001"]).ends_with("this is 1\nend of 1\n"));
    let files = names(&earlier.moved.join(TASK));
    assert!(files.contains("exit.json") && !files.contains("1"), "{files:?}");
    // Retention knows it as well.
    let mut config: Value =
        serde_json::from_str(&fs::read_to_string(earlier.moved.join(".aiwg/daemon.json")).unwrap()).unwrap();
    config["retention"] = json!({ "task_count": 0, "output_mb": 0 });
    fs::write(earlier.moved.join(".aiwg/daemon.json"), config.to_string()).unwrap();
    let reloaded = earlier.aiwg(&["daemon", "reload"]);
    until("its files are gone", || !earlier.moved.join(TASK).exists() || reloaded.contains("error"));
    assert!(!reloaded.contains("error"), "{reloaded}");
}

#[test]
fn the_agent_of_an_earlier_version_can_be_cancelled() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let earlier = Earlier::new(&attempts(1));
    earlier.aiwg(&["daemon", "start"]);
    earlier.aiwg(&["task", "cancel", "task-0001"]);
    assert_eq!(earlier.ended()["state"], "cancelled");
    assert!(names(&earlier.moved.join(TASK)).contains("exit.json"));
}

#[test]
fn the_next_run_after_one_of_an_earlier_version_has_its_own_directory() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let earlier = Earlier::new(
        "if [ -e go ]; then echo this is 2; else echo this is 1; until [ -e go ]; do sleep 0.01; done; kill -9 $PPID; fi",
    );
    earlier.aiwg(&["daemon", "start"]);
    until("its agent is known", || earlier.task()["pid"].is_u64());
    earlier.release();
    let ended = earlier.ended();
    assert_eq!((&ended["state"], &ended["attempts"]), (&json!("completed"), &json!(2)), "{ended}");
    let task = earlier.moved.join(TASK);
    assert!(fs::read_to_string(task.join("stdout.log")).unwrap().ends_with("this is 1\n"));
    assert!(fs::read_to_string(task.join("2/stdout.log")).unwrap().ends_with("this is 2\n"));
    assert!(earlier.aiwg(&["task", "logs", "task-0001"]).ends_with("this is 2\n"));
}
