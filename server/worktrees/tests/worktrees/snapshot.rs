//! The commits that tasks begin with.

use std::{
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::Path,
};

use aiwg_worktrees::{Error, Repository, Unusable};

use crate::support::{ONE, Place, TWO, git, mode, ready, run, tree, write};

#[test]
fn a_snapshot_has_the_files_as_they_are_and_changes_nothing() {
    let place = Place::new();
    place.write("gone", "");
    place.write("program", "#!/bin/sh\n");
    place.write(".aiwg/daemon.json", "{}");
    place.write("staged", "1");
    place.commit("second");
    place.write("a", "1\n2\nthree\n");
    place.write("staged", "2");
    place.git(&["add", "staged"]);
    place.write("staged", "3");
    fs::remove_file(place.root().join("gone")).unwrap();
    mode(&place.root().join("program"), 0o755);
    place.write("new/file", "new");
    place.write("ignored", "");
    place.write(".aiwg/daemon.json", "{ }");
    place.write(".aiwg/secret", "of the daemon");
    place.write("inner/.aiwg/secret", "of another one");
    fs::create_dir(place.dir().join("outside")).unwrap();
    write(&place.dir().join("outside/secret"), "not ours");
    symlink("../outside", place.root().join("link")).unwrap();
    symlink("nowhere", place.root().join("broken")).unwrap();
    for name in
        ["a b", "ä", "new\nline", "\"quoted\"", "-dash", ":(top)magic", "#", "back\\slash", "tab\t", "*"]
    {
        place.write(name, "odd");
    }
    fs::write(place.root().join(std::ffi::OsStr::from_bytes(b"not-\xff-utf8")), "odd").unwrap();
    let (repository, before) = (place.repository(), place.state());
    let snapshot = repository.snapshot().unwrap();
    assert_eq!(place.state(), before);
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert_eq!(snapshot.left_out, Vec::<String>::new());
    let files = place.files(&snapshot.commit);
    let expected = [
        ("a", "1\n2\nthree\n"),
        ("dir/b", "b\n"),
        ("staged", "3"),
        ("program", "* #!/bin/sh\n"),
        ("new/file", "new"),
        (".aiwg/daemon.json", "{ }"),
        ("link", "-> ../outside"),
        ("broken", "-> nowhere"),
        ("new\nline", "odd"),
        ("\"quoted\"", "odd"),
        ("not-\u{fffd}-utf8", "odd"),
    ];
    for (name, content) in expected {
        assert_eq!(files.get(name).map(String::as_str), Some(content), "{name}");
    }
    for name in ["gone", "ignored", ".aiwg/secret", "inner/.aiwg/secret", "link/secret"] {
        assert!(!files.contains_key(name), "{name}");
    }
    assert_eq!(files.values().filter(|content| *content == "odd").count(), 11);
    assert_eq!(place.git(&["rev-parse", &format!("{}^", snapshot.commit)]), place.head().hash());
    // A slot has them too, to the byte.
    let ready = repository.prepare(1, &snapshot.commit, ONE).unwrap();
    let (mut there, mut here) = (tree(&ready.dir), tree(&place.root()));
    there.retain(|_, content| !content.is_empty());
    here.retain(|name, content| !content.is_empty() && !name.ends_with(".aiwg/secret"));
    assert_eq!(there, here);
}

#[test]
fn a_snapshot_of_committed_files_is_their_commit() {
    let place = Place::new();
    place.write("ignored", "");
    let snapshot = place.repository().snapshot().unwrap();
    assert_eq!((snapshot.commit, snapshot.name), (place.head(), None));
}

#[test]
fn a_change_in_the_moment_of_the_index_is_seen() {
    let place = Place::new();
    for round in 0..20 {
        place.write("a", format!("{round:03}"));
        place.git(&["add", "a"]);
        place.write("a", format!("{:03}", round + 500));
        let snapshot = place.repository().snapshot().unwrap();
        assert_eq!(place.files(&snapshot.commit)["a"], format!("{:03}", round + 500));
    }
}

#[test]
fn a_snapshot_lasts_until_it_is_forgotten() {
    let place = Place::new();
    place.write("a", "new");
    let repository = place.repository();
    let snapshot = repository.snapshot().unwrap();
    place.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(place.files(&snapshot.commit)["a"], "new");
    let names: Vec<String> = repository.results().unwrap().into_iter().map(|found| found.name).collect();
    assert_eq!(names, [snapshot.name.unwrap()]);
    repository.forget(&names).unwrap();
    repository.forget(&names).unwrap();
    assert_eq!(repository.results().unwrap(), []);
    place.git(&["gc", "-q", "--prune=now"]);
    assert!(!run(&place.root(), &["cat-file", "-e", snapshot.commit.hash()]).status.success());
    assert!(matches!(repository.forget(&["refs/heads/main".to_owned()]), Err(Error::Name(_))));
}

#[test]
fn a_repository_without_a_commit_has_snapshots_and_no_head() {
    let place = Place::empty();
    place.write("a", "1");
    let repository = place.repository();
    let error = repository.commit_of("HEAD").unwrap_err();
    assert!(matches!(error, Error::NoCommitYet(_)), "{error:?}");
    assert!(error.to_string().contains("no commit yet"), "{error}");
    let (ready, base) = ready(&repository, 1, ONE);
    assert_eq!(fs::read(ready.dir.join("a")).unwrap(), b"1");
    write(&ready.dir.join("a"), "2");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(place.files(&kept.commit)["a"], "2");
    assert!(!run(&place.root(), &["rev-parse", "--verify", "-q", "HEAD"]).status.success());
    // Nothing at all, too.
    let empty = Place::empty();
    let snapshot = empty.repository().snapshot().unwrap();
    assert!(empty.files(&snapshot.commit).is_empty());
}

#[test]
fn a_revision_is_a_commit_or_a_clear_error() {
    let place = Place::new();
    let repository = place.repository();
    place.git(&["tag", "-a", "v1", "-m", "one"]);
    place.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    for name in ["HEAD", "main", "v1", "origin/main", &place.head().hash()[..10]] {
        assert_eq!(repository.commit_of(name).unwrap(), place.head(), "{name}");
    }
    for name in ["", "nothing", "--all", "HEAD:a", "main\n", "-h", "@{-1}"] {
        let error = repository.commit_of(name).unwrap_err();
        assert!(matches!(error, Error::NoSuchCommit { .. }), "{name:?}: {error:?}");
    }
}

#[test]
fn results_are_merged_or_conflict_by_name() {
    let place = Place::new();
    let repository = place.repository();
    let (one, base) = ready(&repository, 1, ONE);
    let (two, _) = ready(&repository, 2, TWO);
    write(&one.dir.join("a"), "one\n2\n3\n");
    write(&two.dir.join("a"), "1\n2\nthree\n");
    let one = repository.keep(1, ONE, &base).unwrap().commit;
    let two = repository.keep(2, TWO, &base).unwrap().commit;
    let merged = repository.merged(&[one.clone(), two.clone()]).unwrap();
    assert_eq!(place.files(&merged)["a"], "one\n2\nthree\n");
    assert_eq!(repository.merged(std::slice::from_ref(&one)).unwrap(), one);
    let (three, _) = ready(&repository, 3, crate::support::THREE);
    write(&three.dir.join("a"), "other\n2\n3\n");
    let three = repository.keep(3, crate::support::THREE, &base).unwrap().commit;
    let error = repository.merged(&[one, two, three]).unwrap_err();
    assert!(matches!(&error, Error::Conflict { paths } if paths == &["a"]), "{error:?}");
}

#[test]
fn where_there_can_be_no_work_trees_words_say_why() {
    let place = Place::new();
    let find = |dir: &Path| Repository::find(dir, &place.home()).map(drop);
    let none = place.dir().join("none");
    fs::create_dir(&none).unwrap();
    assert_eq!(find(&none), Err(Unusable::NoRepository(none.canonicalize().unwrap())));
    assert!(matches!(find(&none.join("nothing")), Err(Unusable::NoRepository(_))));
    let bare = place.dir().join("bare.git");
    git(place.dir(), &["init", "-q", "--bare", bare.to_str().unwrap()]);
    assert!(matches!(find(&bare), Err(Unusable::Bare { .. })), "{:?}", find(&bare));
    assert!(matches!(find(&place.root().join(".git")), Err(Unusable::Bare { .. })));
    let other = Place::new();
    place.git(&["submodule", "--quiet", "add", other.root().to_str().unwrap(), "parts/sub"]);
    let error = find(&place.root()).unwrap_err();
    assert!(error.to_string().contains("parts/sub"), "{error}");
    other.write(".git/config", "[broken");
    assert!(matches!(find(&other.root()), Err(Unusable::Refused { .. })), "{:?}", find(&other.root()));
}

#[test]
fn a_git_at_work_is_waited_for_and_then_named() {
    let place = Place::new();
    place.write("a", "new");
    let (repository, lock) = (place.repository(), place.root().join(".git/index.lock"));
    fs::write(&lock, "").unwrap();
    let error = repository.snapshot().unwrap_err();
    assert!(matches!(&error, Error::Locked { path, .. } if *path == lock), "{error:?}");
    assert!(error.to_string().contains("index.lock"), "{error}");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            fs::remove_file(&lock).unwrap();
        });
        repository.snapshot().unwrap();
    });
}

#[test]
fn split_and_sparse_and_shallow_ones_work() {
    let place = Place::new();
    place.git(&["update-index", "--split-index"]);
    place.write("a", "new");
    let before = place.state();
    let shared = || {
        fs::read_dir(place.root().join(".git"))
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().as_bytes().starts_with(b"sharedindex"))
            .count()
    };
    let count = shared();
    let snapshot = place.repository().snapshot().unwrap();
    assert_eq!(place.files(&snapshot.commit)["a"], "new");
    assert_eq!((place.state(), shared()), (before, count));

    let sparse = Place::new();
    sparse.write("other/c", "c");
    sparse.commit("second");
    sparse.git(&["sparse-checkout", "set", "dir"]);
    assert!(!sparse.root().join("other/c").exists());
    sparse.write("dir/b", "new");
    sparse.write("outside/d", "new");
    let repository = sparse.repository();
    let before = sparse.state();
    let (ready, base) = ready(&repository, 1, ONE);
    assert_eq!(sparse.state(), before);
    let files = sparse.files(&base);
    assert_eq!([&files["other/c"], &files["dir/b"], &files["outside/d"]], ["c", "new", "new"]);
    assert!(!ready.dir.join("other/c").exists(), "the tree is sparse, too");
    write(&ready.dir.join("dir/b"), "newer");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(sparse.files(&kept.commit)["other/c"], "c");
    assert_eq!(kept.files, 1);

    let shallow = place.dir().join("shallow");
    let from = format!("file://{}", place.root().display());
    place.commit("second");
    git(place.dir(), &["clone", "-q", "--depth", "1", &from, shallow.to_str().unwrap()]);
    fs::write(shallow.join("a"), "shallow").unwrap();
    let repository = Repository::find(&shallow, &place.home()).unwrap();
    let (ready, base) = crate::support::ready(&repository, 1, ONE);
    write(&ready.dir.join("a"), "newer");
    assert_eq!(repository.keep(1, ONE, &base).unwrap().files, 1);
}

#[test]
fn line_ends_stay_as_they_are() {
    let place = Place::new();
    place.git(&["config", "core.autocrlf", "true"]);
    place.git(&["config", "core.safecrlf", "true"]);
    place.write("crlf", "1\r\n2\r\n");
    place.write("mixed", "1\r\n2\n");
    let (ready, base) = ready(&place.repository(), 1, ONE);
    assert_eq!(fs::read(ready.dir.join("crlf")).unwrap(), b"1\r\n2\r\n");
    assert_eq!(place.files(&base)["crlf"], "1\n2\n");
    let kept = place.repository().keep(1, ONE, &base).unwrap();
    assert_eq!(kept.files, 0);
}
