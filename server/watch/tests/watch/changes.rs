//! The changes of one file.

use std::{
    ffi::OsStr,
    fs::{self, File, Permissions},
    io::{Read, Write},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::support::{Project, created, deleted, modified, renamed};

#[test]
fn create_and_write_is_one_created() {
    let project = Project::new(&[]);
    let watched = project.watch();
    let mut file = File::create(project.path("a")).unwrap();
    file.write_all(b"one").unwrap();
    file.write_all(b"two").unwrap();
    drop(file);
    watched.assert_reported(&[created("a")]);
}

#[test]
fn writes_are_one_modified() {
    let project = Project::new(&["a"]);
    let watched = project.watch();
    project.write("a", "one");
    project.write("a", "two");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn a_file_that_came_and_went_was_never_there() {
    let project = Project::new(&[]);
    let watched = project.watch();
    project.write("a", "");
    project.remove("a");
    watched.assert_reported(&[]);
}

#[test]
fn deleted_and_made_again_is_modified() {
    let project = Project::new(&["a"]);
    let watched = project.watch();
    project.remove("a");
    project.write("a", "a");
    watched.assert_reported(&[modified("a")]);
}

#[test]
fn deletion() {
    let project = Project::new(&["a", "b/c"]);
    let watched = project.watch();
    project.remove("a");
    project.remove("b/c");
    watched.assert_reported(&[deleted("a"), deleted("b/c")]);
}

#[test]
fn a_rename_has_both_names() {
    let project = Project::new(&["a", "b/c"]);
    let watched = project.watch();
    project.rename("a", "b/d");
    watched.assert_reported(&[renamed("a", "b/d")]);
    project.rename("b/d", "e");
    project.rename("e", "f");
    watched.assert_reported(&[renamed("b/d", "f")]);
}

#[test]
fn renamed_and_written_to_is_renamed() {
    let project = Project::new(&["a"]);
    let watched = project.watch();
    project.rename("a", "b");
    project.write("b", "more than there was");
    watched.assert_reported(&[renamed("a", "b")]);
}

#[test]
fn renamed_over_another_is_modified_there() {
    let project = Project::new(&["a", "b"]);
    let watched = project.watch();
    project.rename("a", "b");
    watched.assert_reported(&[deleted("a"), modified("b")]);
}

#[test]
fn a_new_file_with_the_inode_of_a_deleted_one_is_no_rename() {
    let project = Project::new(&[]);
    for round in 0..10 {
        project.write(format!("old-{round}"), "content");
    }
    let watched = project.watch();
    let mut expected = Vec::new();
    for round in 0..10 {
        project.remove(format!("old-{round}"));
        project.write(format!("new-{round}"), "content");
        expected.extend([deleted(format!("old-{round}")), created(format!("new-{round}"))]);
    }
    watched.assert_reported(&expected);
}

#[test]
fn moved_in_is_created_and_moved_out_is_deleted() {
    let outside = Project::new(&["a"]);
    let project = Project::new(&["b"]);
    let watched = project.watch();
    fs::rename(outside.path("a"), project.path("a")).unwrap();
    fs::rename(project.path("b"), outside.path("b")).unwrap();
    watched.assert_reported(&[created("a"), deleted("b")]);
}

#[test]
fn a_swap_modifies_both() {
    let project = Project::new(&["a", "b"]);
    let watched = project.watch();
    project.rename("a", "c");
    project.rename("b", "a");
    project.rename("c", "b");
    watched.assert_reported(&[modified("a"), modified("b")]);
}

#[test]
fn reads_and_modes_are_no_changes_but_touch_is() {
    let project = Project::new(&["read", "mode", "touched", "dir/x"]);
    let watched = project.watch();
    let mut content = String::new();
    File::open(project.path("read")).unwrap().read_to_string(&mut content).unwrap();
    drop(File::options().read(true).write(true).open(project.path("read")).unwrap());
    fs::read_dir(project.path("dir")).unwrap().for_each(drop);
    fs::set_permissions(project.path("mode"), Permissions::from_mode(0o755)).unwrap();
    let time = SystemTime::now() + Duration::from_secs(3600);
    File::options().write(true).open(project.path("touched")).unwrap().set_modified(time).unwrap();
    watched.assert_reported(&[modified("touched")]);
}

#[test]
fn writes_of_the_same_size_in_one_clock_tick_are_reported() {
    let project = Project::new(&[]);
    let options = aiwg_watch::Options { settle: Duration::ZERO, ..project.options() };
    let watched = project.watch_with(options);
    for round in 0..50 {
        let name = format!("{round}");
        project.write(&name, "one");
        while watched.change_set().changes != [created(&name)] {}
        // At once: the time of modification may be the same.
        let file = File::options().write(true).open(project.path(&name)).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"two", 0).unwrap();
        assert!(watched.reported().contains(&modified(&name)), "round {round}");
    }
}

#[test]
fn names_that_are_not_utf_8() {
    let name = Path::new(OsStr::from_bytes(b"caf\xe9 \xff"));
    let project = Project::new(&[]);
    project.write(name.join("there"), "");
    project.write(".gitignore", "*.log\n");
    let watched = project.watch();
    project.write(name.join("there"), "another");
    project.write(name.join(name), "new");
    project.write(name.join(OsStr::from_bytes(b"\xfe.log")), "ignored");
    project.write(OsStr::from_bytes(b"\xfe"), "new");
    let bytes = Path::new(OsStr::from_bytes(b"\xfe"));
    watched.assert_reported(&[modified(name.join("there")), created(name.join(name)), created(bytes)]);
    project.rename(name, "utf-8");
    let from = |file: &Path| name.join(file);
    watched.assert_reported(&[
        renamed(from("there".as_ref()), "utf-8/there"),
        renamed(from(name), Path::new("utf-8").join(name)),
    ]);
}

#[test]
fn a_batch_says_when() {
    let project = Project::new(&["a"]);
    let watched = project.watch();
    let before = SystemTime::now();
    project.write("a", "another");
    let change_set = watched.change_set();
    assert!(
        before <= change_set.since
            && change_set.since <= change_set.until
            && change_set.until <= SystemTime::now()
    );
}

#[test]
fn sockets_and_pipes_do_not_count() {
    let project = Project::new(&[]);
    let watched = project.watch();
    let _socket = std::os::unix::net::UnixListener::bind(project.path("socket")).unwrap();
    project.sh("mkfifo pipe");
    watched.assert_reported(&[]);
}

#[test]
fn nothing_is_reported_after_the_drop() {
    let project = Project::new(&[]);
    let watched = project.watch();
    project.write("a", "");
    drop(watched);
    crate::support::until("the watches are gone", || crate::support::watches().is_empty());
}
