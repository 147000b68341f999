//! Work trees of a repository with 10,000 files, each step beside the git command that it cannot do without.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use aiwg_worktrees::{Commit, Repository, Use};

use crate::table;

/// Number of directories, and of files in each.
const MANY: usize = 100;

/// Number of times that each step is done, in turns with git's; the medians count.
const TURNS: u32 = 9;

/// Number of files that change in a tree before it is reset.
const CHANGED: usize = 50;

pub(crate) fn run(_: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("project");
    let base = generate(&root);
    let repository = Repository::find(&root, &dir.path().join("home")).unwrap();
    table::head("work trees of 10,000 files, ms", "aiwg", "git");
    let (mut ours, mut gits) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        let tree = dir.path().join(format!("by-git-{turn}"));
        let at = tree.to_str().unwrap().to_owned();
        let by_git = || git(&root, &["worktree", "add", "-q", "--detach", &at, base.hash()]);
        in_turns(turn, (&mut ours, || drop(prepared(&repository, turn, &base, turn))), (&mut gits, by_git));
        if turn > 1 {
            git(&root, &["worktree", "remove", "--force", &at]);
            repository.keep(turn, of(turn), &base).unwrap();
            repository.remove(turn).unwrap();
        }
    }
    row("a new tree: prepare, worktree add", &mut ours, &mut gits);

    let tree = dir.path().join("by-git-1");
    let slot = prepared(&repository, 1, &base, 1);
    let (mut of_keep, mut of_commit) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        change(&tree, turn);
        change(&slot, turn);
        let commit = || {
            git(&tree, &["add", "--all"]);
            git(&tree, &["commit", "-q", "-m", "result"]);
        };
        let keep = || drop(repository.keep(1, of(turn), &base).unwrap());
        in_turns(turn, (&mut of_keep, keep), (&mut of_commit, commit));
        let by_git = || git(&tree, &["reset", "-q", "--hard", base.hash()]);
        in_turns(turn, (&mut ours, || drop(prepared(&repository, 1, &base, turn + 1))), (&mut gits, by_git));
    }
    row("a used tree: prepare, reset --hard", &mut ours, &mut gits);
    row("a result: keep, add and commit", &mut of_keep, &mut of_commit);

    for turn in 1..=TURNS {
        change(&root, turn);
        let by_git = || {
            git(&root, &["add", "--all"]);
            git(&root, &["stash", "create"]);
        };
        let snapshot = || drop(repository.snapshot().unwrap());
        // Git comes last: it is what stages the files.
        ours.push(ms(snapshot));
        gits.push(ms(by_git));
        git(&root, &["reset", "-q", "--hard"]);
    }
    row("a snapshot: snapshot, add and stash create", &mut ours, &mut gits);
}

/// The run of this turn.
fn of(turn: u32) -> Use<'static> {
    Use { task: "task-0001", launch: turn }
}

fn prepared(repository: &Repository, n: u32, base: &Commit, turn: u32) -> PathBuf {
    repository.prepare(n, base, of(turn)).unwrap().dir
}

/// Makes a repository with one commit.
fn generate(root: &Path) -> Commit {
    for dir in 0..MANY {
        let at = root.join(format!("dir{dir}"));
        fs::create_dir_all(&at).unwrap();
        for file in 0..MANY {
            fs::write(at.join(format!("file{file}")), format!("{dir} {file}\n").repeat(100)).unwrap();
        }
    }
    git(root, &["init", "-q"]);
    git(root, &["add", "--all"]);
    git(root, &["commit", "-q", "-m", "first"]);
    let head = Command::new("git").arg("-C").arg(root).args(["rev-parse", "HEAD"]).output().unwrap();
    // The next look at the files need not read those that are as new as the index.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    git(root, &["update-index", "--refresh"]);
    Commit::of(String::from_utf8(head.stdout).unwrap().trim()).unwrap()
}

/// What an agent does: it changes some files, and makes a few.
fn change(tree: &Path, turn: u32) {
    for number in 0..CHANGED {
        fs::write(tree.join(format!("dir{number}/file{number}")), format!("{turn} {number}\n").repeat(100))
            .unwrap();
    }
    for number in 0..CHANGED / 10 {
        fs::write(tree.join(format!("dir{number}/new")), format!("{turn} {number} new\n")).unwrap();
    }
}

fn git(dir: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let done = Command::new("git").arg("-C").arg(dir).args(who).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The time that something takes, in milliseconds.
fn ms(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64() * 1e3
}

/// Takes both times, now the one first and now the other: what comes second has the other's writing to wait for.
fn in_turns(
    turn: u32,
    (ours, our): (&mut Vec<f64>, impl FnOnce()),
    (gits, by_git): (&mut Vec<f64>, impl FnOnce()),
) {
    if turn.is_multiple_of(2) {
        ours.push(ms(our));
        gits.push(ms(by_git));
    } else {
        gits.push(ms(by_git));
        ours.push(ms(our));
    }
}

/// The row of the medians of these times, which are used up.
fn row(what: &str, ours: &mut Vec<f64>, gits: &mut Vec<f64>) {
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        times.clear();
        median
    };
    table::row(what, median(ours), median(gits));
}
