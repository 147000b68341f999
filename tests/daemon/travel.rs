//! Tasks in work trees that run on another host than the one that has taken them in: two clones of one remote, on one PostgreSQL.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use aiwg_testing::{TestDaemon, processes_of, until, until_some};
use serde_json::{Value, json};

use crate::{
    hosts::{Fleet, issues, own_id},
    workspaces::{git, repository},
};

/// A script whose agent begins, and ends when the file `go` is in its host's project.
fn waits(host: &TestDaemon) -> String {
    let dir = host.path().display().to_string();
    format!("touch {dir}/began; until [ -e {dir}/go ]; do sleep 0.02; done")
}

/// Two hosts, `a` and `b` by their labels, in two clones of one remote.
struct Clones {
    fleet: Fleet,
    dir: tempfile::TempDir,
}

impl Clones {
    fn new() -> Option<Self> {
        let clones = Self { fleet: Fleet::start()?, dir: tempfile::tempdir().unwrap() };
        let bare = clones.bare().display().to_string();
        let made = Command::new("git").args(["init", "-q", "--bare", "-b", "main", &bare]).status().unwrap();
        assert!(made.success());
        Some(clones)
    }

    fn bare(&self) -> PathBuf {
        self.dir.path().join("bare.git")
    }

    /// The first host, whose first commit is on the remote.
    fn first(&self, more: Value) -> TestDaemon {
        let mut daemon = self.stopped("a", more);
        repository(&daemon);
        git(&daemon, &["remote", "add", "origin", &self.bare().display().to_string()]);
        git(&daemon, &["push", "-q", "origin", "main"]);
        daemon.start();
        daemon
    }

    /// Another one, in a clone.
    fn another(&self, label: &str, more: Value) -> TestDaemon {
        let mut daemon = self.stopped(label, more);
        git(&daemon, &["init", "-q", "-b", "main"]);
        git(&daemon, &["remote", "add", "origin", &self.bare().display().to_string()]);
        git(&daemon, &["pull", "-q", "origin", "main"]);
        daemon.start();
        daemon
    }

    fn stopped(&self, label: &str, mut more: Value) -> TestDaemon {
        more["host"] = json!({ "labels": [label] });
        TestDaemon::stopped(self.fleet.config(&more))
    }

    fn two(&self) -> (TestDaemon, TestDaemon) {
        (self.first(json!({})), self.another("b", json!({})))
    }

    /// The refs of fleets on the remote.
    fn refs(&self) -> Vec<String> {
        let bare = self.bare();
        let told = Command::new("git")
            .arg("-C")
            .arg(bare)
            .args(["for-each-ref", "--format=%(refname)", "refs/aiwg"])
            .output()
            .unwrap();
        String::from_utf8(told.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    fn refs_with(&self, part: &str) -> Vec<String> {
        self.refs().into_iter().filter(|name| name.contains(part)).collect()
    }
}

fn submit(daemon: &TestDaemon, script: &str, more: Value) -> String {
    let mut params = json!({ "prompt": format!("do: {script}"), "workspace": "worktree" });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    daemon.submit_with(params)
}

fn on(label: &str) -> Value {
    json!({ "runsOn": [label] })
}

/// The result of a task once it has come back in one of these ways.
fn back(daemon: &TestDaemon, id: &str) -> Value {
    let ended = daemon.ended(id);
    assert_eq!(ended["state"], "completed", "{ended}");
    until_some("its changes to be back", || {
        let result = daemon.task(id)["workspace"]["result"].clone();
        ["branch", "patch", "applied", "conflict"]
            .iter()
            .any(|way| result.get(*way).is_some())
            .then_some(result)
    })
}

#[test]
fn an_uncommitted_edit_runs_on_the_other_host_and_comes_back() {
    let Some(clones) = Clones::new() else { return };
    let (a, b) = clones.two();
    a.write("a", "uncommitted\n");
    let id = submit(&a, "cat a >c; echo two >>a", on("b"));
    let result = back(&a, &id);
    assert_eq!(a.task(&id)["host"]["id"], own_id(&b));
    assert_eq!(result["branch"], format!("aiwg/{id}"));
    assert_eq!(git(&a, &["show", &format!("aiwg/{id}:c")]), "uncommitted\n");
    assert_eq!(git(&b, &["branch", "--list", "aiwg/*"]), "", "it is not theirs");
    let name = result["remoteRef"].as_str().unwrap();
    assert_eq!(clones.refs_with("/tasks/"), [name]);
    // What it began with is needed no more.
    until("the base to be removed", || clones.refs_with("/bases/").is_empty());
    assert!(clones.refs_with("/hosts/").is_empty());
    // Any host shows it.
    let diffs = [&a, &b].map(|host| host.call("task.diff", json!({ "taskId": id })));
    assert_eq!(diffs[0], diffs[1]);
    assert!(diffs[0]["diff"].as_str().unwrap().contains("+two"), "{}", diffs[0]);

    // The same, applied and as a patch, where it was submitted.
    let apply = json!({ "runsOn": ["b"], "workspace": { "back": "apply" } });
    let id = submit(&a, "echo three >d", apply);
    assert!(back(&a, &id)["applied"].is_string());
    assert_eq!((a.read("d").as_str(), b.file("d").exists()), ("three\n", false));
    let patch = json!({ "runsOn": ["b"], "workspace": { "back": "patch", "base": "head" } });
    let id = submit(&a, "cat a >e", patch);
    let patch = fs::read_to_string(back(&a, &id)["patch"].as_str().unwrap()).unwrap();
    assert!(patch.contains("+one"), "{patch}");
    let id = submit(&a, "echo four >f", on("b"));
    back(&a, &id);
    let applied = a.call("task.apply", json!({ "taskId": id }));
    assert_eq!((&applied["applied"], a.read("f").as_str()), (&json!(true), "four\n"), "{applied}");

    // What is forgotten goes from the remote, too.
    a.call("workspace.prune", json!({ "results": true }));
    assert_eq!(clones.refs(), Vec::<String>::new());
    assert_eq!(issues(&a), "[]");
}

#[test]
fn a_task_goes_to_the_other_host_only_while_its_own_has_no_slot() {
    let Some(clones) = Clones::new() else { return };
    let (a, b) = clones.two();
    let first = submit(&a, &waits(&a), json!({}));
    until("it to run here", || a.file("began").exists());
    assert_eq!(a.task(&first)["host"]["id"], own_id(&a));
    let second = submit(&a, "echo x >x", json!({}));
    assert_eq!(back(&a, &second)["branch"], format!("aiwg/{second}"));
    assert_eq!(a.task(&second)["host"]["id"], own_id(&b));
    a.write("go", "");
    assert_eq!(a.ended(&first)["state"], "completed");
}

#[test]
fn a_task_begins_with_what_one_on_another_host_has_left() {
    let Some(clones) = Clones::new() else { return };
    let (a, b) = clones.two();
    a.write("a", "uncommitted\n");
    let first = submit(&a, "echo 1 >1", on("b"));
    let second = submit(&a, "cat 1 >2", json!({ "runsOn": ["a"], "after": [first] }));
    let here = submit(&a, "echo h >h", on("a"));
    let third = submit(&a, "cat 2 h a >3", json!({ "runsOn": ["b"], "after": [second, here] }));
    back(&a, &third);
    let hosts = [&first, &second, &third].map(|id| a.task(id)["host"]["id"].clone());
    assert_eq!(hosts, [json!(own_id(&b)), json!(own_id(&a)), json!(own_id(&b))]);
    assert_eq!(git(&a, &["show", &format!("aiwg/{third}:3")]), "1\nh\nuncommitted\n");
}

#[test]
fn a_host_without_access_to_the_remote_takes_none_and_says_so() {
    let Some(clones) = Clones::new() else { return };
    let a = clones.first(json!({}));
    let mut b = clones.stopped("b", json!({}));
    repository(&b);
    git(&b, &["remote", "add", "origin", "/nowhere/at/all.git"]);
    b.start();
    until("the health", || issues(&b).contains("the remote origin"));
    assert!(issues(&b).contains("until that works"), "{}", issues(&b));
    let first = submit(&a, &waits(&a), json!({}));
    let second = submit(&a, "echo x >x", json!({}));
    until("it to be where others could have it", || clones.refs_with("/bases/").len() == 1);
    a.write("go", "");
    for id in [&first, &second] {
        assert_eq!(a.ended(id)["state"], "completed");
        assert_eq!(a.task(id)["host"]["id"], own_id(&a));
    }
    // The other way round: it is submitted where nothing can be sent, and runs there.
    let third = submit(&b, "echo x >x; echo y >y", json!({}));
    let result = back(&b, &third);
    assert_eq!((b.task(&third)["host"]["id"].clone(), result.get("remoteRef")), (json!(own_id(&b)), None));
    let refused = a.error("task.diff", json!({ "taskId": third }));
    assert_eq!(refused["data"]["kind"], "task_elsewhere", "{refused}");
}

/// The remote is away from the moment on at which it has what the task is to begin with.
#[test]
fn a_task_that_came_back_goes_once_more_to_the_host_that_can_run_it() {
    let Some(clones) = Clones::new() else { return };
    let (a, b) = clones.two();
    let (bare, away) = (clones.bare(), clones.dir.path().join("away"));
    let hook = bare.join("hooks/post-receive");
    let goes = format!("#!/bin/sh\ngrep -q /bases/ && mv {} {}\ntrue\n", bare.display(), away.display());
    fs::write(&hook, goes).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let id = submit(&a, "echo two >a", on("b"));
    until("the other host to miss it", || issues(&b).contains("workspace_remote"));
    fs::remove_file(away.join("hooks/post-receive")).unwrap();
    fs::rename(&away, &bare).unwrap();
    let result = back(&a, &id);
    assert_eq!(result["files"], 1, "{result}");
    assert_eq!(a.task(&id)["host"]["id"], own_id(&b));
}

/// What it is to begin with cannot be made on the host that has it, and that host cannot run it.
#[test]
fn a_task_without_a_base_fails_where_it_would_run_and_says_why() {
    let Some(clones) = Clones::new() else { return };
    let (a, _b) = clones.two();
    let id = submit(
        &a,
        "true",
        json!({ "runsOn": ["b"], "workspace": { "mode": "worktree", "base": "nowhere" } }),
    );
    let ended = a.ended(&id);
    assert_eq!(ended["state"], "failed", "{ended}");
    assert!(ended["error"].as_str().unwrap().contains("\"nowhere\" names no commit"), "{ended}");
    let first = ["two", "three"].map(|word| submit(&a, &format!("echo {word} >a"), json!({})));
    let id = submit(&a, "true", json!({ "runsOn": ["b"], "after": first }));
    let ended = a.ended(&id);
    assert_eq!(ended["state"], "failed", "{ended}");
    assert!(ended["error"].as_str().unwrap().contains("their changes conflict in a"), "{ended}");
}

#[test]
fn a_remote_that_refuses_leaves_tasks_where_they_are() {
    let Some(clones) = Clones::new() else { return };
    let hook = clones.bare().join("hooks/pre-receive");
    let a = clones.first(json!({}));
    fs::write(&hook, "#!/bin/sh\necho no such names >&2; exit 1\n").unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let _b = clones.another("b", json!({}));
    until("the health", || issues(&a).contains("no such names"));
    let tasks = [(); 3].map(|()| submit(&a, "echo x >x", json!({})));
    for id in &tasks {
        assert_eq!(back(&a, id)["branch"], format!("aiwg/{id}"));
        assert_eq!(a.task(id)["host"]["id"], own_id(&a));
    }
    // Once it takes them, they go.
    fs::remove_file(&hook).unwrap();
    until("the way to be open", || !issues(&a).contains("no such names"));
    let id = submit(&a, "echo x >x", on("b"));
    back(&a, &id);
}

#[test]
fn a_result_waits_for_a_remote_that_is_away() {
    let Some(clones) = Clones::new() else { return };
    let (a, b) = clones.two();
    let id = submit(&a, &format!("{}; echo x >x", waits(&b)), on("b"));
    until("its agent", || b.file("began").exists());
    let away = clones.dir.path().join("away");
    fs::rename(clones.bare(), &away).unwrap();
    b.write("go", "");
    assert_eq!(a.ended(&id)["state"], "completed");
    let result = until_some("the reason", || {
        let result = a.task(&id)["workspace"]["result"].clone();
        result["unsent"].is_string().then_some(result)
    });
    assert_eq!((result.get("branch"), result.get("remoteRef")), (None, None), "{result}");
    assert!(result["unsent"].as_str().unwrap().contains("the remote origin"), "{result}");
    let refused = a.error("task.diff", json!({ "taskId": id }));
    assert_eq!(refused["data"]["kind"], "task_elsewhere", "{refused}");
    assert!(b.call("task.diff", json!({ "taskId": id }))["diff"].is_string());
    fs::rename(&away, clones.bare()).unwrap();
    let result = back(&a, &id);
    assert_eq!((result["branch"].clone(), result.get("unsent")), (json!(format!("aiwg/{id}")), None));
    assert_eq!(git(&a, &["show", &format!("aiwg/{id}:x")]), "x\n");
}

#[test]
fn a_task_goes_on_from_its_base_where_its_host_is_lost() {
    let Some(clones) = Clones::new() else { return };
    let (a, b) = clones.two();
    let c = clones.another("c", json!({}));
    a.call("host.drain", json!({ "host": own_id(&a) }));
    a.call("host.drain", json!({ "host": own_id(&c) }));
    a.write("a", "uncommitted\n");
    let script = format!(
        "if [ -e {0}/began ]; then cat a >x; else {1}; echo stale >x; fi",
        b.path().display(),
        waits(&b)
    );
    let id = submit(&a, &script, json!({}));
    until("its agent", || b.file("began").exists());
    a.write("a", "changed since\n");
    a.call("host.lost", json!({ "host": own_id(&b) }));
    a.call("host.drain", json!({ "host": own_id(&b) }));
    // What the lost one reports of its run counts for nothing.
    let agents = || processes_of(b.path()).iter().filter(|(_, name)| name.contains("stand-in")).count();
    until("the end of its agent", || agents() == 0);
    until("what it had made to be kept there", || !git(&b, &["for-each-ref", "refs/aiwg/tasks"]).is_empty());
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(a.task(&id)["workspace"].get("result"), None, "{}", a.task(&id));
    c.call("host.drain", json!({ "host": own_id(&c), "resume": true }));
    back(&a, &id);
    assert_eq!(a.task(&id)["host"]["id"], own_id(&c));
    assert_eq!(git(&a, &["show", &format!("aiwg/{id}:x")]), "uncommitted\n");
    assert_eq!(clones.refs_with("/tasks/").len(), 1, "{:?}", clones.refs());
}

#[test]
fn who_wants_no_remote_sends_nothing() {
    let Some(clones) = Clones::new() else { return };
    let none = json!({ "workspace": { "remote": false } });
    let (a, b) = (clones.first(none.clone()), clones.another("b", none));
    let first = submit(&a, &waits(&a), json!({}));
    until("its agent", || a.file("began").exists());
    let second = submit(&a, "echo x >x", json!({}));
    let third = b.submit("true");
    assert_eq!(b.ended(&third)["state"], "completed");
    assert_eq!(a.task(&second)["state"], "queued");
    a.write("go", "");
    for id in [&first, &second] {
        assert_eq!(a.ended(id)["host"]["id"], own_id(&a));
    }
    back(&a, &second);
    assert_eq!(clones.refs(), Vec::<String>::new());
}
