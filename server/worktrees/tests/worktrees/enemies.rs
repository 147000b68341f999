//! What an agent can leave in its tree so that the next one who looks there runs something, waits for ever, or ends.

use std::{fs, io::Write, path::Path, process::Stdio, time::Duration};

use aiwg_fs::Dir;
use aiwg_worktrees::Error;

use crate::support::{ONE, Place, TWO, mode, ready, write};

/// A commit of this tree that says that it is signed.
fn signed(dir: &Path) -> String {
    let tree = crate::support::git(dir, &["rev-parse", "HEAD^{tree}"]);
    let parent = crate::support::git(dir, &["rev-parse", "HEAD"]);
    let text = format!(
        "tree {tree}\nparent {parent}\nauthor a <a@b> 1700000000 +0000\ncommitter a <a@b> 1700000000 +0000\n\
         gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n\nsigned\n"
    );
    let mut git = std::process::Command::new("git");
    git.arg("-C").arg(dir).args(["hash-object", "-t", "commit", "-w", "--stdin"]);
    let mut git = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    git.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = git.wait_with_output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_signature_is_checked_by_no_program_of_the_repository() {
    let place = Place::new();
    let program = place.dir().join("program");
    write(&program, format!("#!/bin/sh\ntouch '{}'\nexit 0\n", place.dir().join("PWNED").display()));
    mode(&program, 0o755);
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    // An agent can write to the configuration: it is that of all work trees.
    for key in ["gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program"] {
        place.git(&["config", key, program.to_str().unwrap()]);
    }
    place.git(&["config", "log.showSignature", "true"]);
    let commit = signed(&ready.dir);
    crate::support::git(&ready.dir, &["checkout", "-q", "--detach", &commit]);
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(kept.commit.hash(), commit);
    repository.diff(&base, &kept.commit, 10_000).unwrap();
    let patch = fs::File::create(place.dir().join("patch")).unwrap();
    repository.patch(&base, &kept.commit, "x", &patch).unwrap();
    repository.branch("task-0001", &kept.commit).unwrap();
    assert!(!place.dir().join("PWNED").exists());
    // It would have been, by whoever overrides nothing.
    crate::support::git(place.root().as_path(), &["log", "-1", "--format=%H", &commit]);
    assert!(place.dir().join("PWNED").exists());
}

#[test]
fn a_renamed_file_is_one_that_is_gone_and_one_that_is_new() {
    let place = Place::new();
    let text: String = (0..50).map(|n| format!("{n}\n")).collect();
    place.write("old", &text);
    place.commit("more");
    // Whatever a person has configured for himself.
    place.git(&["config", "diff.renames", "copies"]);
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    fs::rename(ready.dir.join("old"), ready.dir.join("new")).unwrap();
    fs::OpenOptions::new().append(true).open(ready.dir.join("new")).unwrap().write_all(b"more\n").unwrap();
    let kept = repository.keep(1, ONE, &base).unwrap();
    let diff = repository.diff(&base, &kept.commit, 100_000).unwrap();
    let numbers: Vec<_> =
        diff.files.iter().map(|file| (file.path.as_str(), file.insertions, file.deletions)).collect();
    assert_eq!(numbers, [("new", Some(51), Some(0)), ("old", Some(0), Some(50))]);
    let text = String::from_utf8(diff.text).unwrap();
    assert!(text.contains("diff --git a/new b/new") && text.contains("diff --git a/old b/old"), "{text}");
}

/// Directories within each other, deeper than any path.
fn deep(above: &Path, name: &str) {
    let mut dir = Dir::open(above).unwrap();
    for _ in 0..10_000 {
        dir = dir.make_dir(name.as_ref()).unwrap();
    }
}

#[test]
fn the_deepest_directory_ends_nobody() {
    let place = Place::new();
    place.write(".worktreeinclude", ".env\n");
    place.write(".env", "secret\n");
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    fs::remove_file(ready.dir.join(".env")).unwrap();
    deep(&ready.dir, ".env");
    repository.keep(1, ONE, &base).unwrap();
    // Tokio's threads have 2 MiB.
    std::thread::scope(|scope| {
        let prepared = std::thread::Builder::new().stack_size(512 * 1024).spawn_scoped(scope, || {
            let next = repository.prepare(1, &base, TWO).unwrap();
            assert_eq!(fs::read(next.dir.join(".env")).unwrap(), b"secret\n");
            deep(&next.dir, "ignored");
            repository.remove(1).unwrap();
        });
        prepared.unwrap().join().unwrap();
    });
}

#[test]
fn a_pipe_in_the_place_of_a_file_that_git_reads_is_waited_for_once_and_named() {
    let place = Place::new();
    let repository = place.repository().with_time(Duration::from_secs(2));
    let (ready, base) = ready(&repository, 1, ONE);
    fs::remove_file(ready.dir.join(".gitignore")).unwrap();
    let pipe = ready.dir.join(".gitignore");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = repository.keep(1, ONE, &base).unwrap_err();
    assert!(matches!(error, Error::Slow { .. }) && error.to_string().contains("pipe"), "{error:?}");
    // What is in it is still the run's, and is kept once the pipe is gone.
    fs::remove_file(&pipe).unwrap();
    write(&ready.dir.join("a"), "changed\n");
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(place.files(&kept.commit)["a"], "changed\n");
}

#[test]
fn a_repository_within_that_cannot_be_read_costs_no_other_file() {
    let place = Place::new();
    let repository = place.repository();
    let (ready, base) = ready(&repository, 1, ONE);
    write(&ready.dir.join("a"), "changed\n");
    let within = ready.dir.join("within");
    write(&within.join("file"), "its\n");
    crate::support::git(&within, &["init", "-q"]);
    crate::support::git(&within, &["add", "."]);
    crate::support::git(&within, &["commit", "-q", "-m", "x"]);
    fs::create_dir(within.join("closed")).unwrap();
    mode(&within.join("closed"), 0);
    let kept = repository.keep(1, ONE, &base).unwrap();
    let files = place.files(&kept.commit);
    assert_eq!((files["a"].as_str(), files["within/file"].as_str()), ("changed\n", "its\n"));
    assert_eq!(kept.left_out, Vec::<String>::new(), "the rights to our own are taken back");
}
