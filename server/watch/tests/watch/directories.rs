//! Directories that come, go and move.

use std::{collections::BTreeSet, fs};

use aiwg_watch::Kind;

use crate::support::{Project, assert_same, created, deleted, is_watched, modified, renamed, until};

#[test]
fn nothing_is_lost_that_is_written_in_the_moment_its_directory_is_made() {
    let project = Project::new(&[]);
    let watched = project.watch();
    let paths: Vec<_> = (0..100)
        .flat_map(|round| ["a", "deep/b", "deep/er/c", "deep/er/d"].map(|name| format!("dir-{round}/{name}")))
        .collect();
    for path in &paths {
        project.write(path, path);
    }
    // They take longer than changes gather, so one may be reported between two of its writes, and be modified as well.
    let reported: Vec<_> =
        watched.reported().into_iter().filter(|change| change.kind == Kind::Created).collect();
    assert_same(reported, &paths.iter().map(created).collect::<Vec<_>>());
    for path in &paths {
        project.write(path, "another");
    }
    let reported: BTreeSet<_> = watched.reported().into_iter().collect();
    assert_same(reported.into_iter().collect(), &paths.iter().map(modified).collect::<Vec<_>>());
}

#[test]
fn nor_if_each_change_is_reported_at_once() {
    let project = Project::new(&[]);
    let watched =
        project.watch_with(aiwg_watch::Options { settle: std::time::Duration::ZERO, ..project.options() });
    for round in 0..100 {
        let path = |name: &str| format!("dir-{round}/deep/er/{name}");
        project.write(path("a"), "a");
        project.write(path("b"), "b");
        let reported = watched.reported();
        assert!(
            reported.contains(&created(path("a"))) && reported.contains(&created(path("b"))),
            "{round}: {reported:?}"
        );
        project.write(path("a"), "another");
        assert!(watched.reported().contains(&modified(path("a"))), "{round}");
    }
}

#[test]
fn empty_directories_are_watched_from_then_on() {
    let project = Project::new(&[]);
    let watched = project.watch();
    project.mkdir("a/b/c");
    watched.assert_reported(&[]);
    until("it is watched", || is_watched(&project.path("a/b/c")));
    project.write("a/b/c/d", "");
    watched.assert_reported(&[created("a/b/c/d")]);
}

#[test]
fn a_directory_that_moves_renames_its_files_and_is_watched_there() {
    let project = Project::new(&["a/x", "a/b/y", "c/z"]);
    let watched = project.watch();
    project.rename("a", "c/d");
    watched.assert_reported(&[renamed("a/x", "c/d/x"), renamed("a/b/y", "c/d/b/y")]);
    project.write("c/d/b/y", "another");
    project.write("c/d/b/new", "");
    watched.assert_reported(&[modified("c/d/b/y"), created("c/d/b/new")]);
    // The old name is free for another.
    project.write("a/b/y", "");
    watched.assert_reported(&[created("a/b/y")]);
    project.write("a/b/y", "another");
    watched.assert_reported(&[modified("a/b/y")]);
}

#[test]
fn directories_that_swap_are_each_watched_under_their_new_name() {
    let project = Project::new(&["a/x/1", "b/y/2"]);
    let watched = project.watch();
    project.rename("a", "c");
    project.rename("b", "a");
    project.rename("c", "b");
    watched.assert_reported(&[renamed("a/x/1", "b/x/1"), renamed("b/y/2", "a/y/2")]);
    project.write("a/y/2", "another");
    project.write("b/x/3", "");
    watched.assert_reported(&[modified("a/y/2"), created("b/x/3")]);
}

#[test]
fn moved_out_and_in() {
    let outside = Project::new(&["in/deep/a"]);
    let project = Project::new(&["out/deep/b"]);
    let watched = project.watch();
    fs::rename(outside.path("in"), project.path("in")).unwrap();
    fs::rename(project.path("out"), outside.path("out")).unwrap();
    watched.assert_reported(&[created("in/deep/a"), deleted("out/deep/b")]);
    assert!(!is_watched(&outside.path("out/deep")));
    outside.write("out/deep/b", "elsewhere");
    project.write("in/deep/a", "here");
    watched.assert_reported(&[modified("in/deep/a")]);
}

#[test]
fn deleted_and_made_again_at_once() {
    let project = Project::new(&["a/b/x", "a/b/y"]);
    let watched = project.watch();
    for round in 0..5 {
        project.remove("a");
        project.write("a/b/x", &format!("x{round}"));
        let mut expected = vec![modified("a/b/x")];
        if round == 0 {
            expected.push(deleted("a/b/y"));
        }
        watched.assert_reported(&expected);
        project.write("a/b/x", "in the new one");
        watched.assert_reported(&[modified("a/b/x")]);
    }
}

#[test]
fn a_file_becomes_a_directory_and_back() {
    let project = Project::new(&["a"]);
    let watched = project.watch();
    project.remove("a");
    project.write("a/b", "");
    watched.assert_reported(&[deleted("a"), created("a/b")]);
    project.remove("a");
    project.write("a", "");
    watched.assert_reported(&[created("a"), deleted("a/b")]);
}

#[test]
fn symbolic_links_are_not_followed() {
    let outside = Project::new(&["x", "dir/y"]);
    let project = Project::new(&["inside/z"]);
    project.link(outside.path("dir"), "there");
    let watched = project.watch();
    project.link(outside.path("dir"), "new");
    project.link("inside", "within");
    project.link(".", "inside/loop");
    watched.assert_reported(&[created("new"), created("within"), created("inside/loop")]);
    outside.write("dir/y", "another");
    outside.write("dir/new", "");
    project.write("inside/z", "another");
    watched.assert_reported(&[modified("inside/z")]);
    assert!(!is_watched(&outside.path("dir")));
    // The link itself is what counts.
    project.remove("there");
    project.link(outside.path("x"), "there");
    watched.assert_reported(&[modified("there")]);
}

#[test]
fn a_link_in_place_of_a_directory_is_not_followed() {
    let outside = Project::new(&["y"]);
    outside.write("sub/z", "");
    let project = Project::new(&["dir/y", "dir/sub/z"]);
    let watched = project.watch();
    project.remove("dir");
    project.link(outside.path(""), "dir");
    watched.assert_reported(&[deleted("dir/y"), deleted("dir/sub/z"), created("dir")]);
    outside.write("y", "another");
    outside.write("sub/z", "another");
    assert_same(watched.reported(), &[]);
}
