//! Watched paths that are not there, go away, and come back.

use std::fs;

use aiwg_watch::{Notice, Options, WatchedPath};

use crate::support::{Project, assert_same, created, deleted, modified};

fn some_paths(project: &Project, paths: &[&str]) -> Options {
    Options { paths: paths.iter().map(WatchedPath::new).collect(), ..project.options() }
}

#[test]
fn a_path_that_is_not_there_is_waited_for() {
    let project = Project::new(&["a/x"]);
    let watched = project.watch_with(some_paths(&project, &["a", "b/c"]));
    watched.notice(|notice| *notice == Notice::RootGone(project.path("b/c")));
    assert_eq!(watched.watcher.status().missing, [project.path("b/c")]);
    project.write("b/beside", "");
    project.write("b/c/y", "");
    assert_same(watched.reported_with_fence_in("a"), &[created("b/c/y")]);
    watched.notice(|notice| *notice == Notice::RootBack(project.path("b/c")));
    project.write("b/c/y", "another");
    project.write("b/beside", "another");
    assert_same(watched.reported_with_fence_in("a"), &[modified("b/c/y")]);
    assert!(watched.watcher.status().missing.is_empty());
}

#[test]
fn a_path_deleted_and_made_again_is_watched_again() {
    let project = Project::new(&["src/sub/a", "other/b"]);
    let watched = project.watch_with(some_paths(&project, &["src", "other"]));
    for round in 0..5 {
        project.remove("src");
        let reported = watched.reported_with_fence_in("other");
        assert!(reported.contains(&deleted("src/sub/a")), "{round}: {reported:?}");
        watched.notice(|notice| *notice == Notice::RootGone(project.path("src")));
        project.write("src/sub/a", "another");
        assert_same(watched.reported_with_fence_in("other"), &[created("src/sub/a")]);
        watched.notice(|notice| *notice == Notice::RootBack(project.path("src")));
        // And within one moment.
        project.remove("src");
        project.write("src/sub/a", "yet another");
        assert_same(watched.reported_with_fence_in("src"), &[modified("src/sub/a")]);
    }
}

#[test]
fn a_path_that_is_moved_away_is_gone() {
    let project = Project::new(&["src/a", "other/b"]);
    let watched = project.watch_with(some_paths(&project, &["src", "other"]));
    project.rename("src", "elsewhere");
    assert_same(watched.reported_with_fence_in("other"), &[deleted("src/a")]);
    project.write("elsewhere/a", "another");
    assert_same(watched.reported_with_fence_in("other"), &[]);
    project.rename("elsewhere", "src");
    assert_same(watched.reported_with_fence_in("other"), &[created("src/a")]);
    project.write("src/a", "yet another");
    assert_same(watched.reported_with_fence_in("other"), &[modified("src/a")]);
}

fn inner(outer: &Project) -> Options {
    Options { root: outer.path("project"), ..outer.options() }
}

#[test]
fn the_project_itself_deleted_and_made_again() {
    let outer = Project::new(&["project/a", "project/sub/b"]);
    let watched = outer.watch_with(inner(&outer));
    outer.remove("project");
    assert_same(watched.change_set().changes, &[deleted("a"), deleted("sub/b")]);
    watched.notice(|notice| matches!(notice, Notice::RootGone(_)));
    outer.write("project/sub/b", "another");
    assert_same(watched.change_set().changes, &[created("sub/b")]);
    watched.notice(|notice| matches!(notice, Notice::RootBack(_)));
    outer.write("project/sub/b", "yet another");
    assert_same(watched.change_set().changes, &[modified("sub/b")]);
}

#[test]
fn the_project_replaced_by_another_in_one_moment() {
    let outer = Project::new(&["project/a", "project/sub/b", "next/sub/b", "next/c"]);
    let watched = outer.watch_with(inner(&outer));
    outer.rename("project", "old");
    outer.rename("next", "project");
    assert_same(watched.change_set().changes, &[deleted("a"), modified("sub/b"), created("c")]);
    outer.write("old/a", "elsewhere");
    outer.write("project/sub/b", "here");
    assert_same(watched.change_set().changes, &[modified("sub/b")]);
}

#[test]
fn a_directory_above_the_project_is_moved() {
    let outer = Project::new(&["above/project/a"]);
    let options = Options { root: outer.path("above/project"), ..outer.options() };
    let watched = outer.watch_with(options);
    outer.rename("above", "moved");
    // No event says so; it is found within seconds.
    assert_same(watched.change_set().changes, &[deleted("a")]);
    outer.rename("moved", "above");
    assert_same(watched.change_set().changes, &[created("a")]);
    fs::write(outer.path("above/project/a"), "another").unwrap();
    assert_same(watched.change_set().changes, &[modified("a")]);
}
