//! Results of runs: nothing of them is lost.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use aiwg_worktrees::{Error, Kind, Use};

use crate::support::{ONE, Place, TWO, git, mode, numbers, ready, run, tree, write};

#[test]
fn all_that_is_not_ignored_is_kept_and_nothing_changes() {
    let place = Place::new();
    place.write("gone", "1\n");
    place.commit("second");
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    let dir = &ready.dir;
    write(&dir.join("a"), "1\n2\nthree\nfour\n");
    write(&dir.join("new/file"), "new\n");
    write(&dir.join("ignored"), "warm");
    write(&dir.join("staged"), "staged\n");
    git(dir, &["add", "staged"]);
    fs::remove_file(dir.join("gone")).unwrap();
    mode(&dir.join("dir/b"), 0o755);
    symlink("/etc", dir.join("link")).unwrap();
    let (before, index) = (tree(dir), git(dir, &["ls-files", "--stage", "--debug"]));
    let (state, status) = (place.state(), git(dir, &["status", "--porcelain"]));
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(numbers(&kept), (6, 5, 2));
    assert_eq!(kept.name, "refs/aiwg/tasks/task-0001/1");
    assert_eq!((kept.left_out.len(), kept.is_tree_gone), (0, false));
    assert_eq!((tree(dir), git(dir, &["ls-files", "--stage", "--debug"])), (before, index));
    assert_eq!((place.state(), git(dir, &["status", "--porcelain"])), (state, status));
    let files = place.files(&kept.commit);
    assert_eq!(
        [&files["link"], &files["dir/b"], &files["new/file"], &files["staged"]],
        ["-> /etc", "* b\n", "new\n", "staged\n"]
    );
    assert!(!files.contains_key("gone") && !files.contains_key("ignored"));
    assert_eq!(place.git(&["rev-parse", "refs/aiwg/tasks/task-0001/1"]), kept.commit.hash());
    assert_eq!(place.git(&["rev-parse", &format!("{}^", kept.commit)]), base.hash());
    assert_eq!(place.leftovers(), Vec::<String>::new());
    let kinds: Vec<Kind> = repository.results().unwrap().iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [Kind::Base, Kind::Result]);
    repository.forget(&[kept.name]).unwrap();
    assert_eq!(repository.results().unwrap(), []);
}

#[test]
fn nothing_done_is_the_base() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    write(&ready.dir.join("ignored"), "warm");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!((numbers(&kept), kept.commit), ((0, 0, 0), base));
}

#[test]
fn commits_of_the_agent_are_part_of_its_result_and_branches_its_own() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    git(&ready.dir, &["checkout", "-q", "-b", "mine"]);
    write(&ready.dir.join("a"), "committed\n");
    git(&ready.dir, &["commit", "-qam", "by the agent"]);
    let committed = git(&ready.dir, &["rev-parse", "HEAD"]);
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(kept.commit.hash(), committed, "there is nothing more");
    repository.resume(1, Use { task: ONE.task, launch: 2 }).unwrap();
    write(&ready.dir.join("more"), "uncommitted\n");
    let kept = repository.keep(1, Use { task: ONE.task, launch: 2 }, &base).unwrap();
    assert_eq!(place.git(&["rev-parse", &format!("{}^", kept.commit)]), committed);
    assert_eq!(numbers(&kept), (2, 2, 3));
    // The next run has none of it, and the branch stays where the agent has left it.
    let next = repository.prepare(1, &base, TWO).unwrap();
    assert_eq!(fs::read(next.dir.join("a")).unwrap(), b"1\n2\n3\n");
    assert!(!next.dir.join("more").exists());
    assert_eq!(place.git(&["rev-parse", "mine"]), committed);
    assert!(!run(&next.dir, &["symbolic-ref", "-q", "HEAD"]).status.success(), "it is on no branch");
}

#[test]
fn what_an_agent_hides_from_git_is_kept() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    git(&ready.dir, &["update-index", "--assume-unchanged", "a"]);
    git(&ready.dir, &["update-index", "--skip-worktree", "dir/b"]);
    place.git(&["config", "core.trustctime", "false"]);
    write(&ready.dir.join("a"), "9\n2\n3\n");
    write(&ready.dir.join("dir/b"), "c\n");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(numbers(&kept), (2, 2, 2));
    let next = repository.prepare(1, &base, TWO).unwrap();
    assert_eq!(fs::read(next.dir.join("a")).unwrap(), b"1\n2\n3\n");
    assert_eq!(fs::read(next.dir.join("dir/b")).unwrap(), b"b\n");
}

#[test]
fn a_tree_without_its_link_or_known_to_nobody_is_kept() {
    let place = Place::new();
    let other = Place::new();
    let repository = place.repository();
    type Spoil<'a> = &'a dyn Fn(&Path);
    let breaks: [(&str, Spoil<'_>); 6] = [
        ("removed", &|dir| fs::remove_file(dir.join(".git")).unwrap()),
        ("another repository's", &|dir| {
            fs::write(dir.join(".git"), format!("gitdir: {}\n", other.root().join(".git").display()))
                .unwrap();
        }),
        ("a repository of its own", &|dir| {
            fs::remove_file(dir.join(".git")).unwrap();
            git(dir, &["init", "-q"]);
        }),
        ("a link", &|dir| {
            fs::remove_file(dir.join(".git")).unwrap();
            symlink(other.root().join(".git"), dir.join(".git")).unwrap();
        }),
        ("a broken index", &|dir| {
            let index = git(dir, &["rev-parse", "--git-path", "index"]);
            fs::write(index, "broken").unwrap();
        }),
        ("forgotten", &|dir| {
            let git_dir = git(dir, &["rev-parse", "--absolute-git-dir"]);
            fs::remove_dir_all(git_dir).unwrap();
        }),
    ];
    for (launch, (name, spoil)) in (1..).zip(breaks) {
        let of = Use { task: "task-0001", launch };
        let base = repository.commit_of("HEAD").unwrap();
        let ready = repository.prepare(1, &base, of).unwrap();
        write(&ready.dir.join("a"), "1\n2\nthree\n");
        write(&ready.dir.join("ignored"), "warm");
        spoil(&ready.dir);
        write(&ready.dir.join("new"), "new\n");
        let kept = repository.keep(1, of, &base).unwrap();
        assert_eq!((numbers(&kept), kept.is_tree_gone), ((2, 2, 1), false), "{name}");
        let next = repository.prepare(1, &base, TWO).unwrap();
        assert_eq!(fs::read(next.dir.join("a")).unwrap(), b"1\n2\n3\n", "{name}");
        assert_eq!(
            (next.is_new, next.dir.join("ignored").exists()),
            (name == "forgotten", name != "forgotten"),
            "{name}"
        );
        assert_eq!(git(&next.dir, &["status", "--porcelain"]), "", "{name}");
        assert_eq!(git(&next.dir, &["rev-parse", "HEAD"]), base.hash(), "{name}");
        repository.forget(&[TWO.name().unwrap()]).unwrap();
    }
    assert_eq!(place.git(&["worktree", "list"]).lines().count(), 2);
    assert_eq!(other.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_tree_that_is_gone_deletes_nothing() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    write(&ready.dir.join("a"), "committed\n");
    git(&ready.dir, &["commit", "-qam", "by the agent"]);
    fs::remove_dir_all(&ready.top).unwrap();
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!((numbers(&kept), kept.is_tree_gone), ((1, 1, 3), true));
    let next = repository.prepare(1, &base, TWO).unwrap();
    assert!(next.is_new);
    assert_eq!(fs::read(next.dir.join("a")).unwrap(), b"1\n2\n3\n");
    fs::remove_dir_all(&next.top).unwrap();
    fs::write(&next.top, "a file").unwrap();
    assert!(repository.keep(1, TWO, &base).unwrap().is_tree_gone);
    assert!(repository.prepare(1, &base, ONE).unwrap().is_new);
}

#[test]
fn a_repository_within_is_kept_as_files() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    for (name, has_commit) in [("cloned", true), ("begun", false)] {
        let dir = ready.dir.join(name);
        write(&dir.join("deep/file"), "new\n");
        write(&dir.join("noise.log"), "ignored");
        write(&dir.join(".gitignore"), "own\n");
        write(&dir.join("own"), "ignored");
        git(&dir, &["init", "-q"]);
        if has_commit {
            git(&dir, &["add", "."]);
            git(&dir, &["commit", "-qm", "inner"]);
        }
    }
    let kept = repository.keep(1, ONE, &base).unwrap();
    let files = place.files(&kept.commit);
    assert_eq!(
        files.keys().map(String::as_str).collect::<Vec<_>>(),
        [
            ".gitignore",
            "a",
            "begun/.gitignore",
            "begun/deep/file",
            "cloned/.gitignore",
            "cloned/deep/file",
            "dir/b"
        ]
    );
    let next = repository.prepare(1, &base, TWO).unwrap();
    assert!(!next.dir.join("cloned").exists() && !next.dir.join("begun").exists());
}

#[test]
fn no_program_that_is_configured_runs() {
    let place = Place::new();
    let program = place.dir().join("program");
    write(&program, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", place.dir().join("PWNED").display()));
    mode(&program, 0o755);
    let named = program.to_str().unwrap();
    for key in [
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "core.fsmonitor",
        "merge.x.driver",
        "diff.x.command",
        "diff.x.textconv",
        "gpg.program",
        "core.editor",
        "core.pager",
        "diff.external",
    ] {
        place.git(&["config", key, named]);
    }
    for (key, value) in [("filter.x.required", "true"), ("commit.gpgSign", "true"), ("merge.default", "x")] {
        place.git(&["config", key, value]);
    }
    place.git(&["config", "core.hooksPath", place.dir().join("hooks").to_str().unwrap()]);
    let hooks = [
        "post-checkout",
        "pre-commit",
        "post-index-change",
        "reference-transaction",
        "post-commit",
        "pre-auto-gc",
        "commit-msg",
    ];
    for hook in hooks {
        for dir in [place.dir().join("hooks"), place.root().join(".git/hooks")] {
            write(&dir.join(hook), fs::read(&program).unwrap());
            mode(&dir.join(hook), 0o755);
        }
    }
    place.write(".gitattributes", "* filter=x merge=x diff=x\n");
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    write(&ready.dir.join("a"), "changed\n");
    let kept = repository.keep(1, ONE, &base).unwrap();
    let (second, _) = crate::support::ready(&repository, 2, TWO);
    write(&second.dir.join("dir/b"), "changed\n");
    let other = repository.keep(2, TWO, &base).unwrap();
    assert_eq!(place.files(&kept.commit)["a"], "changed\n");
    repository.merged(&[kept.commit.clone(), other.commit]).unwrap();
    repository.diff(&base, &kept.commit, 10_000).unwrap();
    repository.prepare(1, &base, TWO).unwrap();
    repository.remove(1).unwrap();
    assert!(!place.dir().join("PWNED").exists());
    let error = repository.branch("task-0001", &kept.commit).unwrap_err();
    assert!(matches!(&error, Error::Unfiltered { paths } if paths.contains(&"a".to_owned())), "{error:?}");
}

#[test]
fn large_files_elsewhere_stay_pointers_until_they_change() {
    let place = Place::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 12345\n";
    place.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    place.write("large.bin", pointer);
    place.commit("pointers");
    place.git(&["config", "filter.lfs.process", "git-lfs-that-is-not-there"]);
    place.git(&["config", "filter.lfs.required", "true"]);
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    assert_eq!(base, place.head());
    assert_eq!(fs::read_to_string(ready.dir.join("large.bin")).unwrap(), pointer);
    write(&ready.dir.join("a"), "changed\n");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!((kept.files, place.files(&kept.commit)["large.bin"].as_str()), (1, pointer));
    repository.branch("task-0001", &kept.commit).unwrap();
}

#[test]
fn a_result_is_kept_once_and_found_again() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    write(&ready.dir.join("a"), "changed\n");
    // A crash of the daemon between the end of the run and the next one: the slot knows whose it is.
    let next = repository.prepare(1, &base, TWO).unwrap();
    assert_eq!(fs::read(next.dir.join("a")).unwrap(), b"1\n2\n3\n");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!((numbers(&kept), place.files(&kept.commit)["a"].as_str()), ((1, 1, 3), "changed\n"));
    let other = Use { task: "task-0009", launch: 1 };
    let error = repository.keep(1, other, &base).unwrap_err();
    assert!(matches!(&error, Error::NotInUse { .. }) && error.to_string().contains("task-0002"), "{error}");
    assert!(matches!(repository.resume(1, ONE), Err(Error::NotInUse { .. })));
    assert!(matches!(repository.keep(7, ONE, &base), Err(Error::NoSuchSlot { n: 7, .. })));
    for task in ["", "..", "a/b", "a b", "a\0", "x.lock", "-x", ".x", "ä"] {
        let error = repository.prepare(1, &base, Use { task, launch: 1 }).unwrap_err();
        assert!(matches!(error, Error::Name(_)), "{task:?}");
    }
    repository.remove(1).unwrap();
    let again = repository.results().unwrap();
    assert_eq!(
        again.iter().filter(|found| found.kind == Kind::Result).count(),
        2,
        "task-0002 had changed nothing, and is kept"
    );
}

#[test]
fn modes_that_forbid_reading_are_no_loss() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    write(&ready.dir.join("closed/inner/file"), "new\n");
    write(&ready.dir.join("a"), "changed\n");
    mode(&ready.dir.join("a"), 0);
    mode(&ready.dir.join("closed/inner"), 0);
    mode(&ready.dir.join("closed"), 0o555);
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!((kept.files, kept.left_out), (2, Vec::new()));
    let next = repository.prepare(1, &base, TWO).unwrap();
    assert!(!next.dir.join("closed").exists());
    assert_ne!(next.dir.join("a").metadata().unwrap().permissions().mode() & 0o400, 0);
    mode(&next.dir.join("dir"), 0o555);
    repository.remove(1).unwrap();
    assert!(!next.top.exists());
}
