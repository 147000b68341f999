//! Git operations that leave no marker, that come after one that was given up on, and that change nothing in the end.

use std::time::Duration;

use aiwg_watch::{Notice, Options};

use crate::support::{Project, Watched, created, is_watched, modified, until};

/// A repository with two branches, in which `a` differs.
fn repository() -> Project {
    let project = Project::new(&["a", "b", "deep/c"]);
    project.sh(
        "git init -q -b main . && git config user.email a@b && git config user.name c && git config gc.auto 0
         git add -A && git commit -qm one
         git switch -qc other && echo theirs >a && echo theirs >deep/c && git commit -qam other
         git switch -q main",
    );
    // What git has written in the same moment as its index could be another by now.
    project.let_a_tick_pass();
    project
}

/// Makes the repository that [`at_once`] needs.
const BESIDE: &str = "git init -q beside";

/// Runs commands of which only the net result is reported, however long they take: a lock in another repository of the project holds
/// everything back meanwhile.
fn at_once(project: &Project, commands: &str) {
    project.write("beside/.git/index.lock", "");
    project.sh(commands);
    project.remove("beside/.git/index.lock");
}

fn is_held_by(watched: &Watched<'_>, marker: &str) {
    until("changes are held back", || {
        watched.watcher.status().held_back.is_some_and(|(held, _)| held.ends_with(marker))
    });
}

#[test]
fn the_next_operation_is_waited_for_though_one_was_given_up_on() {
    let project = Project::new(&["a", ".git/HEAD", ".git/index.lock"]);
    let wait = Duration::from_millis(1500);
    let watched =
        project.watch_with(Options { git_wait: wait, git_operation_wait: wait, ..project.options() });
    for marker in ["index.lock", "MERGE_HEAD", "rebase-merge"] {
        let path = format!(".git/{marker}");
        let begin = || match marker {
            "rebase-merge" => project.mkdir(&path),
            _ => project.write(&path, ""),
        };
        if marker != "index.lock" {
            begin();
        }
        project.write("a", marker);
        watched.assert_reported(&[modified("a")]);
        watched.notice(
            |notice| matches!(notice, Notice::GitWaitOver { marker: over } if over.ends_with(marker)),
        );
        // Nothing has come in between that would be reported.
        project.remove(&path);
        begin();
        project.write("a", &format!("{marker} once more"));
        is_held_by(&watched, marker);
        project.remove(&path);
        watched.assert_reported(&[modified("a")]);
    }
}

#[test]
fn files_with_conflicts_hold_changes_back_where_git_leaves_no_marker() {
    for conflict in [
        "echo mine >a && git stash -q && echo other >a && git commit -qam x && ! git stash pop -q 2>/dev/null",
        "echo mine >a && ! git checkout -q -m other >/dev/null 2>&1 || true",
        "git diff main other -- a >../p && echo zzz >a && git commit -qam z && ! git apply --3way ../p 2>/dev/null; rm ../p",
    ] {
        let project = repository();
        let watched = project.watch();
        project.sh(conflict);
        is_held_by(&watched, ".git/index");
        // What was so before there were conflicts may have been reported.
        while watched.change_sets.try_recv().is_ok() {}
        project.write("b", "another");
        assert!(watched.is_silent_for(Duration::from_millis(300)), "{conflict}");
        project.sh("echo both >a && git add a");
        let reported = watched.reported();
        assert!(
            reported.contains(&modified("a")) && reported.contains(&modified("b")),
            "{conflict}: {reported:?}"
        );
        assert_eq!(watched.watcher.status().held_back, None);
    }
}

#[test]
fn an_index_in_any_form_shows_conflicts() {
    for form in [
        "git update-index --index-version 4",
        "git update-index --index-version 3",
        "git config core.splitIndex true && git update-index --split-index",
        "git config core.splitIndex true && git update-index --index-version 4 --split-index",
        "true",
    ] {
        let project = repository();
        for file in 0..300 {
            project.write(format!("many/{}/a-rather-long-name-{file}", file % 7), "");
        }
        project.sh(&format!("git add -A && git commit -qm many && {form}"));
        project.sh("echo mine >a && git stash -q && echo other >a && git commit -qam x");
        let watched = project.watch();
        project.sh("! git stash pop -q 2>/dev/null");
        is_held_by(&watched, ".git/index");
    }
    let project = Project::new(&["a"]);
    project.sh("git init -q --object-format=sha256 . && git config user.email a@b && git config user.name c");
    project
        .sh("git add -A && git commit -qm x && echo 1 >a && git stash -q && echo 2 >a && git commit -qam y");
    let watched = project.watch();
    project.sh("! git stash pop -q 2>/dev/null");
    is_held_by(&watched, ".git/index");
}

#[test]
fn an_index_that_makes_no_sense_says_nothing() {
    for index in [&b"DIRC\0\0\0\x02\xff\xff\xff\xff"[..], b"DIRC\0\0\0\x02\0\0\0\x05junk", b"", b"DIRC"] {
        let project = repository();
        std::fs::write(project.path(".git/index"), index).unwrap();
        let watched = project.watch();
        project.write("a", "another");
        watched.assert_reported(&[modified("a")]);
    }
    let project = repository();
    project.remove(".git/index");
    project.sh("mkfifo .git/index");
    let watched = project.watch();
    project.write("a", "another");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn an_operation_that_changes_nothing_in_the_end_reports_nothing() {
    for nothing in [
        "git switch -q other && git switch -q main",
        "git merge -q --no-commit --no-ff other >/dev/null && git merge --abort",
        "echo mine >a && git commit -qam mine && ! git merge -q other >/dev/null 2>&1 && git merge --abort \
         && git reset -q --hard HEAD~1",
        "git bisect start other main >/dev/null && git checkout -q other && git bisect reset >/dev/null 2>&1",
        "rm a && git checkout -q -- a",
    ] {
        let project = repository();
        project.sh(BESIDE);
        let watched = project.watch();
        at_once(&project, nothing);
        let reported = watched.reported();
        assert_eq!(reported, [], "{nothing}");
        // And what does change is reported, also by the same ways.
        project.let_a_tick_pass();
        project.sh("git switch -q other");
        watched.assert_reported(&[modified("a"), modified("deep/c")]);
        project.let_a_tick_pass();
        at_once(&project, "git switch -q main && echo more >>a");
        watched.assert_reported(&[modified("a"), modified("deep/c")]);
    }
}

#[test]
fn what_is_not_committed_and_comes_back_as_it_was_is_no_change() {
    let project = repository();
    project.sh(BESIDE);
    let watched = project.watch();
    project.write("b", "not committed");
    project.write("new", "unknown to git");
    watched.assert_reported(&[modified("b"), created("new")]);
    for back in [
        "git stash -q && git stash pop -q",
        "git stash -qu && git stash pop -q",
        "git commit -qam b && git reset -q HEAD~1 && git stash -q && git stash pop -q",
        "git stash -qu && git switch -q other && git switch -q main && git stash pop -q",
    ] {
        for _ in 0..2 {
            project.let_a_tick_pass();
            at_once(&project, back);
            watched.assert_reported(&[]);
        }
    }
    at_once(&project, "git rebase -q --autostash other 2>/dev/null");
    watched.assert_reported(&[modified("a"), modified("deep/c")]);
    // What is another afterwards is reported, and so is what was put aside for longer.
    at_once(
        &project,
        "git stash -qu && git stash pop -q && echo more >>b && echo else >newer && mv newer new",
    );
    watched.assert_reported(&[modified("b"), modified("new")]);
    project.sh("git stash -q");
    watched.assert_reported(&[modified("b")]);
    project.sh("git stash pop -q");
    watched.assert_reported(&[modified("b")]);
}

#[test]
fn a_save_that_changes_nothing_counts_unless_git_has_made_it() {
    let project = repository();
    let watched = project.watch();
    project.write("b", "not committed");
    watched.assert_reported(&[modified("b")]);
    project.sh("cp b b.saved && mv b.saved b");
    watched.assert_reported(&[modified("b")]);
}

#[test]
fn a_touch_counts_though_the_content_is_the_same() {
    let project = repository();
    let watched = project.watch();
    project.sh("touch a && git status >/dev/null");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn what_is_no_work_of_git_holds_nothing_back_and_stops_nothing() {
    for planted in [
        "mkfifo .git/MERGE_HEAD",
        "ln -s /etc/hostname .git/MERGE_HEAD",
        "mkdir .git/MERGE_HEAD",
        "echo >.git/rebase-merge",
        "ln -s . .git/sequencer",
        "mkfifo .git/index.lock",
        "ln -s nowhere .git/index.lock",
        "rm .git/HEAD && mkfifo .git/HEAD && mkfifo .git/commondir",
        "mkdir -p .git/info && rm -f .git/info/exclude && mkfifo .git/info/exclude",
        "rm -rf .git && mkfifo .git",
        "rm -rf .git && ln -s nowhere .git",
        "rm -rf .git && ln -s /dev/zero .git",
        "rm -rf .git && echo 'gitdir: /etc' >.git",
        "rm -rf .git && echo 'gitdir: /dev/zero' >.git",
        "rm -rf .git && truncate -s 1T .git",
        "rm -f .git/config && mkfifo .git/config",
        "mkfifo deep/.git",
        "mkfifo .gitignore deep/.gitignore",
    ] {
        let project = repository();
        project.sh(planted);
        let watched = project.watch();
        project.write("a", "another");
        watched.assert_reported(&[modified("a")]);
        // And where it comes later.
        drop(watched);
        let project = repository();
        let watched = project.watch();
        project.sh(planted);
        project.write("a", "another");
        let reported = watched.reported();
        assert!(reported.contains(&modified("a")), "{planted}: {reported:?}");
    }
}

#[test]
fn other_work_trees_of_the_repository_are_not_watched_unless_asked_for() {
    use aiwg_watch::{Kind, Verdict, WatchedPath};

    let add = "git worktree add -q .claude/worktrees/x other 2>/dev/null";
    let project = repository();
    project.sh(add);
    let watched = project.watch();
    assert!(!is_watched(&project.path(".claude/worktrees/x")));
    // One that comes while it watches, with all that git does in it.
    project.sh("git worktree add -q -b third .claude/worktrees/y && git -C .claude/worktrees/y switch -q --detach other");
    project.write(".claude/worktrees/x/a", "another");
    project.write(".claude/worktrees/y/deep/new", "another");
    project.write("a", "another");
    watched.assert_reported(&[modified("a")]);
    assert!(!is_watched(&project.path(".claude/worktrees/y")));
    // Nor does an operation in it hold anything back.
    project.write(".git/worktrees/x/MERGE_HEAD", "");
    project.write("b", "another");
    watched.assert_reported(&[modified("b")]);
    // An ignore file that changes does not bring it in.
    project.write(".gitignore", "*.log\n");
    project.write(".claude/worktrees/x/a", "yet another");
    watched.assert_reported(&[created(".gitignore")]);
    let verdict =
        |options: &Options| options.verdict(".claude/worktrees/x/a".as_ref(), Kind::Modified).unwrap();
    assert_eq!(verdict(&project.options()), Verdict::OtherWorkTree);
    drop(watched);
    let by_name = vec![WatchedPath::new("."), WatchedPath::new(".claude/worktrees/x/deep")];
    for (options, reported) in [
        (Options { work_trees: true, ..project.options() }, vec!["a", "deep/c"]),
        (Options { paths: by_name, ..project.options() }, vec!["deep/c"]),
    ] {
        project.remove(".git/worktrees/x/MERGE_HEAD");
        let watched = project.watch_with(options);
        project.write(".claude/worktrees/x/a", &format!("{reported:?}"));
        project.write(".claude/worktrees/x/deep/c", &format!("{reported:?}"));
        let reported: Vec<_> =
            reported.iter().map(|path| modified(format!(".claude/worktrees/x/{path}"))).collect();
        watched.assert_reported(&reported);
        drop(watched);
        project.write(".git/worktrees/x/MERGE_HEAD", "");
    }
}

#[test]
fn what_only_says_that_it_is_a_work_tree_is_watched() {
    let project = repository();
    project.sh("git worktree add -q .claude/worktrees/x other 2>/dev/null");
    // Planted, so that nobody sees what happens there. And a repository of its own.
    project.sh("cp .claude/worktrees/x/.git deep/.git && sed -i 's#: .*#: ../.git/worktrees/x#' deep/.git");
    project.sh("mkdir own && git -C own init -q --separate-git-dir ../own.git .");
    let watched = project.watch();
    project.write("deep/c", "another");
    project.write("own/a", "");
    watched.assert_reported(&[modified("deep/c"), created("own/a")]);
}
