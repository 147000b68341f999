//! Nothing is told in the middle of a git operation.

use std::{
    fs,
    time::{Duration, Instant},
};

use aiwg_watch::{Notice, Options};

use crate::support::{Project, created, deleted, modified, until};

/// Longer than changes gather.
const A_WHILE: Duration = Duration::from_millis(600);

fn repository(files: &[&str]) -> Project {
    let project = Project::new(files);
    project.sh("git init -q -b main . && git config user.email a@b && git config user.name c && git config gc.auto 0");
    project.sh("git add -A && git commit -qm one");
    project
}

#[test]
fn changes_wait_for_the_end_of_an_operation() {
    for marker in
        ["index.lock", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge/x", "rebase-apply/x"]
    {
        let project = Project::new(&["a", "b", ".git/HEAD"]);
        let watched = project.watch();
        project.write(format!(".git/{marker}"), "");
        project.write("a", "another");
        project.write("c", "");
        until("changes are held", || watched.watcher.status().held.is_some());
        assert!(watched.is_silent_for(A_WHILE / 3));
        // The net result of all of it is what counts.
        project.remove("c");
        project.remove("b");
        project.remove(format!(".git/{}", marker.split('/').next().unwrap()));
        watched.assert_told(&[modified("a"), deleted("b")]);
        assert_eq!(watched.watcher.status().held, None);
    }
}

#[test]
fn the_wait_is_bounded_and_an_operation_waited_for_holds_nothing_back_any_more() {
    let project = Project::new(&["a", ".git/MERGE_HEAD"]);
    let watched = project.watch_with(Options { git_wait: A_WHILE, ..project.options() });
    let started = Instant::now();
    project.write("a", "another");
    watched.assert_told(&[modified("a")]);
    assert!(started.elapsed() >= A_WHILE);
    watched
        .notice(|notice| matches!(notice, Notice::GitWaitOver { marker } if marker.ends_with("MERGE_HEAD")));
    let long = Duration::from_secs(3600);
    drop(watched);
    // Another operation within it is waited for again, this one no longer.
    let watched = project.watch_with(Options { git_wait: A_WHILE, ..project.options() });
    project.write("a", "one");
    watched.assert_told(&[modified("a")]);
    let started = Instant::now();
    project.write("a", "two");
    watched.assert_told(&[modified("a")]);
    assert!(started.elapsed() < long);
    project.write(".git/index.lock", "");
    project.write("a", "three");
    until("changes are held", || {
        watched.watcher.status().held.is_some_and(|marker| marker.ends_with("index.lock"))
    });
    project.remove(".git/index.lock");
    watched.assert_told(&[modified("a")]);
}

#[test]
fn a_checkout_of_2000_files_is_one_batch() {
    let project = repository(&["kept", "gone/a", "gone/b"]);
    project.sh("git checkout -qb other && rm -r gone");
    for file in 0..2000 {
        project.write(format!("many/{}/{file}", file % 50), "content");
    }
    project.write("kept", "another");
    project.sh("git add -A && git commit -qm two && git checkout -q main");
    let watched = project.watch();
    project.sh("git checkout -q other");
    let batch = watched.batch();
    let mut expected: Vec<_> = (0..2000).map(|file| created(format!("many/{}/{file}", file % 50))).collect();
    expected.extend([modified("kept"), deleted("gone/a"), deleted("gone/b")]);
    crate::support::assert_same(batch.changes, &expected);
    project.sh("git checkout -q main");
    assert_eq!(watched.batch().changes.len(), expected.len());
    // There and back: nothing has come or gone.
    project.sh("git checkout -q other && git checkout -q main");
    let told = watched.told();
    assert!(told.iter().all(|change| change.kind == aiwg_watch::Kind::Modified), "{told:?}");
}

#[test]
fn a_rebase_is_one_batch() {
    let project = repository(&["base"]);
    project.sh("git checkout -qb topic");
    for turn in 0..20 {
        project.write(format!("topic-{turn}"), "");
        project.sh("git add -A && git commit -qm topic");
    }
    project.sh("git checkout -q main && echo >>base && git commit -qam base && git checkout -q topic");
    let watched = project.watch();
    project.sh("git rebase -q main");
    let batch = watched.batch();
    // All commits of the topic are there before and after.
    assert!(batch.changes.contains(&modified("base")), "{batch:?}");
    assert!(batch.changes.iter().all(|change| change.kind == aiwg_watch::Kind::Modified), "{batch:?}");
    watched.assert_told(&[]);
}

#[test]
fn a_worktree_has_operations_of_its_own() {
    let project = repository(&["a"]);
    project.sh("git worktree add -q tree -b tree");
    let options = Options { root: project.path("tree"), ..project.options() };
    let watched = project.watch_with(options);
    project.write(".git/worktrees/tree/index.lock", "");
    fs::write(project.path("tree/a"), "another").unwrap();
    until("changes are held", || watched.watcher.status().held.is_some());
    project.remove(".git/worktrees/tree/index.lock");
    assert_eq!(watched.batch().changes, [modified("a")]);
}
