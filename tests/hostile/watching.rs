//! Files in the project that end the watching, silence it, or set off what nobody asked for.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{Project, until};

/// A project whose rule waits for changes in `src`.
fn project() -> Project {
    let rule = json!({
        "id": "r",
        "trigger": { "type": "file_change", "pattern": "src/**" },
        "ignore_own_changes": false,
        "max_firings": 1000,
        "action": { "type": "submit_task", "prompt": "x" }
    });
    let project = Project::new(json!({ "watch": { "debounce_ms": 60 }, "rules": [rule] }));
    fs::create_dir(project.file("src")).unwrap();
    project
}

fn sh(project: &Project, script: &str) {
    let done = Command::new("sh").args(["-ec", script]).current_dir(project.path()).output().unwrap();
    assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
}

fn is_reported(project: &Project, path: &str) -> bool {
    let events = project.json(&["event", "list", "file:*"]);
    events.as_array().unwrap().iter().any(|event| event["payload"]["path"] == path)
}

/// Waits until a change is reported and the rule has fired.
fn changes_are_reported(project: &Project, path: &str) {
    let before = project.json(&["task", "stats"])["total"].as_u64().unwrap();
    fs::write(project.file(path), "another").unwrap();
    until("the change to be reported", || is_reported(project, path));
    until("its task", || project.json(&["task", "stats"])["total"].as_u64().unwrap() > before);
}

fn issue(project: &Project) -> Option<String> {
    let status: Value = project.json(&["daemon", "status"]);
    let issues = status["issues"].as_array().unwrap();
    let of_watch = issues.iter().find(|issue| issue["kind"] == "watch");
    of_watch.map(|issue| issue["message"].as_str().unwrap().to_owned())
}

/// Waits until the health names what `file` says in vain.
fn is_named(project: &Project, file: &str, why: &str) {
    until("the health to say so", || {
        issue(project).is_some_and(|issue| issue.contains(file) && issue.contains(why))
    });
}

fn nested_braces(depth: usize) -> String {
    format!("{}a{}\n", "{".repeat(depth), "}".repeat(depth))
}

#[test]
fn nested_braces_in_an_ignore_file_end_nothing() {
    let project = project();
    project.start();
    fs::create_dir(project.file("src/deep")).unwrap();
    for (file, depth) in [(".gitignore", 1000), ("src/.gitignore", 13_100), ("src/deep/.gitignore", 200_000)]
    {
        fs::write(project.file(file), nested_braces(depth)).unwrap();
        changes_are_reported(&project, &format!("src/deep/after-{depth}"));
    }
    // Nor does it end the next one.
    project.stop();
    project.start();
    changes_are_reported(&project, "src/deep/later");
    is_named(&project, "src/.gitignore", "line 1");
}

#[test]
fn an_ignore_file_without_an_end_is_read_in_part_and_that_is_said() {
    let project = project();
    fs::write(project.file(".gitignore"), "/src/hidden\n").unwrap();
    fs::File::options().append(true).open(project.file(".gitignore")).unwrap().set_len(1 << 40).unwrap();
    project.start();
    changes_are_reported(&project, "src/a");
    is_named(&project, ".gitignore", "larger than");
    // Once it is as it should be, nothing is said.
    fs::write(project.file(".gitignore"), "/src/hidden\n").unwrap();
    until("the health to be well", || issue(&project).is_none());
    fs::write(project.file("src/hidden"), "").unwrap();
    changes_are_reported(&project, "src/b");
    assert!(!is_reported(&project, "src/hidden"));
}

#[test]
fn patterns_that_take_for_ever_do_not() {
    let project = project();
    let name = "a/".repeat(60);
    fs::create_dir_all(project.file(&format!("src/{name}"))).unwrap();
    let bad = format!("{}b\n{}b\n{}b\n", "**/a/".repeat(40), "*a".repeat(1000), "**/*a*/".repeat(4));
    fs::write(project.file(".gitignore"), bad.repeat(500)).unwrap();
    project.start();
    changes_are_reported(&project, "src/x");
    changes_are_reported(&project, &format!("src/{name}a"));
    is_named(&project, ".gitignore", "does not count");
}

#[test]
fn pipes_and_links_where_git_has_files_stop_nothing() {
    for plant in
        ["mkfifo .gitignore", "mkfifo .git", "ln -s /dev/zero .gitignore", "mkfifo src/.gitignore src/.git"]
    {
        let project = project();
        project.start();
        sh(&project, plant);
        changes_are_reported(&project, "src/a");
        project.stop();
        project.start();
        changes_are_reported(&project, "src/b");
        if plant.contains(".gitignore") {
            is_named(&project, ".gitignore", "not read");
        }
        let tried = project.json(&["automation", "test", "--file", "src/c"]);
        assert_eq!(tried["rules"][0]["rule"], "r", "{tried}");
    }
}

#[test]
fn what_holds_file_rules_back_is_in_the_health() {
    let project = project();
    sh(&project, "git init -q .");
    project.start();
    changes_are_reported(&project, "src/a");
    fs::write(project.file(".git/MERGE_HEAD"), "").unwrap();
    fs::write(project.file("src/b"), "another").unwrap();
    is_named(&project, ".git/MERGE_HEAD", "git status");
    assert!(!is_reported(&project, "src/b"));
    fs::remove_file(project.file(".git/MERGE_HEAD")).unwrap();
    until("the change to be reported", || is_reported(&project, "src/b"));
    until("the health to be well", || issue(&project).is_none());
    assert!(!Path::new(&project.file(".git/MERGE_HEAD")).exists());
}

#[test]
fn links_that_are_not_followed_are_said_where_they_are_named() {
    let project = project();
    fs::remove_dir(project.file("src")).unwrap();
    fs::create_dir(project.file("lib")).unwrap();
    std::os::unix::fs::symlink("lib", project.file("src")).unwrap();
    let checked = project.run(&["config", "check"]);
    assert!(
        format!("{}{}", checked.out, checked.err).contains("symbolic link"),
        "{}{}",
        checked.out,
        checked.err
    );
    project.start();
    let tried = project.json(&["automation", "test", "--file", "src/a"]);
    assert!(tried["notice"].as_str().unwrap().contains("symbolic link"), "{tried}");
    // A watched path that is one is in the health.
    let mut config = Project::config(json!({ "watch": { "enabled": true, "paths": ["src/deep"] } }));
    config["rules"] = json!([]);
    project.configure(&config.to_string());
    project.json(&["daemon", "reload"]);
    is_named(&project, "src/deep", "symbolic link");
}
