//! Slots: made, reused, and removed.

use std::{collections::BTreeSet, fs, os::unix::fs::symlink, path::Path, thread};

use aiwg_worktrees::{Error, Repository, SlotState, Unusable, Use, is_linked};

use crate::support::{ONE, Place, TWO, git, ready, write};

#[test]
fn many_are_made_at_once_from_a_branch_of_a_remote() {
    let origin = Place::new();
    let place = Place::empty();
    place.git(&["remote", "add", "origin", origin.root().to_str().unwrap()]);
    place.git(&["fetch", "-q", "origin"]);
    place.git(&["reset", "-q", "--hard", "origin/main"]);
    place.git(&["config", "branch.autoSetupMerge", "always"]);
    let repository = place.repository().with_patience(std::time::Duration::from_secs(60));
    let base = repository.commit_of("origin/main").unwrap();
    let config = fs::read(place.root().join(".git/config")).unwrap();
    let dirs: BTreeSet<_> = thread::scope(|scope| {
        let make = |n: u32| {
            let (repository, base) = (repository.clone(), &base);
            scope.spawn(move || {
                repository.prepare(n, base, Use { task: &format!("task-{n}"), launch: 1 }).unwrap().dir
            })
        };
        let all: Vec<_> = (1..=24).map(make).collect();
        all.into_iter().map(|made| made.join().unwrap()).collect()
    });
    assert_eq!(dirs.len(), 24);
    for dir in &dirs {
        assert_eq!(git(dir, &["status", "--porcelain"]), "");
        assert_eq!(fs::read(dir.join("a")).unwrap(), b"1\n2\n3\n");
    }
    assert_eq!(fs::read(place.root().join(".git/config")).unwrap(), config);
    assert_eq!(place.git(&["worktree", "list"]).lines().count(), 25);
    assert_eq!(repository.slots().unwrap().len(), 24);
}

#[test]
fn a_base_that_is_not_in_the_repository_is_named_and_breaks_no_work_tree() {
    let (place, copy) = (Place::new(), Place::new());
    copy.write("b", "only there");
    let there = copy.commit("only there");
    let repository = place.repository();
    let refused = |of| match repository.prepare(1, &there, of) {
        Err(Error::BaseGone { commit, .. }) => commit,
        other => panic!("{other:?}"),
    };
    // Where no tree is, and in one that has been used.
    assert_eq!(refused(ONE), there);
    let (tree, _) = ready(&repository, 1, ONE);
    write(&tree.dir.join("a"), "changed");
    assert_eq!(refused(TWO), there);
    let (again, _) = ready(&repository, 1, TWO);
    assert_eq!(fs::read(again.dir.join("a")).unwrap(), b"1\n2\n3\n");
    assert_eq!(repository.slots().unwrap().len(), 1);
}

#[test]
fn a_reset_leaves_what_git_ignores_and_nothing_else() {
    let place = Place::new();
    place.write("Cargo.lock", "1");
    place.commit("second");
    let repository = place.repository();
    let (first, base) = ready(&repository, 1, ONE);
    assert!(first.is_new && !first.lock_files.is_empty());
    assert!(
        first.dir.starts_with(place.home().canonicalize().unwrap()) || first.dir.starts_with(place.home())
    );
    write(&first.dir.join("ignored/deep/warm"), "warm");
    write(&first.dir.join("x.log"), "warm");
    write(&first.dir.join("a"), "changed");
    write(&first.dir.join("new/x"), "new");
    fs::remove_dir_all(first.dir.join("dir")).unwrap();
    write(&first.dir.join("dir"), "a file where a directory was");
    git(&first.dir, &["checkout", "-q", "--orphan", "other"]);
    let git_dir = std::path::PathBuf::from(git(&first.dir, &["rev-parse", "--absolute-git-dir"]));
    for left in ["index.lock", "HEAD.lock", "MERGE_HEAD"] {
        fs::write(git_dir.join(left), base.hash()).unwrap();
    }
    fs::create_dir(git_dir.join("rebase-merge")).unwrap();
    repository.keep(1, ONE, &base).unwrap();
    let again = repository.prepare(1, &base, TWO).unwrap();
    assert_eq!((again.is_new, &again.dir, &again.lock_files), (false, &first.dir, &first.lock_files));
    assert_eq!(git(&again.dir, &["status", "--porcelain"]), "");
    assert!(!git(&again.dir, &["status"]).contains("rebas"));
    assert_eq!(fs::read(again.dir.join("ignored/deep/warm")).unwrap(), b"warm");
    assert!(
        again.dir.join("x.log").exists()
            && again.dir.join("dir/b").exists()
            && !again.dir.join("new").exists()
    );
    place.write("Cargo.lock", "2");
    let base = repository.snapshot().unwrap().commit;
    let changed = repository.prepare(1, &base, ONE).unwrap();
    assert_ne!(changed.lock_files, first.lock_files);
}

#[test]
fn a_project_in_a_folder_has_its_folder() {
    let place = Place::new();
    let inner = place.root().join("apps/one");
    fs::create_dir_all(&inner).unwrap();
    let repository = Repository::find(&inner, &place.home()).unwrap();
    let (slot, base) = ready(&repository, 1, ONE);
    assert_eq!(slot.dir, slot.top.join("apps/one"));
    assert!(slot.dir.is_dir() && slot.top.join("a").exists());
    write(&slot.top.join("a"), "beside it");
    assert_eq!(repository.keep(1, ONE, &base).unwrap().files, 1);
}

#[test]
fn slots_are_listed_and_removed() {
    let place = Place::new();
    let repository = place.repository();
    assert_eq!(repository.slots().unwrap(), []);
    let (one, base) = ready(&repository, 1, ONE);
    repository.prepare(20, &base, TWO).unwrap();
    write(&one.dir.join("a"), "not kept yet\n");
    repository.keep(20, TWO, &base).unwrap();
    let slots = repository.slots().unwrap();
    let of = |task: &str| (task.to_owned(), 1);
    let states: Vec<_> = slots.iter().map(|slot| (slot.n, slot.state.clone(), slot.broken.clone())).collect();
    let ((task, launch), (other, _)) = (of("task-0001"), of("task-0002"));
    assert_eq!(
        states,
        [(1, SlotState::InUse { task, launch }, None), (20, SlotState::Kept { task: other, launch }, None),]
    );
    assert!(slots[0].made_at.is_some() && slots[0].dir == one.top);
    assert!(repository.size(1).unwrap() > 0);
    repository.remove(1).unwrap();
    repository.remove(20).unwrap();
    assert_eq!(repository.slots().unwrap(), []);
    assert_eq!(place.git(&["worktree", "list"]).lines().count(), 1);
    assert!(!place.root().join(".git/worktrees").exists());
    let kept = repository.commit_of("refs/aiwg/tasks/task-0001/1").unwrap();
    assert_eq!(place.files(&kept)["a"], "not kept yet\n");
    assert!(matches!(repository.remove(1), Err(Error::NoSuchSlot { .. })));
}

#[test]
fn a_person_who_prunes_or_removes_work_trees_takes_nothing_with_it() {
    let place = Place::new();
    let repository = place.repository();
    let (slot, base) = ready(&repository, 1, ONE);
    place.git(&["worktree", "prune"]);
    let away = place.dir().join("away");
    fs::rename(&slot.top, &away).unwrap();
    place.git(&["worktree", "prune", "--expire=now"]);
    fs::rename(&away, &slot.top).unwrap();
    write(&slot.dir.join("a"), "still there\n");
    assert_eq!(repository.keep(1, ONE, &base).unwrap().files, 1);
}

#[test]
fn what_a_killed_git_has_left_half_made_is_in_nobodys_way() {
    let place = Place::new();
    let repository = place.repository();
    let tree = place.home().join("1/project");
    let add = ["worktree", "add", "-q", "--detach", "--no-checkout", "--lock", "--reason"];
    let why = "a work tree of aiwg; `aiwg workspace list` shows it";
    let add = |tree: &Path| place.git(&[&add[..], &[why, tree.to_str().unwrap()]].concat());
    let known = place.root().join(".git/worktrees");
    // Killed once git has noted where it is, and before its notes are complete.
    add(&tree);
    fs::remove_dir_all(&tree).unwrap();
    fs::remove_file(known.join("project/HEAD")).unwrap();
    // Killed before that; and those that a person makes in this moment.
    for (name, reason) in [("project1", why), ("project2", "initializing")] {
        fs::create_dir(known.join(name)).unwrap();
        fs::write(known.join(name).join("locked"), reason).unwrap();
    }
    fs::create_dir(known.join("project3")).unwrap();
    let elsewhere = place.dir().join("elsewhere/project");
    add(&elsewhere);
    let (ready, base) = ready(&repository, 1, ONE);
    assert!(ready.is_new && ready.dir.join("a").exists());
    assert!(!known.join("project1").exists() || known.join("project1/gitdir").exists());
    assert!(known.join("project2/locked").exists() && known.join("project3").exists());
    assert!(place.git(&["worktree", "list"]).contains("elsewhere/project"));
    write(&ready.dir.join("a"), "mine\n");
    // Killed after it was made, before that was noted: what is in it is nobody's.
    repository.keep(1, ONE, &base).unwrap();
    fs::remove_file(place.home().join("1/slot.json")).unwrap();
    let again = repository.prepare(1, &base, TWO).unwrap();
    assert!(again.is_new && fs::read_to_string(again.dir.join("a")).unwrap() == "1\n2\n3\n");
    // Locks in the slot are those of an agent that was killed, in the next round too.
    let git_dir = git(&again.dir, &["rev-parse", "--absolute-git-dir"]);
    fs::write(Path::new(git_dir.trim()).join("index.lock"), "").unwrap();
    repository.resume(1, TWO).unwrap();
    git(&again.dir, &["add", "."]);
}

#[test]
fn a_lock_of_our_refs_is_that_of_a_killed_git_and_of_others_it_is_waited_for() {
    let place = Place::new();
    place.write("a", "uncommitted\n");
    let repository = place.repository();
    let locked = |name: &str| write(&place.root().join(format!(".git/{name}.lock")), "");
    locked("refs/aiwg/tasks/task-0001/1");
    locked("refs/aiwg/bases/task-0001/1");
    let base = repository.snapshot().unwrap();
    let ready = repository.prepare(1, &base.commit, ONE).unwrap();
    write(&ready.dir.join("a"), "mine\n");
    let kept = repository.keep(1, ONE, &base.commit).unwrap();
    locked(base.name.as_ref().unwrap());
    locked("refs/aiwg/branches/task-0001");
    repository.forget(&[base.name.unwrap()]).unwrap();
    locked("refs/heads/aiwg/task-0001");
    let said = repository.branch("task-0001", &kept.commit).unwrap_err();
    assert!(matches!(said, Error::Locked { .. }), "{said}");
    assert!(
        said.to_string().contains("refs/heads/aiwg/task-0001.lock") && said.to_string().contains("remove it")
    );
    fs::remove_file(place.root().join(".git/refs/heads/aiwg/task-0001.lock")).unwrap();
    assert_eq!(repository.branch("task-0001", &kept.commit).unwrap(), "aiwg/task-0001");
}

#[test]
fn a_linked_work_tree_is_known() {
    let place = Place::new();
    let repository = place.repository();
    let (slot, _) = ready(&repository, 1, ONE);
    let main = Some(place.root());
    assert_eq!((is_linked(&slot.dir), is_linked(&slot.dir.join("dir"))), (main.clone(), main));
    assert_eq!(
        (is_linked(&place.root()), is_linked(place.dir()), is_linked("/".as_ref())),
        (None, None, None)
    );
    let other = Place::new();
    place.git(&["submodule", "--quiet", "add", other.root().to_str().unwrap(), "sub"]);
    assert_eq!(is_linked(&place.root().join("sub")), None);
    let bare = place.dir().join("bare.git");
    git(place.dir(), &["clone", "-q", "--bare", other.root().to_str().unwrap(), bare.to_str().unwrap()]);
    git(&bare, &["worktree", "add", "-q", "../linked"]);
    assert_eq!(is_linked(&place.dir().join("linked")), Some(bare.canonicalize().unwrap()));
    // A linked work tree can be a project, too.
    let repository =
        Repository::find(&place.dir().join("linked"), &place.home().with_extension("2")).unwrap();
    write(&place.dir().join("linked/new"), "new");
    let (slot, _) = ready(&repository, 1, ONE);
    assert!(slot.dir.join("new").exists());
}

#[test]
fn a_base_with_submodules_is_refused() {
    let place = Place::new();
    let clean = place.head();
    let other = Place::new();
    place.git(&["submodule", "--quiet", "add", other.root().to_str().unwrap(), "sub"]);
    let with = place.commit("with a submodule");
    place.git(&["reset", "-q", "--hard", clean.hash()]);
    let repository = place.repository();
    let error = repository.prepare(1, &with, ONE).unwrap_err();
    assert!(matches!(error, Error::Unusable(Unusable::Submodules { .. })), "{error:?}");
    repository.prepare(1, &clean, ONE).unwrap();
}

#[test]
fn named_files_that_git_ignores_are_copied_and_kept_fresh() {
    let place = Place::new();
    place.write(
        ".worktreeinclude",
        "# what an agent needs\n.env*\n!.env.person\n/ignored/config/\na\nuntracked\n",
    );
    place.write(".env", "1");
    place.write("deep/.env.local", "local");
    place.write(".env.person", "not this one");
    place.write("ignored/config/x", "x");
    place.write("ignored/cache", "large");
    place.write("untracked", "not ignored");
    symlink("/etc/passwd", place.root().join(".env.link")).unwrap();
    fs::create_dir(place.dir().join("outside")).unwrap();
    let repository = place.repository();
    let (slot, base) = ready(&repository, 1, ONE);
    let read = |name: &str| fs::read_to_string(slot.dir.join(name)).ok();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        (read(".env"), read("deep/.env.local"), read("ignored/config/x")),
        (text("1"), text("local"), text("x"))
    );
    assert_eq!((read(".env.person"), read("ignored/cache")), (None, None));
    assert_eq!(fs::read_link(slot.dir.join(".env.link")).unwrap(), std::path::Path::new("/etc/passwd"));
    // What the agent has done to them does not last, and leads nowhere.
    write(&slot.dir.join(".env"), "of the agent");
    write(&slot.dir.join("ignored/own"), "warm");
    fs::remove_dir_all(slot.dir.join("ignored/config")).unwrap();
    symlink(place.dir().join("outside"), slot.dir.join("ignored/config")).unwrap();
    fs::remove_file(slot.dir.join(".env.link")).unwrap();
    write(&slot.dir.join(".env.link/inner"), "a directory");
    place.write("deep/.env.local", "newer");
    assert_eq!(repository.keep(1, ONE, &base).unwrap().files, 0);
    repository.prepare(1, &base, TWO).unwrap();
    assert_eq!(
        (read(".env"), read("deep/.env.local"), read("ignored/config/x")),
        (text("1"), text("newer"), text("x"))
    );
    assert_eq!(read("ignored/own"), text("warm"));
    assert_eq!(fs::read_dir(place.dir().join("outside")).unwrap().count(), 0);
    assert!(slot.dir.join(".env.link").symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_slot_whose_notes_are_broken_is_left_alone_until_someone_discards_it() {
    let place = Place::new();
    let repository = place.repository();
    let (slot, base) = ready(&repository, 1, ONE);
    write(&slot.dir.join("a"), "not kept\n");
    fs::write(place.home().join("1/slot.json"), "broken").unwrap();
    assert!(repository.slots().unwrap()[0].broken.as_ref().unwrap().contains("slot.json"));
    assert!(matches!(repository.prepare(1, &base, TWO), Err(Error::Io { .. })));
    assert!(repository.remove(1).is_err() && repository.keep(1, ONE, &base).is_err());
    assert_eq!(fs::read(slot.dir.join("a")).unwrap(), b"not kept\n");
    repository.discard(1).unwrap();
    assert_eq!((repository.slots().unwrap().len(), place.git(&["worktree", "list"]).lines().count()), (0, 1));
    repository.prepare(1, &base, TWO).unwrap();
}
