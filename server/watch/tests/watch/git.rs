//! Changes during a git operation, of which nothing is reported.

use std::{
    fs,
    time::{Duration, Instant, SystemTime},
};

use aiwg_watch::{Notice, Options};

use crate::support::{Project, Watched, created, deleted, modified, renamed, until};

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
    for marker in [
        "index.lock",
        "MERGE_HEAD",
        "CHERRY_PICK_HEAD",
        "REVERT_HEAD",
        "rebase-merge/x",
        "rebase-apply/x",
        "BISECT_LOG",
    ] {
        let project = Project::new(&["a", "b", ".git/HEAD"]);
        // Only a lock that was left behind is no longer waited for after that.
        let git_wait = if marker == "index.lock" { A_WHILE * 100 } else { Duration::ZERO };
        let watched = project.watch_with(Options { git_wait, ..project.options() });
        project.write(format!(".git/{marker}"), "");
        project.write("a", "another");
        project.write("c", "");
        until("changes are held back", || watched.watcher.status().held_back.is_some());
        assert!(watched.is_silent_for(A_WHILE / 3));
        // The net result of all of it is what counts.
        project.remove("c");
        project.remove("b");
        project.remove(format!(".git/{}", marker.split('/').next().unwrap()));
        watched.assert_reported(&[modified("a"), deleted("b")]);
        assert_eq!(watched.watcher.status().held_back, None);
    }
}

#[test]
fn the_wait_is_bounded_and_an_operation_waited_for_holds_nothing_back_any_more() {
    let project = Project::new(&["a", ".git/index.lock"]);
    let watched = project.watch_with(Options { git_wait: A_WHILE, ..project.options() });
    let started = Instant::now();
    project.write("a", "another");
    watched.assert_reported(&[modified("a")]);
    assert!(started.elapsed() >= A_WHILE);
    watched
        .notice(|notice| matches!(notice, Notice::GitWaitOver { marker } if marker.ends_with("index.lock")));
    let long = Duration::from_secs(3600);
    drop(watched);
    // Another operation within it is waited for again, this one no longer.
    let watched = project.watch_with(Options { git_wait: A_WHILE, ..project.options() });
    project.write("a", "one");
    watched.assert_reported(&[modified("a")]);
    let started = Instant::now();
    project.write("a", "two");
    watched.assert_reported(&[modified("a")]);
    assert!(started.elapsed() < long);
    project.write(".git/MERGE_HEAD", "");
    project.write("a", "three");
    is_held_by(&watched, "MERGE_HEAD");
    project.remove(".git/MERGE_HEAD");
    watched.assert_reported(&[modified("a")]);
}

fn is_held_by(watched: &Watched<'_>, marker: &str) {
    until("changes are held back", || {
        watched.watcher.status().held_back.is_some_and(|(held, _)| held.ends_with(marker))
    });
}

#[test]
fn an_operation_in_which_nothing_has_happened_for_long_was_forgotten() {
    let project = Project::new(&["a", ".git/rebase-merge/x"]);
    let hour = Duration::from_secs(3600);
    let watched = project.watch_with(Options { git_operation_wait: hour, ..project.options() });
    project.write("a", "another");
    is_held_by(&watched, "rebase-merge");
    let marker = fs::File::open(project.path(".git/rebase-merge")).unwrap();
    marker.set_modified(SystemTime::now() - hour).unwrap();
    watched.assert_reported(&[modified("a")]);
    watched.notice(|notice| matches!(notice, Notice::GitWaitOver { .. }));
    assert_eq!(watched.watcher.status().held_back, None);
}

#[test]
fn a_repository_within_the_project_holds_changes_back_too() {
    let project =
        Project::new(&["a", "old/.git/HEAD", "old/.git/MERGE_HEAD", "tree/b", "elsewhere.git/HEAD"]);
    let watched = project.watch();
    project.write("a", "another");
    is_held_by(&watched, "old/.git/MERGE_HEAD");
    project.remove("old/.git/MERGE_HEAD");
    watched.assert_reported(&[modified("a")]);
    // One that comes later, and has its files elsewhere, as a submodule has.
    project.write("tree/.git", "gitdir: ../elsewhere.git\n");
    project.write("a", "one");
    watched.assert_reported(&[modified("a")]);
    project.mkdir("elsewhere.git/rebase-merge");
    project.write("a", "two");
    is_held_by(&watched, "elsewhere.git/rebase-merge");
    project.remove("elsewhere.git/rebase-merge");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn a_rebase_with_conflicts_is_reported_once_it_is_over() {
    let project = repository(&["a"]);
    project.sh("git checkout -qb topic && echo topic >a && git commit -qam topic");
    project.sh("git checkout -q main && echo main >a && git commit -qam main && git checkout -q topic");
    let watched = project.watch_with(Options { git_wait: Duration::ZERO, ..project.options() });
    project.sh("! git rebase main >/dev/null 2>&1");
    is_held_by(&watched, "rebase-merge");
    project.write("a", "both");
    assert!(watched.is_silent_for(A_WHILE));
    project.sh("git add a && GIT_EDITOR=true git rebase --continue >/dev/null 2>&1");
    watched.assert_reported(&[modified("a")]);
}

/// Another watcher of the project goes on where one has left off.
fn handed_over<'a>(project: &'a Project, watched: Watched<'_>, options: Options) -> Watched<'a> {
    let next = project.watch_with(options);
    let finished = watched.watcher.finish().unwrap();
    next.watcher.inherit(finished.rest.unwrap());
    assert!(watched.change_sets.try_recv().is_err());
    next
}

#[test]
fn what_is_held_back_is_handed_over_to_the_next_watcher() {
    let project = Project::new(&["a", "gone/b", "lib/c", "lib/kept", "was-hidden", ".git/rebase-merge/x"]);
    let options = || Options { ignore: vec!["was-hidden".to_owned()], ..project.options() };
    let watched = project.watch_with(options());
    project.write("a", "another");
    project.write("new/deep/d", "");
    project.rename("lib/c", "lib/e");
    project.remove("gone");
    is_held_by(&watched, "rebase-merge");
    let next = handed_over(&project, watched, project.options());
    is_held_by(&next, "rebase-merge");
    project.write("lib/kept", "after");
    project.remove(".git/rebase-merge");
    next.assert_reported(&[
        modified("a"),
        created("new/deep/d"),
        renamed("lib/c", "lib/e"),
        deleted("gone/b"),
        modified("lib/kept"),
    ]);
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
    let change_set = watched.change_set();
    let mut expected: Vec<_> = (0..2000).map(|file| created(format!("many/{}/{file}", file % 50))).collect();
    expected.extend([modified("kept"), deleted("gone/a"), deleted("gone/b")]);
    crate::support::assert_same(change_set.changes, &expected);
    project.sh("git checkout -q main");
    assert_eq!(watched.change_set().changes.len(), expected.len());
    // There and back: nothing has come or gone.
    project.sh("git checkout -q other && git checkout -q main");
    let reported = watched.reported();
    assert!(reported.iter().all(|change| change.kind == aiwg_watch::Kind::Modified), "{reported:?}");
}

#[test]
fn a_rebase_is_one_batch() {
    let project = repository(&["base"]);
    project.sh("git checkout -qb topic");
    for round in 0..20 {
        project.write(format!("topic-{round}"), "");
        project.sh("git add -A && git commit -qm topic");
    }
    project.sh("git checkout -q main && echo >>base && git commit -qam base && git checkout -q topic");
    let watched = project.watch();
    project.sh("git rebase -q main");
    let change_set = watched.change_set();
    // All commits of the topic are there before and after.
    assert!(change_set.changes.contains(&modified("base")), "{change_set:?}");
    assert!(
        change_set.changes.iter().all(|change| change.kind == aiwg_watch::Kind::Modified),
        "{change_set:?}"
    );
    watched.assert_reported(&[]);
}

#[test]
fn a_worktree_has_operations_of_its_own() {
    let project = repository(&["a"]);
    project.sh("git worktree add -q tree -b tree");
    let options = Options { root: project.path("tree"), ..project.options() };
    let watched = project.watch_with(options);
    project.write(".git/worktrees/tree/index.lock", "");
    fs::write(project.path("tree/a"), "another").unwrap();
    until("changes are held back", || watched.watcher.status().held_back.is_some());
    project.remove(".git/worktrees/tree/index.lock");
    assert_eq!(watched.change_set().changes, [modified("a")]);
}
