//! Work trees of repositories of every kind: a task has one, or it is told why not and what to do about it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    process::Command,
};

use aiwg_testing::{TestDaemon, until, until_some};
use serde_json::{Value, json};

use crate::workspaces::{git, in_git};

/// A task in a work tree whose agent runs this script, at its end.
fn ended(daemon: &TestDaemon, script: &str, workspace: &Value) -> Value {
    let params = json!({ "prompt": format!("do: {script}"), "workspace": workspace });
    daemon.ended(&daemon.submit_with(params))
}

/// What the agent of a task has said that has completed.
fn said(task: &Value) -> String {
    assert_eq!(task["state"], "completed", "{task}");
    task["result"].as_str().unwrap().split_once('\n').unwrap().1.to_owned()
}

/// The refusal of a task that can have no work tree: the kind and the words.
fn refused(daemon: &TestDaemon) -> String {
    let error = daemon.error("task.submit", json!({ "prompt": "x", "workspace": "worktree" }));
    assert_eq!(error["data"]["kind"], "workspace_unusable", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

fn result(task: &Value) -> &Value {
    &task["workspace"]["result"]
}

fn executable(daemon: &TestDaemon, name: &str, text: &str) {
    daemon.write(name, text);
    fs::set_permissions(daemon.file(name), PermissionsExt::from_mode(0o755)).unwrap();
}

fn clone(from: &TestDaemon, into: &TestDaemon, options: &[&str]) {
    let from = format!("file://{}", from.path().display());
    let clone = ["clone", "-q", "--bare"];
    let bare = into.file(".git");
    let done = Command::new("git").args(clone).args(options).arg(from).arg(&bare).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    git(into, &["config", "core.bare", "false"]);
    git(into, &["checkout", "-q", "-f"]);
}

#[test]
fn without_a_commit_the_files_are_there_and_head_is_a_clear_error() {
    let daemon = TestDaemon::with(json!({}));
    git(&daemon, &["init", "-q", "-b", "main"]);
    daemon.write(".gitignore", ".aiwg\n.stand-in-runs\n");
    daemon.write("a", "one\n");
    let task = ended(&daemon, "cat a; echo two >a", &json!({ "back": "apply" }));
    assert_eq!(said(&task), "one\n");
    until("it to be applied", || daemon.read("a") == "two\n");
    let task = ended(&daemon, "true", &json!({ "base": "head" }));
    let why = task["error"].as_str().unwrap();
    assert!(why.contains("has no commit yet") && why.contains("use the base \"snapshot\""), "{why}");
    // As a branch it comes back, too, which is the first one.
    let task = ended(&daemon, "echo three >a", &json!("worktree"));
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{}:a", task["id"].as_str().unwrap())]), "three\n");
}

#[test]
fn what_can_have_no_work_trees_says_why_and_what_to_do() {
    let bare = TestDaemon::with(json!({}));
    git(&bare, &["init", "-q", "--bare", "."]);
    let why = refused(&bare);
    assert!(why.contains("is bare") && why.contains("use the workspace \"shared\""), "{why}");
    let (library, daemon) = (in_git(json!({})), in_git(json!({})));
    let url = format!("file://{}", library.path().display());
    // It gets them after the daemon has looked.
    assert_eq!(said(&ended(&daemon, "ls", &json!("worktree"))), "a\nb\n");
    git(&daemon, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "library"]);
    git(&daemon, &["commit", "-q", "-m", "with a submodule"]);
    let why = refused(&daemon);
    assert!(why.contains("submodules (library)") && why.contains("use the workspace \"shared\""), "{why}");
    let listed = daemon.call("workspace.list", json!({}));
    assert_eq!(listed["unusable"], why);
    // One that came with the base only.
    git(&daemon, &["tag", "with"]);
    git(&daemon, &["rm", "-q", "-f", "library"]);
    let task = ended(&daemon, "true", &json!({ "base": "with" }));
    assert!(task["error"].as_str().unwrap().contains("submodules (library)"), "{task}");
    assert_eq!(said(&ended(&daemon, "ls", &json!("worktree"))), "a\nb\n");
}

#[test]
fn shallow_and_sparse_checkouts_work() {
    let daemon = in_git(json!({}));
    fs::create_dir(daemon.file("folder")).unwrap();
    daemon.write("folder/c", "one\n");
    git(&daemon, &["add", "."]);
    git(&daemon, &["commit", "-q", "-m", "second"]);
    let shallow = TestDaemon::with(json!({}));
    clone(&daemon, &shallow, &["--depth=1"]);
    let task = ended(&shallow, "ls; cat folder/c; echo two >a", &json!("worktree"));
    assert_eq!(said(&task), "a\nb\nfolder\none\n");
    assert_eq!(result(&task)["files"], 1);
    git(&daemon, &["sparse-checkout", "set", "--cone"]);
    assert!(!daemon.file("folder").exists());
    daemon.write("a", "edited\n");
    // The tree is sparse as well, and what is not checked out is not deleted by anyone.
    let task = ended(
        &daemon,
        "ls; cat a; mkdir folder; echo two >folder/c; echo x >b",
        &json!({ "back": "branch" }),
    );
    assert_eq!(said(&task), "a\nb\nedited\n");
    assert_eq!(result(&task)["files"], 2, "{task}");
    let applied = daemon.call("task.apply", json!({ "taskId": task["id"] }));
    let why = applied["conflict"]["why"].as_str().unwrap_or_else(|| panic!("{applied}"));
    assert!(
        why.contains("not checked out") && applied["conflict"]["paths"] == json!(["folder/c"]),
        "{applied}"
    );
    assert_eq!(git(&daemon, &["status", "--porcelain"]), " M a\n");
}

#[test]
fn large_files_stay_pointers_and_a_changed_one_comes_back_by_hand() {
    let daemon = in_git(json!({}));
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n";
    daemon.write("large", pointer);
    git(&daemon, &["add", "."]);
    git(&daemon, &["commit", "-q", "-m", "a pointer"]);
    daemon.write(".gitattributes", "large filter=lfs diff=lfs merge=lfs -text\n");
    git(&daemon, &["add", ".gitattributes"]);
    git(&daemon, &["commit", "-q", "-m", "its filter"]);
    for (name, value) in [("clean", "false"), ("smudge", "false"), ("required", "true")] {
        git(&daemon, &["config", &format!("filter.lfs.{name}"), value]);
    }
    let task = ended(&daemon, "cat large; echo two >a", &json!("worktree"));
    assert_eq!((said(&task).as_str(), &result(&task)["files"]), (pointer, &json!(1)));
    let task = ended(&daemon, "echo large >large", &json!("worktree"));
    let conflict = &result(&task)["conflict"];
    let why = conflict["why"].as_str().unwrap_or_else(|| panic!("{task}"));
    assert!(why.contains("large") && why.contains("aiwg task apply"), "{why}");
    let applied = daemon.call("task.apply", json!({ "taskId": task["id"] }));
    assert_eq!((&applied["applied"], daemon.read("large").as_str()), (&json!(true), "large\n"), "{applied}");
}

#[test]
fn no_hook_of_the_repository_is_run_or_stands_in_the_way() {
    let daemon = in_git(json!({}));
    let hooks = [
        "post-checkout",
        "pre-commit",
        "commit-msg",
        "reference-transaction",
        "post-index-change",
        "post-commit",
        "update",
    ];
    for hook in hooks {
        executable(
            &daemon,
            &format!(".git/hooks/{hook}"),
            "#!/bin/sh\ntouch \"$(dirname \"$0\")/RAN\"\nexit 1\n",
        );
    }
    for back in ["branch", "apply", "patch"] {
        let task = ended(&daemon, &format!("echo {back} >>a"), &json!({ "base": "head", "back": back }));
        assert_eq!(task["state"], "completed", "{task}");
        let came_back = ["branch", "applied", "patch"].iter().any(|way| result(&task).get(*way).is_some());
        assert!(came_back, "{task}");
    }
    assert!(!daemon.file(".git/hooks/RAN").exists());
}

#[test]
fn line_ends_are_those_of_the_checkout_and_change_nothing() {
    let daemon = in_git(json!({}));
    git(&daemon, &["config", "core.autocrlf", "true"]);
    fs::remove_file(daemon.file("a")).unwrap();
    git(&daemon, &["checkout", "-q", "a"]);
    assert_eq!(daemon.read("a"), "one\r\n");
    let task = ended(&daemon, "od -c a | head -n1; printf 'two\\r\\n' >>a", &json!({ "back": "apply" }));
    assert!(said(&task).contains("\\r"), "{task}");
    assert_eq!((&result(&task)["files"], &result(&task)["insertions"]), (&json!(1), &json!(1)), "{task}");
    until("it to be applied", || daemon.read("a") == "one\r\ntwo\r\n");
    assert_eq!(git(&daemon, &["diff", "--numstat"]), "1\t0\ta\n");
}

#[test]
fn a_lock_that_git_has_left_is_named_in_the_health_until_it_is_gone() {
    let daemon = in_git(json!({}));
    daemon.write("a", "edited\n");
    let lock = daemon.file(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let id = daemon.submit_with(json!({ "prompt": "do: cat a", "workspace": "worktree" }));
    let issue = until_some("the lock to be named", || {
        let issues = daemon.status()["issues"].to_string();
        issues.contains("index.lock").then_some(issues)
    });
    assert!(issue.contains(&id) && issue.contains("if no git runs, remove it"), "{issue}");
    fs::remove_file(&lock).unwrap();
    assert_eq!(said(&daemon.ended(&id)), "edited\n");
    assert!(!daemon.status()["issues"].to_string().contains("index.lock"));
}

#[test]
fn what_an_agent_takes_rights_from_or_links_elsewhere_is_kept_and_cleared_away() {
    let daemon = in_git(json!({}));
    let outside = daemon.shared().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret\n").unwrap();
    symlink(&outside, daemon.file("to-outside")).unwrap();
    let work = format!(
        "mkdir -p shut/in; echo x >shut/in/file; chmod 0400 shut/in/file; chmod 0500 shut/in; chmod 0 shut; \
         ln -s {}/secret link; cat to-outside/secret; rm a; ln -s {} a",
        outside.display(),
        outside.display()
    );
    let task = ended(&daemon, &work, &json!("worktree"));
    assert_eq!(said(&task), "secret\n");
    let id = task["id"].as_str().unwrap().to_owned();
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{id}:shut/in/file")]), "x\n");
    // Links are kept as links: what is behind them is nobody's result.
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{id}:link")]), outside.join("secret").to_str().unwrap());
    assert_eq!(git(&daemon, &["show", &format!("aiwg/{id}:to-outside")]), outside.to_str().unwrap());
    let again = ended(&daemon, "ls; cat a", &json!("worktree"));
    assert_eq!(said(&again), "a\nb\nto-outside\none\n");
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "secret\n");
    let applied = daemon.call("task.apply", json!({ "taskId": id }));
    assert_eq!(applied["applied"], true, "{applied}");
    assert!(daemon.file("link").symlink_metadata().unwrap().is_symlink());
}
