//! Files that a checkout, an archive or a copy puts where a daemon keeps its state.

use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use rusqlite::Connection;
use serde_json::json;

use crate::support::{Project, is_dead, postgres::is_about_sqlite, until};

fn shell(dir: &Path, script: &str) {
    let done = Command::new("sh").args(["-ec", script]).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{script}: {done:?}");
}

/// A stopped project with a task that has ended.
fn rested() -> Project {
    let project = Project::started(json!({}));
    assert_eq!(project.ended(&project.submit("true"))["state"], "completed");
    project.stop();
    project
}

fn database(project: &Project) -> PathBuf {
    project.file(".aiwg/daemon/daemon.db")
}

/// Log that SQLite would write before it puts another task into a queue like this one's: any daemon of this version has the same pages.
fn log_with_a_task(like: &Project) -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("daemon.db");
    fs::copy(database(like), &copy).unwrap();
    let connection = Connection::open(&copy).unwrap();
    connection
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0;
             CREATE TEMP TABLE evil AS SELECT * FROM task;
             UPDATE evil SET no = no + 1, state = 'queued', prompt = 'do: touch evil', started_at = NULL, completed_at = NULL;
             INSERT INTO task SELECT * FROM evil;",
        )
        .unwrap();
    fs::read(dir.path().join("daemon.db-wal")).unwrap()
}

/// A start is refused, whoever asks for it; once the file is gone all is as it was.
fn is_refused_until_removed(project: &Project, planted: &Path) {
    let text = fs::read(planted).unwrap();
    for words in [&["daemon", "start", "--foreground"][..], &["daemon", "start"], &["daemon", "restart"]] {
        let done = project.run_to_its_end(words);
        assert!(
            done.code == 1 && done.err.contains("was not made with the database"),
            "{words:?}: {}{}",
            done.out,
            done.err
        );
    }
    assert_eq!(fs::read(planted).unwrap(), text);
    fs::remove_file(planted).unwrap();
    project.start();
    assert_eq!(project.json(&["task", "stats"])["total"], 1);
    assert!(!project.file("evil").exists());
}

#[test]
fn a_log_that_a_merge_brings_is_not_read() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = rested();
    let planted = project.file(".aiwg/daemon/daemon.db-wal");
    let git = "git -c user.name=a -c user.email=a@b";
    shell(
        project.path(),
        &format!("git init -qb main . && {git} commit -qm first --allow-empty && git checkout -qb theirs"),
    );
    let ours = fs::read(&planted).unwrap();
    fs::write(&planted, log_with_a_task(&project)).unwrap();
    shell(
        project.path(),
        &format!("git add -f .aiwg/daemon/daemon.db-wal && {git} commit -qm theirs && git checkout -q main"),
    );
    assert!(!planted.exists());
    fs::write(&planted, &ours).unwrap();
    // Git overwrites what it ignores, without a word.
    shell(project.path(), "git merge -q theirs");
    assert!(fs::metadata(&planted).unwrap().len() > 0);
    is_refused_until_removed(&project, &planted);
}

#[test]
fn a_log_in_the_place_of_a_killed_daemons_is_not_read() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    // Whether that daemon has written something to it or not.
    for writes in [true, false] {
        let project = rested();
        let log = log_with_a_task(&project);
        project.start();
        if writes {
            project.json(&["event", "emit", "a:b"]);
        }
        project.kill_daemon();
        let planted = project.file(".aiwg/daemon/daemon.db-wal");
        assert!(!writes || fs::metadata(&planted).unwrap().len() > 0);
        fs::remove_file(&planted).unwrap();
        fs::write(&planted, log).unwrap();
        is_refused_until_removed(&project, &planted);
    }
}

#[test]
fn a_journal_is_not_read() {
    if is_about_sqlite("it changes the file of the store") {
        return;
    }
    let project = rested();
    let planted = project.file(".aiwg/daemon/daemon.db-journal");
    fs::write(&planted, "x".repeat(8192)).unwrap();
    is_refused_until_removed(&project, &planted);
    // Without a database there is nothing that it could be of.
    project.stop();
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", database(&project).display()));
    }
    fs::write(&planted, "x".repeat(8192)).unwrap();
    fs::write(project.file(".aiwg/daemon/daemon.db-wal"), "x".repeat(8192)).unwrap();
    project.start();
    assert!(!planted.exists());
    assert_eq!(project.json(&["task", "stats"])["total"], 0);
}

#[test]
fn a_forged_stamp_does_not_agree() {
    let made = rested();
    let copy = Project::empty();
    shell(made.path(), &format!("cp -a .aiwg {}", copy.path().display()));
    let path = database(&copy);
    let found = fs::metadata(&path).unwrap();
    let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    // All that can be foreseen, but not the moment in which the file is made.
    let births = [json!(null), json!(0), json!(found.mtime() * 1_000_000_000 + found.mtime_nsec())];
    for birth in births.into_iter().skip(usize::from(found.created().is_err())) {
        let stamp = json!({
            "machine": machine.trim(), "device": found.dev(), "inode": found.ino(), "birth": birth,
            "log": { "device": found.dev(), "inode": found.ino(), "birth": birth }
        });
        let connection = Connection::open(&path).unwrap();
        connection.execute("UPDATE made_here SET stamp = ?", [stamp.to_string()]).unwrap();
        drop(connection);
        let done = copy.run(&["daemon", "start"]);
        assert!(
            done.code == 1 && done.err.contains("was not made here"),
            "{stamp}: {}{}",
            done.out,
            done.err
        );
    }
}

#[test]
fn another_projects_state_is_not_this_ones() {
    let outer = Project::empty();
    let run = |dir: &str, words: &[&str]| {
        outer.command().current_dir(outer.file(dir)).args(words).output().unwrap()
    };
    fs::create_dir_all(outer.file("own/.aiwg")).unwrap();
    fs::create_dir_all(outer.file("clone")).unwrap();
    fs::write(outer.file("own/.aiwg/daemon.json"), Project::config(json!({})).to_string()).unwrap();
    symlink("../own/.aiwg", outer.file("clone/.aiwg")).unwrap();
    for _ in 0..2 {
        let done = run("clone", &["daemon", "start"]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(1) && said.contains(".aiwg is a link"), "{said}");
        assert!(run("own", &["daemon", "start"]).status.success());
        assert!(run("own", &["daemon", "stop"]).status.success());
    }
}

#[test]
fn a_link_in_the_place_of_a_tasks_directory_is_not_followed() {
    let project = rested();
    fs::create_dir(project.file("data")).unwrap();
    for file in ["prompt.txt", "stdout.log", "exit.json", "run.json", "shim.lock"] {
        fs::write(project.file("data").join(file), "precious").unwrap();
    }
    for no in 2..6 {
        symlink("../../../data", project.file(&format!(".aiwg/daemon/actions/task-{no:04}"))).unwrap();
    }
    project.start();
    let task = project.ended(&project.submit("touch evil"));
    assert_eq!(task["state"], "failed", "{task}");
    assert!(task["error"].as_str().unwrap().contains("is a link"), "{task}");
    for file in ["prompt.txt", "stdout.log", "exit.json", "run.json", "shim.lock"] {
        assert_eq!(fs::read_to_string(project.file("data").join(file)).unwrap(), "precious", "{file}");
    }
    assert_eq!(fs::read_dir(project.file("data")).unwrap().count(), 5);
}

#[test]
fn a_pipe_in_any_place_keeps_nobody_waiting() {
    for name in [
        "daemon.json",
        ".gitignore",
        "daemon.pid",
        "daemon/.lock",
        "daemon/.gitignore",
        "daemon/daemon.db",
        "daemon/daemon.db-wal",
        "daemon/daemon.db-shm",
        "daemon/daemon.log",
        "daemon/daemon.sock",
        "daemon/heartbeat",
        "daemon/state.json",
        "daemon/tasks.json",
        "daemon/tasks.json.not-imported",
        "daemon/events/2026-01-01.jsonl",
        "daemon/actions/task-0001",
    ] {
        let project = Project::new(json!({}));
        let planted = project.file(".aiwg").join(name);
        fs::create_dir_all(planted.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&planted);
        shell(project.path(), &format!("mkfifo {}", planted.display()));
        for words in [
            &["daemon", "start"][..],
            &["daemon", "status"],
            &["task", "submit", "do: true"],
            &["daemon", "stop"],
        ] {
            project.run_to_its_end(words);
        }
    }
}

#[test]
fn a_log_that_is_taken_away_from_a_daemon_is_missed() {
    let project = rested();
    project.start();
    let pid = project.pid();
    let task = project.submit("true");
    project.ended(&task);
    fs::remove_file(project.file(".aiwg/daemon/daemon.db-wal")).unwrap();
    until("the end of the daemon", || is_dead(pid));
    // What it has acknowledged is in the database by then.
    project.start();
    assert_eq!(project.task(&task)["state"], "completed");
}
