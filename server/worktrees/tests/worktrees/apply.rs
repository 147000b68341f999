//! Bringing results into the checkout.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use aiwg_worktrees::{Applied, Commit, Repository, Why};

use crate::support::{ONE, Place, mode, ready, tree, write};

/// A result of which the base is a snapshot.
fn result(place: &Place, work: impl FnOnce(&Path)) -> (Repository, Commit, Commit) {
    let repository = place.repository();
    let (slot, base) = ready(&repository, 1, ONE);
    work(&slot.dir);
    let kept = repository.keep(1, ONE, &base).unwrap();
    (repository, base, kept.commit)
}

fn done(names: &[&str]) -> Applied {
    Applied::Done { paths: names.iter().map(|name| (*name).to_owned()).collect() }
}

fn conflict(names: &[&str], why: Why) -> Applied {
    Applied::Conflict { paths: names.iter().map(|name| (*name).to_owned()).collect(), why }
}

/// The index, `HEAD` and refs of a person.
fn of_git(place: &Place) -> BTreeMap<String, Vec<u8>> {
    place.state().into_iter().filter(|(name, _)| name.starts_with("the ")).collect()
}

#[test]
fn a_result_comes_into_a_clean_checkout_and_nothing_else() {
    let place = Place::new();
    place.write("binary", [0, 1, 2, 255]);
    place.write("program", "#!/bin/sh\n");
    place.write("old/deep/x", "x\n");
    place.write("stays", "same\n");
    symlink("a", place.root().join("link")).unwrap();
    place.commit("second");
    place.write("ignored", "a person's");
    let (repository, base, result) = result(&place, |dir| {
        write(&dir.join("a"), "1\n2\nthree\n");
        write(&dir.join("binary"), [9, 0, 255]);
        mode(&dir.join("program"), 0o755);
        fs::create_dir_all(dir.join("renamed")).unwrap();
        fs::rename(dir.join("old/deep/x"), dir.join("renamed/x")).unwrap();
        fs::remove_file(dir.join("link")).unwrap();
        symlink("/etc/passwd", dir.join("link")).unwrap();
        write(&dir.join("new/ä b\n"), "new\n");
        fs::remove_dir_all(dir.join("dir")).unwrap();
        write(&dir.join("dir"), "a file\n");
    });
    let before = of_git(&place);
    let stays = place.root().join("stays").metadata().unwrap().modified().unwrap();
    let applied = repository.apply(&base, &result).unwrap();
    assert_eq!(
        applied,
        done(&["a", "binary", "dir", "dir/b", "link", "new/ä b\n", "old/deep/x", "program", "renamed/x"])
    );
    assert_eq!(of_git(&place), before);
    assert_eq!(place.leftovers(), Vec::<String>::new());
    let (mut here, there) = (tree(&place.root()), tree(&place.home().join("1/project")));
    assert_eq!(here.remove("ignored").unwrap(), b"a person's");
    assert_eq!(here, there);
    assert_eq!(place.root().join("program").metadata().unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(place.root().join("stays").metadata().unwrap().modified().unwrap(), stays);
    // Once more: it is all there.
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&[]));
}

#[test]
fn changes_elsewhere_stay_and_what_is_staged_stays_staged() {
    let place = Place::new();
    place.write("staged", "1\n");
    place.write("dirty", "1\n");
    place.commit("second");
    let (repository, base, result) = result(&place, |dir| {
        write(&dir.join("a"), "1\n2\nthree\n");
        write(&dir.join("new"), "new\n");
    });
    place.write("staged", "2\n");
    place.git(&["add", "staged"]);
    place.write("staged", "3\n");
    place.write("dirty", "2\n");
    place.write("untracked", "mine\n");
    let index = place.git(&["ls-files", "--stage", "--debug"]);
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&["a", "new"]));
    assert_eq!(place.git(&["ls-files", "--stage", "--debug"]), index);
    assert_eq!(
        place.git(&["status", "--porcelain"]),
        "M a\n M dirty\nMM staged\n?? new\n?? untracked".replacen("M a", " M a", 1)
    );
    assert_eq!(place.read("staged"), b"3\n");
}

#[test]
fn the_files_that_the_task_began_with_may_be_uncommitted() {
    let place = Place::new();
    place.write("a", "1\n2\nmine\n");
    place.write("new", "mine\n");
    let (repository, base, result) = result(&place, |dir| {
        write(&dir.join("a"), "one\n2\nmine\n");
        write(&dir.join("new"), "mine\nits\n");
    });
    let before = of_git(&place);
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&["a", "new"]));
    assert_eq!((place.read("a"), place.read("new")), (b"one\n2\nmine\n".to_vec(), b"mine\nits\n".to_vec()));
    assert_eq!(of_git(&place), before);
}

#[test]
fn what_was_changed_since_is_no_ground_to_write_on() {
    let change = |dir: &Path| write(&dir.join("a"), "1\n2\nthree\n");
    // The same lines, committed or not: a conflict. Other lines, uncommitted: the file is someone's work.
    for (text, is_committed, expected) in [
        ("1\n2\nother\n", true, conflict(&["a"], Why::Lines)),
        ("1\n2\nother\n", false, conflict(&["a"], Why::Lines)),
        ("one\n2\n3\n", false, conflict(&["a"], Why::Uncommitted)),
        ("one\n2\n3\n", true, done(&["a"])),
        ("1\n2\nthree\n", false, done(&[])),
    ] {
        let place = Place::new();
        let (repository, base, result) = result(&place, |dir| {
            change(dir);
            if expected == done(&["a"]) || expected == done(&[]) {
                return;
            }
            write(&dir.join("another"), "new\n");
        });
        place.write("a", text);
        if is_committed {
            place.commit("since");
        }
        let before = place.state();
        assert_eq!(repository.apply(&base, &result).unwrap(), expected, "{text:?}");
        match expected {
            Applied::Conflict { .. } => assert_eq!(place.state(), before, "{text:?}"),
            Applied::Done { paths } if !paths.is_empty() => assert_eq!(place.read("a"), b"one\n2\nthree\n"),
            Applied::Done { .. } => {}
        }
    }
    // Staged only.
    let place = Place::new();
    let (repository, base, result) = result(&place, change);
    place.write("a", "one\n2\n3\n");
    place.git(&["add", "a"]);
    let before = place.state();
    assert_eq!(repository.apply(&base, &result).unwrap(), conflict(&["a"], Why::Uncommitted));
    assert_eq!(place.state(), before);
    // Staged, and the file is as it was: it is written, and what is staged stays.
    place.write("a", "1\n2\n3\n");
    let before = of_git(&place);
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&["a"]));
    assert_eq!((of_git(&place), place.read("a")), (before, b"1\n2\nthree\n".to_vec()));
}

#[test]
fn what_was_renamed_or_deleted_since_is_found_or_conflicts() {
    let place = Place::new();
    place.write("long", (0..40).map(|line| format!("{line}\n")).collect::<String>());
    place.commit("second");
    let change = |dir: &Path| {
        let text = fs::read_to_string(dir.join("long")).unwrap();
        write(&dir.join("long"), text.replace("\n20\n", "\ntwenty\n"));
    };
    let (repository, base, kept) = result(&place, change);
    place.git(&["mv", "long", "moved"]);
    let state = place.state();
    assert_eq!(repository.apply(&base, &kept).unwrap(), conflict(&["moved"], Why::Uncommitted));
    assert_eq!(place.state(), state);
    place.git(&["commit", "-qm", "moved"]);
    assert_eq!(repository.apply(&base, &kept).unwrap(), done(&["moved"]));
    assert!(String::from_utf8(place.read("moved")).unwrap().contains("twenty"));
    place.git(&["reset", "-q", "--hard"]);
    place.git(&["rm", "-q", "moved"]);
    place.git(&["commit", "-qm", "gone"]);
    let state = place.state();
    let Applied::Conflict { why: Why::Lines, .. } = repository.apply(&base, &kept).unwrap() else { panic!() };
    assert_eq!(place.state(), state);
}

#[test]
fn what_git_does_not_know_is_not_overwritten() {
    let place = Place::new();
    let (repository, base, result) = result(&place, |dir| {
        write(&dir.join("a"), "changed\n");
        fs::write(dir.join(".gitignore"), "").unwrap();
        write(&dir.join("ignored"), "its\n");
    });
    place.write("ignored", "mine");
    let before = place.state();
    assert_eq!(repository.apply(&base, &result).unwrap(), conflict(&["ignored"], Why::InTheWay));
    assert_eq!(place.state(), before);
    fs::remove_file(place.root().join("ignored")).unwrap();
    // A link where a directory would have to be made leads nowhere.
    let place = Place::new();
    let (repository, base, result) = self::result(&place, |dir| {
        fs::write(dir.join(".gitignore"), "").unwrap();
        write(&dir.join("ignored/x"), "its\n");
    });
    fs::create_dir(place.dir().join("outside")).unwrap();
    symlink(place.dir().join("outside"), place.root().join("ignored")).unwrap();
    let before = place.state();
    assert_eq!(repository.apply(&base, &result).unwrap(), conflict(&["ignored/x"], Why::InTheWay));
    assert_eq!((place.state(), fs::read_dir(place.dir().join("outside")).unwrap().count()), (before, 0));
}

#[test]
fn a_directory_with_something_of_its_own_stays() {
    let place = Place::new();
    let (repository, base, result) = result(&place, |dir| {
        fs::remove_dir_all(dir.join("dir")).unwrap();
        write(&dir.join("dir"), "a file\n");
        write(&dir.join("a"), "changed\n");
    });
    place.write("dir/x.log", "ignored");
    let before = place.state();
    let Applied::Conflict { why: Why::InTheWay, .. } = repository.apply(&base, &result).unwrap() else {
        panic!()
    };
    assert_eq!(place.state(), before);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}

#[test]
fn line_ends_are_those_of_the_checkout() {
    let place = Place::new();
    place.git(&["config", "core.autocrlf", "true"]);
    place.write("crlf", "1\r\n2\r\n");
    place.commit("second");
    let (repository, base, result) = result(&place, |dir| write(&dir.join("crlf"), "1\r\n2\r\n3\r\n"));
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&["crlf"]));
    assert_eq!(place.read("crlf"), b"1\r\n2\r\n3\r\n");
}

#[test]
fn a_repository_without_a_commit_takes_results() {
    let place = Place::empty();
    place.write("a", "1\n");
    let (repository, base, result) = result(&place, |dir| write(&dir.join("a"), "2\n"));
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&["a"]));
    assert_eq!(place.read("a"), b"2\n");
}

#[test]
fn a_file_in_place_of_a_directory_is_named_as_it_is() {
    let place = Place::new();
    place.write("n~1/x", "x\n");
    place.commit("second");
    let (repository, base, kept) = result(&place, |dir| {
        write(&dir.join("m/a"), "1\n");
        fs::remove_dir_all(dir.join("n~1")).unwrap();
        write(&dir.join("n~1"), "a file\n");
    });
    place.write("m", "mine\n");
    place.write("n~1/x", "mine\n");
    let state = place.state();
    let Applied::Conflict { mut paths, why } = repository.apply(&base, &kept).unwrap() else { panic!() };
    paths.sort();
    assert_eq!((paths, why), (vec!["m".to_owned(), "n~1".to_owned(), "n~1/x".to_owned()], Why::Kinds));
    assert_eq!(place.state(), state);
}

#[test]
fn a_merge_driver_that_is_not_run_is_a_conflict() {
    let place = Place::new();
    place.write(".gitattributes", "a merge=own\n");
    place.git(&["config", "merge.own.driver", "true"]);
    place.commit("second");
    let (repository, base, result) = result(&place, |dir| write(&dir.join("a"), "1\n2\nthree\n"));
    assert_eq!(repository.apply(&base, &result).unwrap(), done(&["a"]), "there is nothing to merge");
    place.write("a", "one\n2\n3\n");
    place.commit("since");
    assert_eq!(repository.apply(&base, &result).unwrap(), conflict(&["a"], Why::Lines));
}

#[test]
fn a_patch_and_a_branch_bring_the_same() {
    let place = Place::new();
    place.write("binary", [0, 1, 2, 255]);
    place.commit("second");
    let (repository, base, result) = result(&place, |dir| {
        write(&dir.join("a"), "1\n2\nthree\n");
        write(&dir.join("binary"), [9, 0, 255]);
        mode(&dir.join("dir/b"), 0o755);
        write(&dir.join("new/ä b"), "new\n");
    });
    let diff = repository.diff(&base, &result, 1 << 20).unwrap();
    let text = String::from_utf8(diff.text.clone()).unwrap();
    assert!(
        !diff.is_cut && text.contains("Binary files a/binary and b/binary differ") && text.contains("+three"),
        "{text}"
    );
    let names: Vec<&str> = diff.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["a", "binary", "dir/b", "new/ä b"]);
    assert_eq!((diff.files[0].insertions, diff.files[1].insertions), (Some(1), None));
    let cut = repository.diff(&base, &result, 100).unwrap();
    assert!(
        cut.is_cut && cut.text.len() <= 100 && diff.text.starts_with(&cut.text) && cut.text.ends_with(b"\n")
    );
    let file = place.dir().join("x.patch");
    repository.patch(&base, &result, "task-0001:\n do ä thing", &fs::File::create(&file).unwrap()).unwrap();
    let there = tree(&place.home().join("1/project"));
    let file = file.to_str().unwrap();
    place.git(&["apply", file]);
    assert_eq!(tree(&place.root()), there);
    place.git(&["reset", "-q", "--hard"]);
    place.git(&["clean", "-qfd"]);
    place.git(&["am", "-q", file]);
    assert_eq!(tree(&place.root()), there);
    assert_eq!(place.git(&["log", "-1", "--format=%s"]), "task-0001: do ä thing");
}

#[test]
fn a_branch_is_moved_only_by_us() {
    use aiwg_worktrees::Error;
    let place = Place::new();
    let (repository, base, result) = result(&place, |dir| write(&dir.join("a"), "changed\n"));
    assert_eq!(repository.branch("task-0001", &base).unwrap(), "aiwg/task-0001");
    assert_eq!(repository.branch("task-0001", &result).unwrap(), "aiwg/task-0001");
    assert_eq!(place.git(&["rev-parse", "aiwg/task-0001"]), result.hash());
    place.git(&["checkout", "-q", "aiwg/task-0001"]);
    repository.branch("task-0001", &result).unwrap();
    let error = repository.branch("task-0001", &base).unwrap_err();
    assert!(matches!(&error, Error::BranchCheckedOut { dir, .. } if *dir == place.root()), "{error:?}");
    place.commit("by a person");
    place.git(&["checkout", "-q", "main"]);
    let error = repository.branch("task-0001", &result).unwrap_err();
    assert!(matches!(error, Error::BranchMoved { .. }), "{error:?}");
    place.git(&["branch", "-q", "-D", "aiwg/task-0001"]);
    repository.branch("task-0001", &result).unwrap();
}

/// Only run by the next test, which ends it.
#[test]
#[ignore = "a part of another test"]
fn apply_once() {
    let Ok(given) = std::env::var("AIWG_WORKTREES_APPLY") else { return };
    let given: Vec<&str> = given.split('\n').collect();
    let repository = Repository::find(given[0].as_ref(), given[1].as_ref()).unwrap();
    let commit = |text: &str| Commit::of(text).unwrap();
    repository.apply(&commit(given[2]), &commit(given[3])).unwrap();
}

#[test]
fn an_end_in_the_middle_leaves_all_or_nothing() {
    let place = Place::new();
    for number in 0..300 {
        place.write(&format!("many/{number}"), "1\n");
    }
    place.commit("many");
    let (repository, base, result) = result(&place, |dir| {
        for number in 0..100 {
            write(&dir.join(format!("many/{number}")), "2\n");
            fs::remove_file(dir.join(format!("many/{}", number + 100))).unwrap();
            write(&dir.join(format!("new/{number}/x")), "2\n");
        }
    });
    let (before, index) = (tree(&place.root()), of_git(&place));
    repository.apply(&base, &result).unwrap();
    let after = tree(&place.root());
    let (root, home) = (place.root(), place.home());
    let given = [root.to_str().unwrap(), home.to_str().unwrap(), base.hash(), result.hash()].join("\n");
    let mut seen = [0, 0];
    for round in 0..24 {
        place.git(&["checkout", "-q", "--force", "HEAD"]);
        place.git(&["clean", "-qfd"]);
        let mut apply = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "apply::apply_once", "--ignored"])
            .env("AIWG_WORKTREES_APPLY", &given)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Most of the time goes by before the first file is written.
        let begun = std::time::Instant::now();
        while !place.root().join(".git/aiwg-apply/journal.json").exists()
            && begun.elapsed() < Duration::from_secs(20)
        {
            if round % 4 == 0 && begun.elapsed() > Duration::from_millis(20 * round) {
                break;
            }
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(300 * round));
        apply.kill().unwrap();
        apply.wait().unwrap();
        repository.recover().unwrap();
        let now = tree(&place.root());
        assert!(now == before || now == after, "round {round}");
        seen[usize::from(now == after)] += 1;
        assert!(!place.root().join(".git/aiwg-apply").exists());
    }
    assert_eq!(of_git(&place).keys().collect::<Vec<_>>(), index.keys().collect::<Vec<_>>());
    assert!(seen[0] > 0, "{seen:?}");
    assert_eq!(repository.apply(&base, &result).map(|_| tree(&place.root())).unwrap(), after);
}
