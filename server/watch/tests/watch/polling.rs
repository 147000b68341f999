//! Polling really polls, with the same results.

use std::time::Duration;

use aiwg_watch::Options;

use crate::support::{Project, Watched, created, deleted, modified, renamed, watches};

fn poll(project: &Project) -> Watched<'_> {
    let poll_every = Duration::from_millis(50);
    project.watch_with(Options { polling: true, poll_every, ..project.options() })
}

#[test]
fn the_system_watches_nothing_and_changes_are_reported() {
    let project = Project::new(&["a", "b/c", "b/d"]);
    let watched = poll(&project);
    assert!(watches().is_empty() && watched.watcher.status().polling);
    project.write("a", "another");
    project.remove("b/c");
    project.rename("b/d", "e");
    project.write("new/deep/f", "");
    watched.assert_reported(&[modified("a"), deleted("b/c"), renamed("b/d", "e"), created("new/deep/f")]);
    project.rename("new", "newer");
    watched.assert_reported(&[renamed("new/deep/f", "newer/deep/f")]);
}

#[test]
fn a_save_by_rename_is_one_modified() {
    let project = Project::new(&["a"]);
    let watched = poll(&project);
    for round in 0..10 {
        project.rename("a", "a~");
        project.write("a", &"x".repeat(round));
        project.remove("a~");
        watched.assert_reported(&[modified("a")]);
        project.write("a.tmp", &"y".repeat(round + 1));
        project.rename("a.tmp", "a");
        watched.assert_reported(&[modified("a")]);
    }
}

#[test]
fn ignore_files_count_when_edited_too() {
    let project = Project::new(&["out/a", "b"]);
    project.write(".gitignore", "out/\n");
    let watched = poll(&project);
    project.replace("out/a", "another");
    watched.assert_reported(&[]);
    project.replace(".gitignore", "nothing\n");
    watched.assert_reported(&[modified(".gitignore")]);
    project.replace("out/a", "yet another");
    watched.assert_reported(&[modified("out/a")]);
    project.replace(".gitignore", "out/\n");
    project.replace("b", "another");
    watched.assert_reported(&[modified(".gitignore"), modified("b")]);
}

#[test]
fn git_operations_are_waited_for() {
    let project = Project::new(&["a", ".git/index.lock"]);
    let watched = poll(&project);
    project.write("a", "another");
    crate::support::until("changes are held back", || watched.watcher.status().held_back.is_some());
    project.remove(".git/index.lock");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn the_project_deleted_and_made_again() {
    let outer = Project::new(&["project/sub/a"]);
    let poll_every = Duration::from_millis(20);
    let options = Options { root: outer.path("project"), polling: true, poll_every, ..outer.options() };
    let watched = outer.watch_with(options);
    outer.remove("project");
    assert_eq!(watched.change_set().changes, [deleted("sub/a")]);
    outer.write("project/sub/a", "");
    assert_eq!(watched.change_set().changes, [created("sub/a")]);
}
