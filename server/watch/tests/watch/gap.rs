//! Changes while nobody watches: between two watchers.

use std::{fs, os::unix::fs::PermissionsExt, time::SystemTime};

use aiwg_watch::Options;

use crate::support::{Project, created, modified, until};

#[test]
fn what_has_come_or_changed_since_is_reported_at_the_start() {
    let project = Project::new(&["a", "kept", "moved", "replaced", "deep/b"]);
    let watched = project.watch();
    project.let_a_tick_pass();
    let reported_up_to = watched.watcher.finish().unwrap().reported_up_to;
    project.let_a_tick_pass();
    project.write("a", "another");
    project.write("deep/b", "another");
    project.write("deep/new/c", "");
    project.rename("moved", "elsewhere");
    project.remove("replaced");
    let options = Options { since: Some(reported_up_to), ..project.options() };
    let watched = project.watch_with(options);
    // That `moved` and `replaced` were there nobody knows.
    watched.assert_reported(&[
        modified("a"),
        modified("deep/b"),
        created("deep/new/c"),
        modified("elsewhere"),
    ]);
    project.write("kept", "another");
    watched.assert_reported(&[modified("kept")]);
}

#[test]
fn what_a_finished_watcher_has_reported_is_not_reported_again() {
    let project = Project::new(&["a"]);
    let watched = project.watch();
    project.write("a", "in the last moment");
    project.write("b", "in the last moment");
    let reported_up_to = watched.watcher.finish().unwrap().reported_up_to;
    let reported: Vec<_> = watched.change_sets.iter().flat_map(|change_set| change_set.changes).collect();
    assert_eq!(reported, [modified("a"), created("b")]);
    let next = project.watch_with(Options { since: Some(reported_up_to), ..project.options() });
    next.assert_reported(&[]);
}

#[test]
fn up_to_when_it_has_reported_is_known_while_it_watches() {
    let project = Project::new(&["a", ".git/HEAD"]);
    let watched = project.watch();
    let started = SystemTime::now();
    until("time goes on", || watched.watcher.status().reported_up_to() > started);
    project.write(".git/index.lock", "");
    project.write("a", "another");
    until("it is held", || watched.watcher.status().held_back.is_some());
    let changed = fs::metadata(project.path("a")).unwrap().modified().unwrap();
    assert!(watched.watcher.status().reported_up_to() <= changed);
    project.remove(".git/index.lock");
    assert!(watched.change_set().reported_up_to >= changed);
    until("time goes on", || watched.watcher.status().reported_up_to() >= changed);
}

#[test]
fn a_large_tree_is_reported_as_well() {
    let project = Project::in_memory();
    for file in 0..11_000 {
        project.write(format!("{}/{file}", file % 100), "");
    }
    project.let_a_tick_pass();
    let reported_up_to = SystemTime::now();
    project.let_a_tick_pass();
    project.write("5/5", "another");
    fs::set_permissions(project.path("7"), fs::Permissions::from_mode(0o700)).unwrap();
    let watched = project.watch_with(Options { since: Some(reported_up_to), ..project.options() });
    watched.assert_reported(&[modified("5/5")]);
}
