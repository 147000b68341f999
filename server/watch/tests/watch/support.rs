//! Tools of the tests: a project, its watcher, and a fence that says when all before it has been reported.

use std::{
    cell::Cell,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant, SystemTime},
};

use aiwg_watch::{Change, ChangeSet, Kind, Notice, Options, Watcher};
use tempfile::TempDir;

/// No test waits as long for one thing, on the slowest machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Long enough for a few system calls in a row on a busy machine.
const SETTLE: Duration = Duration::from_millis(200);

/// A temporary project.
pub(crate) struct Project {
    dir: TempDir,
}

impl Project {
    /// A project with these files, each with its path as content.
    pub(crate) fn new(files: &[&str]) -> Self {
        let project = Self { dir: tempfile::tempdir().unwrap() };
        for file in files {
            project.write(file, file);
        }
        project
    }

    /// A project in memory where there is a file system for it: for so many files that a disk would be what is tested.
    pub(crate) fn in_memory() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self { dir: dir.unwrap() }
    }

    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file in place, with the directories it needs.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Writes a file at once, as no look can find it half written: a poll between the emptying and the writing is a change of its own.
    pub(crate) fn replace(&self, path: impl AsRef<Path>, content: &str) {
        let outside = tempfile::NamedTempFile::new_in(self.dir.path().parent().unwrap()).unwrap();
        fs::write(&outside, content).unwrap();
        outside.persist(self.path(path)).unwrap();
    }

    pub(crate) fn mkdir(&self, path: &str) {
        fs::create_dir_all(self.path(path)).unwrap();
    }

    pub(crate) fn remove(&self, path: impl AsRef<Path>) {
        let path = self.path(path);
        if path.symlink_metadata().unwrap().is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }

    pub(crate) fn rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(crate) fn link(&self, target: impl AsRef<Path>, link: &str) {
        std::os::unix::fs::symlink(target, self.path(link)).unwrap();
    }

    /// Runs a shell command in the project.
    pub(crate) fn sh(&self, command: &str) {
        let status = Command::new("sh").args(["-ec", command]).current_dir(self.dir.path()).status().unwrap();
        assert!(status.success(), "{command}");
    }

    /// Waits until the file system's clock shows later than now: what is changed from then on is later than what was before.
    pub(crate) fn let_a_tick_pass(&self) {
        let now = SystemTime::now();
        until("a tick has passed", || now.elapsed().is_ok_and(|elapsed| elapsed > Duration::from_millis(25)));
    }

    pub(crate) fn options(&self) -> Options {
        Options { settle: SETTLE, ..Options::new(self.dir.path()) }
    }

    pub(crate) fn watch(&self) -> Watched<'_> {
        self.watch_with(self.options())
    }

    pub(crate) fn watch_with(&self, options: Options) -> Watched<'_> {
        let (send_batch, change_sets) = mpsc::channel();
        let (send_notice, notices) = mpsc::channel();
        let watcher = Watcher::start(
            &options,
            move |change_set| drop(send_batch.send(change_set)),
            move |notice| drop(send_notice.send(notice)),
        );
        Watched { project: self, watcher: watcher.unwrap(), change_sets, notices, fences: Cell::default() }
    }
}

/// A project that is being watched.
pub(crate) struct Watched<'a> {
    project: &'a Project,
    pub(crate) watcher: Watcher,
    pub(crate) change_sets: Receiver<ChangeSet>,
    pub(crate) notices: Receiver<Notice>,
    fences: Cell<usize>,
}

impl Watched<'_> {
    /// All that is reported until now. A file is made and waited for: what was reported before or with it is all there was.
    pub(crate) fn reported(&self) -> Vec<Change> {
        self.reported_with_fence_in("")
    }

    /// For when only a part of the project is watched.
    pub(crate) fn reported_with_fence_in(&self, directory: &str) -> Vec<Change> {
        self.fences.set(self.fences.get() + 1);
        let fence = PathBuf::from(directory).join(format!("fence-{}.fence", self.fences.get()));
        fs::write(self.project.path(&fence), "").unwrap();
        let mut reported = Vec::new();
        loop {
            reported.extend(self.change_set().changes);
            if reported.iter().any(|change| change.path == fence) {
                reported
                    .retain(|change| change.path.extension().is_none_or(|extension| extension != "fence"));
                return reported;
            }
        }
    }

    /// The next change set.
    pub(crate) fn change_set(&self) -> ChangeSet {
        self.change_sets.recv_timeout(DEADLINE).unwrap()
    }

    /// Checks that nothing is reported for some time. For what must be held back only: it waits that long.
    pub(crate) fn is_silent_for(&self, time: Duration) -> bool {
        matches!(self.change_sets.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    /// Waits for a notice.
    pub(crate) fn notice(&self, is_it: impl Fn(&Notice) -> bool) -> Notice {
        loop {
            let notice = self.notices.recv_timeout(DEADLINE).unwrap();
            if is_it(&notice) {
                return notice;
            }
        }
    }

    /// Asserts what is reported until now: nothing less, nothing more, each once.
    #[track_caller]
    pub(crate) fn assert_reported(&self, expected: &[Change]) {
        assert_same(self.reported(), expected);
    }
}

#[track_caller]
pub(crate) fn assert_same(mut reported: Vec<Change>, expected: &[Change]) {
    let mut expected = expected.to_vec();
    expected.sort();
    reported.sort();
    assert_eq!(reported, expected);
}

/// Waits until something is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// True if this process watches a directory, by the kernel's word.
pub(crate) fn is_watched(path: &Path) -> bool {
    let inode = format!(" ino:{:x} ", fs::metadata(path).unwrap().ino());
    watches().iter().any(|watch| watch.contains(&inode))
}

/// All that this process watches.
pub(crate) fn watches() -> Vec<String> {
    let infos = fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let texts = infos.filter_map(|info| fs::read_to_string(info.path()).ok());
    let lines = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.starts_with("inotify")).collect()
}

fn change(kind: Kind, path: impl Into<PathBuf>) -> Change {
    Change { path: path.into(), kind, from: None }
}

pub(crate) fn created(path: impl Into<PathBuf>) -> Change {
    change(Kind::Created, path)
}

pub(crate) fn modified(path: impl Into<PathBuf>) -> Change {
    change(Kind::Modified, path)
}

pub(crate) fn deleted(path: impl Into<PathBuf>) -> Change {
    change(Kind::Deleted, path)
}

pub(crate) fn renamed(from: impl Into<PathBuf>, path: impl Into<PathBuf>) -> Change {
    Change { from: Some(from.into()), ..change(Kind::Renamed, path) }
}
