//! Links that are in the way, what is mounted, and times that are set back.

use std::{
    fs::{self, FileTimes},
    process::Command,
    sync::mpsc,
    time::Duration,
};

use aiwg_watch::{Kind, Notice, Options, Verdict, WatchError, WatchedPath, Watcher};

use crate::support::{Project, created, deleted, modified, until};

#[test]
fn a_watched_path_behind_a_link_is_said() {
    let elsewhere = Project::new(&["d/a"]);
    let project = Project::new(&["real/a"]);
    project.link(elsewhere.path("d"), "src");
    let paths = vec![WatchedPath::new("src/deep"), WatchedPath::new("real")];
    let options = Options { paths, ..project.options() };
    assert_eq!(options.verdict("src/deep/a".as_ref(), Kind::Modified).unwrap(), Verdict::BehindLink);
    assert_eq!(options.verdict("real/a".as_ref(), Kind::Modified).unwrap(), Verdict::Reported);
    let watched = project.watch_with(options);
    let link = project.path("src");
    watched.notice(|notice| matches!(notice, Notice::BehindLink { link: found, .. } if *found == link));
    project.remove("src");
    project.write("src/deep/a", "");
    project.write("real/a", "another");
    watched.notice(|notice| matches!(notice, Notice::NotBehindLink(_)));
    project.write("src/deep/b", "");
    until("it is watched", || crate::support::is_watched(&project.path("src/deep")));
}

#[test]
fn a_swapped_link_changes_those_that_lead_through_it() {
    let project = Project::new(&["..v1/app.conf", "..v2/app.conf", "other"]);
    project.link("..v1", "..data");
    project.link("..data/app.conf", "app.conf");
    project.link("..data2/app.conf", "unrelated");
    let watched = project.watch();
    project.link("..v2", "..tmp");
    project.rename("..tmp", "..data");
    watched.assert_reported(&[modified("..data"), modified("app.conf")]);
    project.remove("..data");
    watched.assert_reported(&[deleted("..data"), modified("app.conf")]);
}

#[test]
fn a_write_that_sets_the_time_back_is_reported_and_other_changes_of_the_time_are_not() {
    let project = Project::new(&["a", "b"]);
    project.let_a_tick_pass();
    let watched = project.watch();
    let before = fs::metadata(project.path("a")).unwrap().modified().unwrap();
    let set_back = |path: &str| {
        let file = fs::File::options().write(true).open(project.path(path)).unwrap();
        file.set_times(FileTimes::new().set_modified(before).set_accessed(before)).unwrap();
    };
    project.write("a", "b");
    set_back("a");
    watched.assert_reported(&[modified("a")]);
    let b = fs::metadata(project.path("b")).unwrap().modified().unwrap();
    // Where only one of the times is set, the kernel says that someone has written.
    let both = FileTimes::new().set_modified(b).set_accessed(b);
    fs::File::open(project.path("b")).unwrap().set_times(both).unwrap();
    watched.assert_reported(&[]);
    project.sh("chmod +x b");
    watched.assert_reported(&[]);
    project.sh("ln b .git-link && rm .git-link");
    watched.assert_reported(&[]);
}

#[test]
fn a_project_named_by_a_link_to_it_has_the_paths_in_it() {
    let project = Project::new(&["src/a"]);
    let links = Project::new(&[]);
    links.link(project.path(""), "project");
    let paths = vec![WatchedPath::new(links.path("project/src"))];
    let options = Options { paths, ..project.options() };
    assert_eq!(options.verdict("src/a".as_ref(), Kind::Modified).unwrap(), Verdict::Reported);
    let outside = Options { paths: vec![WatchedPath::new(links.path("elsewhere"))], ..project.options() };
    assert!(matches!(outside.check(), Err(WatchError::Outside { .. })));
}

/// Unmounts at the end.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn what_is_mounted_into_the_project_is_watched() {
    let project = Project::new(&["data/under", "a"]);
    let watched = project.watch();
    let place = project.path("data").canonicalize().unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "none"]).arg(&place).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        println!("passed over: nothing can be mounted here");
        return;
    }
    let mounted = Mounted(place);
    project.write("data/new", "");
    until("it is watched", || crate::support::is_watched(&project.path("data")));
    project.write("data/later", "");
    let reported = watched.reported();
    assert!(reported.contains(&created("data/later")), "{reported:?}");
    drop(mounted);
    until("what was there is watched", || crate::support::is_watched(&project.path("data")));
    project.write("data/under", "another");
    let reported = watched.reported();
    assert!(reported.iter().any(|change| change.path.ends_with("under")), "{reported:?}");
}

#[test]
fn a_watcher_that_has_failed_says_so() {
    let project = Project::new(&["a"]);
    let (send, notices) = mpsc::channel();
    let options = Options { settle: Duration::from_millis(20), ..project.options() };
    let sink = |_| panic!("as a bug would");
    let watcher = Watcher::start(&options, sink, move |notice| drop(send.send(notice))).unwrap();
    assert!(!watcher.has_failed());
    project.write("a", "another");
    assert_eq!(notices.recv_timeout(Duration::from_secs(60)).unwrap(), Notice::Failed);
    until("the end of its thread", || watcher.has_failed());
}
