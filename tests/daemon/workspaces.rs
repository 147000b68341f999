//! Tasks in work trees: where they run, what they leave, and how that comes back.

use std::{path::PathBuf, process::Command};

use aiwg_testing::{TestDaemon, rule_with, until, until_some};
use serde_json::{Value, json};

/// Runs git in the project, and gives what it says.
pub(crate) fn git(daemon: &TestDaemon, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").arg("-C").arg(daemon.path()).args(who).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// Makes the project a repository with one commit of two files.
pub(crate) fn repository(daemon: &TestDaemon) {
    git(daemon, &["init", "-q", "-b", "main"]);
    daemon.write(".gitignore", ".aiwg\n.stand-in-runs\nwarm/\n");
    daemon.write("a", "one\n");
    daemon.write("b", "one\n");
    git(daemon, &["add", "."]);
    git(daemon, &["commit", "-q", "-m", "first"]);
}

/// A daemon in a repository.
pub(crate) fn in_git(more: Value) -> TestDaemon {
    let mut daemon = TestDaemon::stopped(more);
    repository(&daemon);
    daemon.start();
    daemon
}

/// Submits a task in a work tree whose agent runs this script.
fn in_tree(daemon: &TestDaemon, script: &str, more: Value) -> String {
    let mut params = json!({ "prompt": format!("do: {script}"), "workspace": "worktree" });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    daemon.submit_with(params)
}

fn status(daemon: &TestDaemon) -> String {
    git(daemon, &["status", "--porcelain"])
}

fn events(daemon: &TestDaemon, topic: &str) -> Vec<Value> {
    daemon.call("event.list", json!({ "topics": [topic] })).as_array().unwrap().clone()
}

/// The task, once its changes have come back.
fn brought(daemon: &TestDaemon, id: &str) -> Value {
    daemon.ended(id);
    until_some("its changes to be back", || {
        let task = daemon.task(id);
        let result = task["workspace"]["result"].clone();
        ["branch", "patch", "applied", "conflict"]
            .iter()
            .any(|way| result.get(*way).is_some())
            .then_some(task)
    })
}

/// What the script of a task's agent has said, at its end.
fn said(daemon: &TestDaemon, id: &str) -> String {
    let task = daemon.ended(id);
    let result = task["result"].as_str().unwrap_or_else(|| panic!("{task}"));
    result.split_once('\n').map(|(_, said)| said.to_owned()).unwrap_or_default()
}

fn trees(daemon: &TestDaemon) -> Vec<Value> {
    daemon.call("workspace.list", json!({}))["trees"].as_array().unwrap().clone()
}

#[test]
fn an_agent_works_apart_and_leaves_a_branch() {
    let daemon = in_git(json!({}));
    let id = in_tree(&daemon, "pwd; echo two >a; echo new >c; rm b; echo $PWD", json!({}));
    let task = brought(&daemon, &id);
    assert_eq!(task["state"], "completed", "{task}");
    let workspace = &task["workspace"];
    let dir = workspace["dir"].as_str().unwrap();
    assert!(dir.starts_with(daemon.shared().to_str().unwrap()), "{dir}");
    assert_eq!(said(&daemon, &id), format!("{dir}\n{dir}\n"));
    assert_eq!((&workspace["mode"], &workspace["back"]), (&json!("worktree"), &json!("branch")));
    let result = &workspace["result"];
    assert_eq!(result["ref"], format!("refs/aiwg/tasks/{id}/1"));
    assert_eq!(
        (&result["files"], &result["insertions"], &result["deletions"]),
        (&json!(3), &json!(2), &json!(2))
    );
    assert_eq!(result["branch"], format!("aiwg/{id}"));
    // Nothing of it is in the project.
    assert_eq!((daemon.read("a").as_str(), status(&daemon).as_str()), ("one\n", ""));
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{id}:a")]), "two\n");
    assert_eq!(git(&daemon, &["branch", "--show-current"]), "main\n");
    let diff = daemon.call("task.diff", json!({ "taskId": id }));
    assert_eq!((&diff["isCut"], diff["files"].as_array().unwrap().len()), (&json!(false), 3));
    assert!(diff["diff"].as_str().unwrap().contains("-one\n+two\n"), "{diff}");
    // In a list it is only named.
    let listed = &daemon.call("task.list", json!({}))[0]["workspace"];
    assert_eq!((&listed["mode"], listed.get("result")), (&json!("worktree"), None));
}

#[test]
fn who_uses_none_of_it_has_no_directory_and_no_cursor() {
    let daemon = in_git(json!({}));
    let id = daemon.submit("echo two >a");
    let task = daemon.ended(&id);
    assert_eq!((task.get("workspace"), daemon.read("a").as_str()), (None, "two\n"));
    assert!(!daemon.shared().join("worktrees").exists());
    let list = daemon.call("workspace.list", json!({}));
    assert_eq!((list["trees"].as_array().unwrap().len(), list.get("unusable")), (0, None));
    assert!(!daemon.path().join(".git/refs/aiwg").exists());
    let refused = daemon.error("task.diff", json!({ "taskId": id }));
    assert_eq!(refused["data"]["kind"], "task_has_no_result");
}

#[test]
fn an_agent_begins_with_what_it_was_told_to() {
    let daemon = in_git(json!({}));
    git(&daemon, &["tag", "old"]);
    daemon.write("a", "committed\n");
    git(&daemon, &["commit", "-q", "-a", "-m", "second"]);
    daemon.write("a", "uncommitted\n");
    daemon.write("untracked", "new\n");
    let shows = "cat a; ls";
    let begins = |base: Value| {
        let workspace = json!({ "base": base });
        let id = in_tree(&daemon, shows, json!({ "workspace": workspace }));
        said(&daemon, &id)
    };
    assert_eq!(begins(Value::Null), "uncommitted\na\nb\nuntracked\n");
    assert_eq!(begins(json!("snapshot")), "uncommitted\na\nb\nuntracked\n");
    assert_eq!(begins(json!("head")), "committed\na\nb\n");
    assert_eq!(begins(json!("old")), "one\na\nb\n");
    let none = in_tree(&daemon, shows, json!({ "workspace": { "base": "no-such" } }));
    let task = daemon.ended(&none);
    assert_eq!(task["state"], "failed");
    assert!(task["error"].as_str().unwrap().contains("\"no-such\" names no commit"), "{task}");
    assert_eq!(daemon.read("a"), "uncommitted\n");
    let refused = daemon.error("task.submit", json!({ "prompt": "x", "workspace": { "base": "--exec=x" } }));
    assert_eq!(refused["data"]["member"], "workspace.base", "{refused}");
}

#[test]
fn whatever_comes_of_a_run_its_work_is_kept() {
    let daemon = in_git(json!({}));
    let kept = |id: &str| {
        let task = daemon.ended(id);
        let result = task["workspace"]["result"].clone();
        assert_eq!(result.get("branch"), None, "{task}");
        (
            task["state"].as_str().unwrap().to_owned(),
            git(&daemon, &["show", &format!("{}:a", result["ref"].as_str().unwrap())]),
        )
    };
    let failed = in_tree(&daemon, "echo failed >a; exit 3", json!({}));
    assert_eq!(kept(&failed), ("failed".to_owned(), "failed\n".to_owned()));
    let late = in_tree(&daemon, "echo late >a; sleep 600", json!({ "timeoutMinutes": 0.02 }));
    assert_eq!(kept(&late), ("timeout".to_owned(), "late\n".to_owned()));
    let cancelled = in_tree(&daemon, "echo cancelled >a; sleep 600", json!({}));
    let at_work = || {
        let dir = daemon.task(&cancelled)["workspace"]["dir"].as_str().map(PathBuf::from)?;
        std::fs::read_to_string(dir.join("a")).ok().filter(|text| text == "cancelled\n")
    };
    until_some("the agent's work", at_work);
    daemon.call("task.cancel", json!({ "taskId": cancelled }));
    assert_eq!(kept(&cancelled), ("cancelled".to_owned(), "cancelled\n".to_owned()));
    // An agent that has committed itself, on a branch of its own.
    let who = "git -c user.name=x -c user.email=x@y commit -q -a -m mine";
    let own =
        in_tree(&daemon, &format!("echo mine >a; git checkout -q -b own; {who}; echo more >c"), json!({}));
    let task = brought(&daemon, &own);
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{own}:a")]), "mine\n");
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{own}:c")]), "more\n");
    assert_eq!(task["workspace"]["result"]["files"], 2);
    assert_eq!(status(&daemon), "");
}

#[test]
fn agents_that_a_restart_leaves_alone_are_kept_by_the_next_daemon() {
    let mut daemon = in_git(json!({}));
    let ended =
        in_tree(&daemon, "echo first >a; until [ -e ../../../../go-1 ]; do sleep 0.01; done", json!({}));
    let goes_on =
        in_tree(&daemon, "echo second >b; until [ -e ../../../../go-2 ]; do sleep 0.01; done", json!({}));
    for (id, file) in [(&ended, "a"), (&goes_on, "b")] {
        until("the agents' work", || {
            let dir = daemon.task(id)["workspace"]["dir"].as_str().map(PathBuf::from);
            dir.is_some_and(|dir| std::fs::read_to_string(dir.join(file)).is_ok_and(|text| text != "one\n"))
        });
    }
    daemon.leave_agents();
    std::fs::write(daemon.shared().join("go-1"), "").unwrap();
    until("its end", || daemon.file(&format!(".aiwg/daemon/actions/{ended}/1/exit.json")).exists());
    daemon.start();
    std::fs::write(daemon.shared().join("go-2"), "").unwrap();
    for (id, file, text) in [(&ended, "a", "first\n"), (&goes_on, "b", "second\n")] {
        let task = brought(&daemon, id);
        assert_eq!(task["state"], "completed", "{task}");
        assert_eq!(git(&daemon, &["show", &format!("aiwg/{id}:{file}")]), text);
    }
}

#[test]
fn a_task_goes_on_from_what_those_before_it_have_made() {
    let daemon = in_git(json!({}));
    let first = in_tree(&daemon, "echo two >a", json!({}));
    let next = in_tree(&daemon, "cat a b; echo three >>a", json!({ "after": [first] }));
    let beside = in_tree(&daemon, "echo two >b", json!({}));
    let both = in_tree(&daemon, "cat a b", json!({ "after": [next, beside] }));
    assert_eq!(said(&daemon, &next), "two\none\n");
    assert_eq!(said(&daemon, &both), "two\nthree\ntwo\n");
    // A base that is named comes first.
    let own = in_tree(&daemon, "cat a", json!({ "after": [next], "workspace": { "base": "head" } }));
    assert_eq!(said(&daemon, &own), "one\n");
    let other = in_tree(&daemon, "echo other >a", json!({}));
    let conflict = in_tree(&daemon, "cat a", json!({ "after": [next, other] }));
    let task = daemon.ended(&conflict);
    assert_eq!(task["state"], "failed", "{task}");
    assert!(task["error"].as_str().unwrap().contains("conflict in a"), "{task}");
}

#[test]
fn rounds_go_on_in_the_same_files_without_a_reset() {
    let daemon = in_git(json!({}));
    let script = "echo $AIWG_ROUND >>tried; [ $AIWG_ROUND = 3 ] && touch done; true";
    let verify = json!({ "command": "test -e done || { cat tried; exit 1; }" });
    let id = in_tree(&daemon, script, json!({ "verify": verify }));
    let task = brought(&daemon, &id);
    assert_eq!((&task["state"], &task["verified"]), (&json!("completed"), &json!(true)), "{task}");
    assert_eq!(task["rounds"][1]["verify"]["tail"], "1\n2\n");
    assert_eq!((&task["rounds"][0]["files"], &task["rounds"][2]["files"]), (&json!(1), &json!(2)));
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{id}:tried")]), "1\n2\n3\n");
    // Protected files are those of the work tree.
    let verify = json!({ "command": "true", "protect": ["b"], "maxRounds": 1 });
    let broken = in_tree(&daemon, "echo broken >b", json!({ "verify": verify }));
    let task = daemon.ended(&broken);
    assert_eq!(
        (&task["state"], &task["rounds"][0]["protected"]),
        (&json!("failed"), &json!(["b"])),
        "{task}"
    );
    assert_eq!((daemon.read("b").as_str(), trees(&daemon).len()), ("one\n", 1));
}

#[test]
fn work_trees_are_reused_and_what_git_ignores_stays_warm() {
    let daemon = in_git(json!({ "daemon": { "max_parallel_actions": 2 } }));
    let warm = "mkdir -p warm; ls warm; echo x >warm/$AIWG_TASK_ID; ls; echo junk >junk";
    for _ in 0..3 {
        let id = in_tree(&daemon, warm, json!({}));
        let said = said(&daemon, &id);
        assert!(!said.contains("junk"), "{said}");
    }
    let last = in_tree(&daemon, "ls warm", json!({}));
    assert_eq!(said(&daemon, &last), "task-0001\ntask-0002\ntask-0003\n");
    let all = trees(&daemon);
    assert_eq!((all.len(), &all[0]["taskId"], &all[0]["isRunning"]), (1, &json!(last), &json!(false)));
    let both = ["sleep 600", "sleep 600"].map(|script| in_tree(&daemon, script, json!({})));
    until("both of them", || trees(&daemon).iter().filter(|tree| tree["isRunning"] == true).count() == 2);
    let pruned = daemon.call("workspace.prune", json!({}));
    assert_eq!((&pruned["removed"], &pruned["kept"]), (&json!([]), &json!([1, 2])));
    for id in &both {
        daemon.call("task.cancel", json!({ "taskId": id }));
        daemon.ended(id);
    }
    let pruned = daemon.call("workspace.prune", json!({ "results": true }));
    assert_eq!((&pruned["removed"], &pruned["failed"]), (&json!([1, 2]), &json!([])), "{pruned}");
    assert!(pruned["forgotten"].as_u64().unwrap() >= 4, "{pruned}");
    assert!(trees(&daemon).is_empty());
    assert_eq!(git(&daemon, &["for-each-ref", "refs/aiwg/tasks"]), "");
    // What has come back as a branch is still there, and the next task has a tree again.
    assert!(git(&daemon, &["branch", "--list", "aiwg/*"]).contains("aiwg/task-0001"));
    let again = in_tree(&daemon, "cat a", json!({}));
    assert_eq!(said(&daemon, &again), "one\n");
}

#[test]
fn without_git_a_work_tree_is_refused_with_words_and_a_rule_says_so_in_the_health() {
    let rule = rule_with("r", "go", "do: true", json!({}));
    let mut rule = rule;
    rule["action"]["workspace"] = json!("worktree");
    let daemon = TestDaemon::with(json!({ "rules": [rule] }));
    let refused = daemon.error("task.submit", json!({ "prompt": "x", "workspace": "worktree" }));
    assert_eq!(refused["data"]["kind"], "workspace_unusable");
    assert!(refused["message"].as_str().unwrap().contains("git init"), "{refused}");
    daemon.emit("go", json!({}));
    let task = daemon.ended("task-0001");
    assert_eq!(task["state"], "failed");
    assert!(task["error"].as_str().unwrap().contains("git init"), "{task}");
    let issues = daemon.status()["issues"].to_string();
    assert!(issues.contains("a task asks for a work tree") && issues.contains("git init"), "{issues}");
    let list = daemon.call("workspace.list", json!({}));
    assert!(list["unusable"].as_str().unwrap().contains("git init"), "{list}");
    repository(&daemon);
    daemon.emit("go", json!({}));
    assert_eq!(daemon.ended("task-0002")["state"], "completed");
    assert!(!daemon.status()["issues"].to_string().contains("work tree"));
}

#[test]
fn a_patch_and_what_is_applied_come_back_and_conflicts_leave_all_as_it_was() {
    let daemon = in_git(json!({}));
    let patched = in_tree(&daemon, "echo two >a", json!({ "workspace": { "back": "patch" } }));
    let task = brought(&daemon, &patched);
    let patch = task["workspace"]["result"]["patch"].as_str().unwrap();
    git(&daemon, &["apply", "--check", patch]);
    let applied = in_tree(&daemon, "echo three >b; echo x >c", json!({ "workspace": { "back": "apply" } }));
    let task = brought(&daemon, &applied);
    assert!(task["workspace"]["result"]["applied"].is_string(), "{task}");
    assert_eq!((daemon.read("b").as_str(), daemon.read("c").as_str()), ("three\n", "x\n"));
    assert_eq!(events(&daemon, "task:applied")[0]["payload"]["paths"], json!(["b", "c"]));
    // By hand, and over what a person has not committed.
    daemon.write("a", "mine\n");
    let conflict = daemon.call("task.apply", json!({ "taskId": patched }));
    assert_eq!((&conflict["applied"], &conflict["conflict"]["paths"]), (&json!(false), &json!(["a"])));
    assert_eq!(daemon.read("a"), "mine\n");
    let event = &events(&daemon, "task:conflict")[0];
    assert_eq!((&event["payload"]["taskId"], &event["payload"]["paths"]), (&json!(patched), &json!(["a"])));
    assert_eq!(event["causedBy"]["task"], patched);
    daemon.write("a", "one\n");
    let done = daemon.call("task.apply", json!({ "taskId": patched }));
    assert_eq!(
        (&done["applied"], &done["paths"], daemon.read("a").as_str()),
        (&json!(true), &json!(["a"]), "two\n")
    );
    assert_eq!(daemon.task(&patched)["workspace"]["result"].get("conflict"), None);
}

#[test]
fn a_work_tree_is_set_up_when_it_is_new_or_its_lock_files_have_changed() {
    let setup = "echo \"$AIWG_TASK_ID\" >>warm/log; test ! -e broken || { echo no network; exit 7; }";
    let mut daemon = TestDaemon::stopped(json!({}));
    repository(&daemon);
    let workspace = json!({ "setup": format!("mkdir -p warm; {setup}") });
    daemon.configure(json!({ "workspace": workspace }));
    daemon.start();
    let log = |id: String| said(&daemon, &id);
    assert_eq!(log(in_tree(&daemon, "cat warm/log", json!({}))), "task-0001\n");
    assert_eq!(log(in_tree(&daemon, "cat warm/log", json!({}))), "task-0001\n");
    daemon.write("package-lock.json", "{}");
    assert_eq!(log(in_tree(&daemon, "cat warm/log", json!({}))), "task-0001\ntask-0003\n");
    daemon.write("package-lock.json", "{ }");
    daemon.write("broken", "");
    let failed = daemon.ended(&in_tree(&daemon, "echo never", json!({})));
    assert_eq!((&failed["state"], &failed["usage"]), (&json!("failed"), &Value::Null), "{failed}");
    let why = failed["error"].as_str().unwrap();
    assert!(why.contains("workspace.setup") && why.contains("code 7") && why.contains("no network"), "{why}");
    std::fs::remove_file(daemon.file("broken")).unwrap();
    let mended = log(in_tree(&daemon, "cat warm/log", json!({})));
    assert!(mended.ends_with("task-0004\ntask-0005\n"), "{mended}");
}

#[test]
fn what_is_applied_is_the_tasks_own_change_and_what_a_person_changes_meanwhile_is_not() {
    let work = "echo $AIWG_TASK_ID >from-agent; until [ -e ../../../../go ]; do sleep 0.01; done";
    let rule = json!({
        "id": "r", "trigger": { "type": "file_change", "pattern": "*" }, "on_busy": "queue", "max_firings": 5,
        "action": { "type": "submit_task", "prompt": format!("do: {work}"), "workspace": { "back": "apply" } },
    });
    let daemon = in_git(json!({ "rules": [rule] }));
    daemon.write("a", "edited\n");
    daemon.wait_for_task("task-0001", "running");
    until("the agent's work", || {
        let dir = daemon.task("task-0001")["workspace"]["dir"].as_str().map(PathBuf::from);
        dir.is_some_and(|dir| {
            dir.join("from-agent").exists() && std::fs::read_to_string(dir.join("a")).unwrap() == "edited\n"
        })
    });
    // A person's change while the task runs elsewhere fires like any other.
    daemon.write("b", "edited\n");
    until("a task of the person's change", || daemon.total() == 2);
    std::fs::write(daemon.shared().join("go"), "").unwrap();
    brought(&daemon, "task-0001");
    let applied = |daemon: &TestDaemon| {
        let changed = events(daemon, "file:*");
        changed
            .iter()
            .any(|event| event["payload"]["path"] == "from-agent" && event["causedBy"]["depth"] == 1)
    };
    until("the change of what was applied", || applied(&daemon));
    daemon.ended("task-0002");
    let refusal = &daemon.rule("r")["lastRefusal"];
    assert!(
        refusal["reason"].as_str().is_some_and(|why| why.contains("while a task of this rule ran")),
        "{refusal}"
    );
    assert_eq!(daemon.total(), 2, "what it has applied has fired nothing");
}

#[test]
fn an_old_result_is_forgotten_and_a_branch_stays() {
    let daemon = in_git(json!({ "workspace": "worktree" }));
    let id = daemon.submit("echo two >a");
    brought(&daemon, &id);
    assert!(git(&daemon, &["for-each-ref", "refs/aiwg"]).contains(&format!("refs/aiwg/tasks/{id}/1")));
    daemon.reload(json!({ "workspace": "worktree", "retention": { "task_count": 0, "result_days": 1 } }));
    until("the end of the task's row", || daemon.total() == 0);
    assert!(git(&daemon, &["branch", "--list", "aiwg/*"]).contains(&id));
}

#[test]
fn trees_that_more_agents_than_usual_have_needed_do_not_stay() {
    let daemon = in_git(json!({
        "daemon": { "max_parallel_actions": 3 },
        "workspace": { "mode": "worktree", "max_trees": 1 }
    }));
    let waits = "echo $AIWG_TASK_ID >$AIWG_TASK_ID; until [ -e \"$GO\" ]; do sleep 0.01; done";
    let go = daemon.shared().join("go");
    let submit = || daemon.submit_with(json!({ "prompt": format!("do: {waits}"), "env": { "GO": go } }));
    let ids = [submit(), submit(), submit()];
    until("a tree for each", || trees(&daemon).len() == 3);
    for id in &ids {
        daemon.wait_for_task(id, "running");
    }
    std::fs::write(&go, "").unwrap();
    let results = ids.each_ref().map(|id| brought(&daemon, id));
    until("one tree to be left", || trees(&daemon).len() == 1);
    // Nothing is lost with the others.
    for (id, task) in ids.iter().zip(&results) {
        assert_eq!(task["workspace"]["result"]["files"], 1, "{task}");
        let diff = daemon.call("task.diff", json!({ "taskId": id }));
        assert_eq!(diff["files"][0]["path"], id.as_str(), "{diff}");
    }
    assert_eq!(trees(&daemon)[0].get("broken"), None, "{:?}", trees(&daemon));
}
