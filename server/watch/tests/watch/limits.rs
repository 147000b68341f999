//! The limits of the system.

use std::{fs, process::Command};

use aiwg_watch::{Notice, Options};

use crate::support::{Project, created, modified, until, watches};

/// Set in the process that runs under a lowered limit.
const LIMITED: &str = "AIWG_WATCH_LIMITED";

#[test]
fn more_directories_than_are_allowed_are_polled() {
    let project = Project::new(&["a/1", "b/2", "c/3"]);
    let options = Options {
        max_watches: Some(3),
        poll_every: std::time::Duration::from_millis(50),
        ..project.options()
    };
    let watched = project.watch_with(options);
    watched.notice(|notice| matches!(notice, Notice::FellBackToPolling { .. }));
    assert!(watched.watcher.status().polling);
    until("the watches are gone", || watches().is_empty());
    project.write("c/3", "another");
    watched.assert_reported(&[modified("c/3")]);
}

#[test]
fn it_falls_back_in_the_middle_of_things_too() {
    let project = Project::new(&["a/1"]);
    let options = Options {
        max_watches: Some(5),
        poll_every: std::time::Duration::from_millis(50),
        ..project.options()
    };
    let watched = project.watch_with(options);
    assert!(!watched.watcher.status().polling);
    let paths: Vec<_> = (0..10).map(|index| format!("d{index}/file")).collect();
    for path in &paths {
        project.write(path, "");
    }
    watched.assert_reported(&paths.iter().map(created).collect::<Vec<_>>());
    watched.notice(|notice| matches!(notice, Notice::FellBackToPolling { .. }));
    project.write("d9/file", "another");
    watched.assert_reported(&[modified("d9/file")]);
}

/// With a user namespace in which few watches, or no instances, are allowed. Without the right to make one it tests nothing.
fn under_limit(name: &str, value: usize, test: &str) {
    let script = format!("echo {value} >/proc/sys/user/{name} && exec \"$0\" --exact {test} --nocapture");
    let program = std::env::current_exe().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user"]);
    if !unshare.arg("true").status().is_ok_and(|status| status.success()) {
        println!("skipped: no user namespaces here");
        return;
    }
    let status = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-ec", &script])
        .arg(program)
        .env(LIMITED, "1")
        .status();
    assert!(status.unwrap().success());
}

fn falls_back_saying(words: &str) {
    let project = Project::new(&[]);
    for index in 0..100 {
        project.write(format!("d{index}/file"), "");
    }
    let options = Options { poll_every: std::time::Duration::from_millis(50), ..project.options() };
    let watched = project.watch_with(options);
    let notice = watched.notice(|notice| matches!(notice, Notice::FellBackToPolling { .. }));
    assert!(notice.to_string().contains(words), "{notice}");
    assert!(watched.watcher.status().polling);
    project.write("d99/file", "another");
    watched.assert_reported(&[modified("d99/file")]);
}

#[test]
fn without_watches_it_says_what_to_do_and_polls() {
    if std::env::var_os(LIMITED).is_some() {
        falls_back_saying("sysctl user.max_inotify_watches=");
    } else if fs::exists("/proc/sys/user/max_inotify_watches").unwrap() {
        under_limit("max_inotify_watches", 50, "limits::without_watches_it_says_what_to_do_and_polls");
    }
}

#[test]
fn without_instances_it_says_what_to_do_and_polls() {
    if std::env::var_os(LIMITED).is_some() {
        falls_back_saying("sysctl user.max_inotify_instances=");
    } else if fs::exists("/proc/sys/user/max_inotify_instances").unwrap() {
        under_limit("max_inotify_instances", 0, "limits::without_instances_it_says_what_to_do_and_polls");
    }
}

/// Without root's right to read all the same. Where that cannot be had, it tests nothing.
fn unprivileged(test: &str, body: fn()) {
    let project = Project::new(&["locked/file"]);
    project.sh("chmod 000 locked");
    let is_privileged = fs::read_dir(project.path("locked")).is_ok();
    project.sh("chmod 700 locked");
    if !is_privileged {
        return body();
    }
    assert!(std::env::var_os(LIMITED).is_none(), "it is privileged still");
    let mut unshare = Command::new("unshare");
    if !unshare.args(["--user", "true"]).status().is_ok_and(|status| status.success()) {
        println!("skipped: no user namespaces here");
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut unshare = Command::new("unshare");
    unshare.arg("--user").arg(program).args(["--exact", test, "--nocapture"]).env(LIMITED, "1");
    assert!(unshare.status().unwrap().success());
}

#[test]
fn a_directory_that_cannot_be_read_is_watched_once_it_can() {
    unprivileged("limits::a_directory_that_cannot_be_read_is_watched_once_it_can", || {
        let project = Project::new(&["locked/deep/file"]);
        project.mkdir("gone");
        project.sh("chmod 000 locked gone");
        project.let_a_tick_pass();
        let watched = project.watch();
        let is_it =
            |notice: &Notice| matches!(notice, Notice::Unreadable { path, .. } if path.ends_with("gone"));
        let said = watched.notice(is_it).to_string();
        assert!(said.contains("Permission denied") && said.contains("`watch.ignore`"), "{said}");
        project.sh("chmod 700 locked");
        watched.notice(|notice| matches!(notice, Notice::Readable(path) if path.ends_with("locked")));
        // It has been there all the time.
        watched.assert_reported(&[]);
        project.write("locked/deep/file", "another");
        watched.assert_reported(&[modified("locked/deep/file")]);
        project.sh("rmdir gone");
        watched.notice(|notice| matches!(notice, Notice::Readable(path) if path.ends_with("gone")));
    });
}
