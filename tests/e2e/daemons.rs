//! All daemons of a user: found wherever they run, and stopped or restarted together.

use std::{
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Project, until};

/// A user whose daemons are none but those of a test.
struct User {
    runtime: TempDir,
}

impl User {
    fn new() -> Self {
        Self { runtime: tempfile::tempdir().unwrap() }
    }

    fn command(&self, project: &Project) -> Command {
        let mut command = project.command();
        command.env("AIWG_RUNTIME_DIR", self.runtime.path());
        command
    }

    fn run(&self, project: &Project, arguments: &[&str]) -> Output {
        self.command(project).args(arguments).output().unwrap()
    }

    fn started(&self, config: Value) -> Project {
        let project = Project::new(config);
        let done = self.run(&project, &["daemon", "start"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        project
    }

    /// The list's part on each of these projects.
    fn list(&self, projects: &[&Project]) -> Vec<Value> {
        let done = self.run(projects[0], &["daemon", "list", "--json", "--request-timeout", "1s"]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let all: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
        let root = |project: &Project| project.path().canonicalize().unwrap().display().to_string();
        let of = |project: &Project| all.iter().find(|daemon| daemon["project"] == root(project)).cloned();
        projects.iter().map(|project| of(project).unwrap_or_default()).collect()
    }

    /// The files of the list.
    fn noted(&self) -> Vec<std::path::PathBuf> {
        let list =
            self.runtime.path().join(format!("aiwg-{}", rustix::process::geteuid().as_raw())).join("daemons");
        std::fs::read_dir(list).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
fn a_named_directory_that_is_not_there_stands_for_no_other() {
    let user = User::new();
    let other = user.started(json!({}));
    let absent = user.runtime.path().join("not/there");
    let run = |arguments: &[&str]| {
        let done = other.command().env("AIWG_RUNTIME_DIR", &absent).args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice::<Value>(&done.stdout).unwrap_or_default()
    };
    assert_eq!(run(&["daemon", "list", "--json"]), json!([]));
    run(&["daemon", "stop", "--all", "--json"]);
    assert_eq!(user.list(&[&other])[0]["state"], "running");
    let mine = Project::new(json!({}));
    let started = mine.command().env("AIWG_RUNTIME_DIR", &absent).args(["daemon", "start"]).output().unwrap();
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    assert_eq!(run(&["daemon", "list", "--json"]).as_array().unwrap().len(), 1);
    // One that is named from where the person is: the daemon runs elsewhere.
    let third = Project::new(json!({}));
    let mut start = third.command();
    start
        .current_dir(user.runtime.path())
        .env("AIWG_RUNTIME_DIR", "not/there")
        .arg("--project")
        .arg(third.path());
    assert!(start.args(["daemon", "start"]).output().unwrap().status.success());
    assert_eq!(run(&["daemon", "list", "--json"]).as_array().unwrap().len(), 2);
}

#[test]
fn every_daemon_is_listed_with_what_it_does() {
    let user = User::new();
    let busy = user.started(json!({ "daemon": { "max_parallel_actions": 1 } }));
    let idle = user.started(json!({ "budget": { "day_usd": 5 } }));
    for prompt in ["sleep 1000", "true"] {
        busy.submit(prompt);
    }
    until("its task", || user.list(&[&busy])[0]["running"] == 1);
    let [first, second] = &user.list(&[&busy, &idle])[..] else { panic!("two are listed") };
    assert_eq!(
        (&first["state"], &first["queued"], &first["pid"]),
        (&json!("running"), &json!(1), &json!(busy.pid()))
    );
    assert_eq!((&second["health"], &second["running"]), (&json!("healthy"), &json!(0)), "{second}");
    assert_eq!(second["spentTodayUsd"], 0.0);
    busy.wire().call("daemon.pause", json!({}));
    assert_eq!(user.list(&[&busy])[0]["state"], "paused");
    let shown = user.run(&idle, &["daemon", "list"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("PROJECT") && shown.contains("$0.00") && shown.contains("paused"), "{shown}");
}

#[test]
fn one_that_was_killed_is_not_listed_and_one_that_hangs_hides_no_other() {
    let user = User::new();
    let (killed, hangs, well) = (user.started(json!({})), user.started(json!({})), user.started(json!({})));
    killed.kill_daemon();
    let pid = i32::try_from(hangs.pid()).unwrap();
    let signal = |signal| {
        rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), signal).unwrap();
    };
    signal(Signal::STOP);
    let found = user.list(&[&killed, &hangs, &well]);
    signal(Signal::CONT);
    assert_eq!(found[0], Value::Null);
    assert_eq!((&found[1]["state"], &found[1]["pid"]), (&json!("unresponsive"), &json!(hangs.pid())));
    assert_eq!((&found[1]["health"], &found[2]["state"]), (&Value::Null, &json!("running")));
    // What systems clear away, or someone writes there, spoils nothing.
    for path in user.noted() {
        std::fs::write(path.with_extension("odd"), "{\"project\": 3}").unwrap();
        std::fs::remove_file(path).unwrap();
    }
    until("the daemon to be listed again", || user.list(&[&well])[0]["state"] == "running");
    // That of a project which is gone is forgotten.
    well.stop();
    let gone = user.started(json!({}));
    gone.kill_daemon();
    let has = |text: &str| {
        let files = user.noted().into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        files.into_iter().any(|found| found.contains(text))
    };
    let root = gone.path().canonicalize().unwrap().display().to_string();
    assert!(has(&root));
    std::fs::remove_dir_all(gone.path()).unwrap();
    user.list(&[&hangs]);
    assert!(!has(&root));
}

/// What an agent may write: a file of the list, and a lock in a directory with a configuration that nobody has seen.
#[test]
fn none_is_started_where_something_only_looks_like_a_daemon() {
    let user = User::new();
    let own = user.started(json!({}));
    let planted = Project::new(json!({}));
    let root = planted.path().canonicalize().unwrap();
    let list = user.noted()[0].parent().unwrap().to_owned();
    std::fs::write(list.join("planted.json"), json!({ "project": root }).to_string()).unwrap();
    let lock = std::fs::File::open(root.join(".aiwg")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    let done = user.run(&own, &["daemon", "restart", "--all", "--json"]);
    let results: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((done.status.code(), results.len()), (Some(1), 2), "{results:?}");
    let of_planted = results.iter().find(|result| result["project"] == json!(root)).unwrap();
    assert!(of_planted["error"].as_str().unwrap().contains("no daemon answers"), "{of_planted}");
    drop(lock);
    assert!(!root.join(".aiwg/daemon.pid").exists() && !root.join(".aiwg/daemon/daemon.log").exists());
    // Where others can write, no daemon starts, and none is looked for.
    std::fs::set_permissions(own.file(".aiwg"), std::fs::Permissions::from_mode(0o777)).unwrap();
    let found = user.list(&[&own]);
    std::fs::set_permissions(own.file(".aiwg"), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found[0], Value::Null);
}

/// What a restart puts in force is said, for each project.
#[test]
fn a_restart_of_all_shows_what_it_puts_in_force() {
    let user = User::new();
    let own = user.started(json!({}));
    own.configure("{ \"daemon\": { \"max_parallel_actions\": 2 } }");
    let done = user.run(&own, &["daemon", "restart", "--all"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success() && said.contains("The configuration has changed"), "{said}");
    assert!(said.contains("max_parallel_actions"), "{said}");
}

#[test]
fn all_are_restarted_and_stopped_together() {
    let user = User::new();
    let (one, other, killed) = (user.started(json!({})), user.started(json!({})), user.started(json!({})));
    killed.kill_daemon();
    let began = |project: &Project| project.json(&["daemon", "status"])["started_at"].clone();
    let before = [began(&one), began(&other)];
    let alone = |arguments: &[&str]| {
        let mut command = user.command(&one);
        command.args(arguments);
        command
    };
    // A refused configuration: its daemon goes on, and the others restart.
    other.configure("{ \"rules\": 3 }");
    let done = alone(&["daemon", "restart", "--all", "--json"]).output().unwrap();
    let results: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
    let of = |results: &[Value], project: &Project| {
        let root = project.path().canonicalize().unwrap().display().to_string();
        results.iter().find(|result| result["project"] == root).cloned().unwrap_or_default()
    };
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(of(&results, &one)["error"], Value::Null, "{results:?}");
    assert!(of(&results, &other)["error"].as_str().unwrap().contains("refused"), "{results:?}");
    assert_eq!(of(&results, &killed), Value::Null);
    assert_ne!(began(&one), before[0]);
    assert_eq!(began(&other), before[1]);
    for refused in [
        alone(&["daemon", "stop", "--all"]).env("AIWG_TASK_ID", "task-0001").output().unwrap(),
        alone(&["--project", ".", "daemon", "stop", "--all"]).output().unwrap(),
    ] {
        assert!(!refused.status.success() && !refused.stderr.is_empty());
    }
    let done = alone(&["daemon", "stop", "--all"]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said.matches("The daemon has stopped.").count(), 2, "{said}");
    assert!(user.noted().len() == 1, "the one that was killed: {:?}", user.noted());
}
