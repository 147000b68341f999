//! No room, no rights, and what is left then: nothing half made.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aiwg_worktrees::{Applied, Error, Kind, Repository, SlotState};

use crate::support::{ONE, Place, TWO, mode, ready, tree, write};

/// Runs one of the tests below in a process that a program has prepared.
fn in_another(name: &str, before: &[&str], given: &[&Path]) {
    let given: Vec<&str> = given.iter().map(|path| path.to_str().unwrap()).collect();
    let done = Command::new(before[0])
        .args(&before[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env("AIWG_WORKTREES_GIVEN", given.join("\n"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

fn given() -> Option<Vec<PathBuf>> {
    Some(std::env::var("AIWG_WORKTREES_GIVEN").ok()?.split('\n').map(PathBuf::from).collect())
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Random bytes: they cannot be made smaller.
fn noise(size: usize) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = vec![0; size];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
#[ignore = "a part of another test"]
fn within_a_limit_of_files() {
    let Some(given) = given() else { return };
    let repository = Repository::find(&given[0], &given[1]).unwrap();
    let error = repository.snapshot().unwrap_err();
    assert!(matches!(error, Error::Git { .. } | Error::NoSpace { .. }), "{error:?}");
    let base = repository.commit_of("HEAD").unwrap();
    assert!(repository.keep(1, ONE, &base).is_err());
    // It is not reset before it is kept.
    assert!(repository.prepare(1, &base, TWO).is_err());
    assert!(repository.remove(1).is_err());
}

#[test]
fn a_limit_of_the_size_of_files_leaves_nothing_half_made() {
    let place = Place::new();
    let repository = place.repository();
    let (slot, base) = ready(&repository, 1, ONE);
    write(&slot.dir.join("large"), noise(1 << 20));
    place.write("small", "small\n");
    place.write("large", noise(1 << 20));
    let (before, of_slot, objects) = (place.state(), tree(&slot.dir), place.git(&["count-objects", "-v"]));
    let limited = "ulimit -f 256; exec \"$@\"";
    in_another(
        "limits::within_a_limit_of_files",
        &["sh", "-c", limited, "sh"],
        &[&place.root(), &place.home()],
    );
    assert_eq!((place.state(), tree(&slot.dir)), (before, of_slot));
    assert_eq!(place.leftovers(), Vec::<String>::new());
    let count = |text: &str| text.lines().find(|line| line.starts_with("garbage")).unwrap().to_owned();
    assert_eq!(count(&place.git(&["count-objects", "-v"])), count(&objects));
    assert_eq!(repository.results().unwrap().iter().filter(|found| found.kind == Kind::Result).count(), 0);
    let kept = repository.keep(1, ONE, &base).unwrap();
    assert_eq!(kept.files, 1);
    place.git(&["fsck", "--strict"]);
}

#[test]
#[ignore = "a part of another test"]
fn on_a_small_disk() {
    let Some(given) = given() else { return };
    let disk = &given[0];
    let root = disk.join("project");
    fs::create_dir(&root).unwrap();
    let git = |arguments: &[&str]| crate::support::git(&root, arguments);
    git(&["init", "-q"]);
    write(&root.join("a"), "1\n");
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    let repository = Repository::find(&root, &disk.join("home")).unwrap();
    let base = repository.commit_of("HEAD").unwrap();
    let slot = repository.prepare(1, &base, ONE).unwrap();
    write(&slot.dir.join("large"), noise(2 << 20));
    let kept = repository.keep(1, ONE, &base).unwrap();
    let head = fs::read(root.join(".git/index")).unwrap();
    // Room for a half of what is to be written, for the checkout and then for a new slot.
    write(&root.join("mine"), noise(2 << 20));
    let free = || {
        let found = rustix::fs::statvfs(disk).unwrap();
        usize::try_from(found.f_bavail * found.f_frsize).unwrap()
    };
    write(&disk.join("fill"), noise(free() - (1 << 20)));
    let left = || {
        fs::read_dir(root.join(".git/objects"))
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("tmp"))
            .count()
    };
    let before = tree(&root);
    let all = [
        repository.snapshot().map(drop),
        repository.apply(&base, &kept.commit).map(drop),
        repository.prepare(2, &kept.commit, TWO).map(drop),
    ];
    for done in all {
        let error = done.unwrap_err();
        assert!(matches!(error, Error::NoSpace { .. }), "{error:?}");
        assert!(error.to_string().contains("no room"), "{error}");
    }
    assert_eq!((tree(&root), fs::read(root.join(".git/index")).unwrap(), left()), (before, head, 0));
    assert!(!root.join(".git/aiwg-apply").exists());
    let states: Vec<SlotState> = repository.slots().unwrap().into_iter().map(|slot| slot.state).collect();
    assert_eq!(states[1..], [SlotState::Free]);
    fs::remove_file(disk.join("fill")).unwrap();
    fs::remove_file(root.join("mine")).unwrap();
    repository.prepare(2, &base, TWO).unwrap();
    let applied = repository.apply(&base, &kept.commit).unwrap();
    assert_eq!(applied, Applied::Done { paths: vec!["large".to_owned()] });
    git(&["fsck", "--strict"]);
}

#[test]
fn a_full_disk_leaves_nothing_half_made() {
    if !is_root()
        || !Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success())
    {
        eprintln!("skipped: it takes root, and a namespace for a small disk");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mounted = format!("mount -t tmpfs -o size=12m none '{}' && exec \"$@\"", dir.path().display());
    in_another("limits::on_a_small_disk", &["unshare", "-m", "sh", "-c", &mounted, "sh"], &[dir.path()]);
}

#[test]
#[ignore = "a part of another test"]
fn as_another_user() {
    let Some(given) = given() else { return };
    let repository = Repository::find(&given[0], &given[1]).unwrap();
    let base = repository.commit_of("HEAD").unwrap();
    let prepared = || repository.prepare(1, &base, TWO);
    // What can be read of it is kept, and nothing is cleaned.
    let error = prepared().unwrap_err();
    assert!(matches!(&error, Error::Broken { n: 1, why, .. } if why.contains("theirs/closed")), "{error:?}");
    let slots = repository.slots().unwrap();
    assert!(slots[0].broken.as_ref().unwrap().contains("theirs"), "{slots:?}");
    assert!(matches!(slots[0].state, SlotState::InUse { .. }));
    let kept = repository.commit_of("refs/aiwg/tasks/task-0001/1").unwrap();
    let names = crate::support::git(&given[0], &["ls-tree", "-r", "--name-only", kept.hash()]);
    assert!(
        names.contains("new") && names.contains("theirs/open") && !names.contains("theirs/closed"),
        "{names}"
    );
    // Another one is as good.
    repository.prepare(2, &base, TWO).unwrap();
}

#[test]
#[ignore = "a part of another test"]
fn as_another_user_who_may_read() {
    let Some(given) = given() else { return };
    let repository = Repository::find(&given[0], &given[1]).unwrap();
    let base = repository.commit_of("HEAD").unwrap();
    for _ in 0..2 {
        let error = repository.prepare(1, &base, TWO).unwrap_err();
        assert!(matches!(&error, Error::Broken { n: 1, why, .. } if why.contains("theirs")), "{error:?}");
    }
    let error = repository.remove(1).unwrap_err();
    assert!(matches!(error, Error::Broken { .. }), "{error:?}");
}

#[test]
fn a_slot_with_files_of_another_user_is_given_up() {
    if !is_root()
        || !Command::new("setpriv").arg("--version").output().is_ok_and(|done| done.status.success())
    {
        eprintln!("skipped: it takes root, and setpriv");
        return;
    }
    let other = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "env",
        "HOME=/",
        "GIT_CONFIG_GLOBAL=/dev/null",
    ];
    let place = Place::new();
    let own = |path: &Path| {
        assert!(Command::new("chown").arg("-R").arg("65534:65534").arg(path).status().unwrap().success())
    };
    let (slot, _) = ready(&place.repository(), 1, ONE);
    own(place.dir());
    write(&slot.dir.join("new"), "new\n");
    own(&slot.dir.join("new"));
    write(&slot.dir.join("theirs/open"), "root's\n");
    write(&slot.dir.join("theirs/closed"), "root's\n");
    mode(&slot.dir.join("theirs/closed"), 0o600);
    in_another("limits::as_another_user", &other, &[&place.root(), &place.home()]);
    assert!(slot.dir.join("theirs/closed").exists() && slot.dir.join("new").exists());
    mode(&slot.dir.join("theirs/closed"), 0o644);
    in_another("limits::as_another_user_who_may_read", &other, &[&place.root(), &place.home()]);
    assert!(slot.dir.join("theirs/closed").exists());
}
