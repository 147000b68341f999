//! Where git keeps its files, and whether it is in the middle of something.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use crate::Options;

/// The name of git's directory, or of the file that says where it is.
pub(crate) const GIT: &str = ".git";

/// What is in git's directory while it writes: for a moment, unless a git that was killed has left it there.
const LOCK: &str = "index.lock";

/// What is in git's directory from the beginning of an operation to its end. In between it may wait for a person, with conflicts in
/// the files, or with the files of another time.
const OPERATIONS: &[&str] = &[
    "rebase-merge",
    "rebase-apply",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "sequencer",
    "BISECT_LOG",
];

/// Git's directory for a project, that of the worktree if it is one.
fn directory(project: &Path) -> Option<PathBuf> {
    project.ancestors().find_map(directory_at)
}

/// Git's directory for what has its `.git` here: a repository, a worktree or a submodule.
fn directory_at(top: &Path) -> Option<PathBuf> {
    let git = top.join(GIT);
    if fs::metadata(&git).ok()?.is_dir() {
        return Some(git);
    }
    let link = fs::read_to_string(&git).ok()?;
    Some(top.join(link.strip_prefix("gitdir:")?.trim()))
}

/// The directories of the repository above the project, the topmost first.
pub(crate) fn directories_above(project: &Path) -> Vec<PathBuf> {
    let is_top = |directory: &&Path| directory.join(GIT).exists();
    let Some(top) = project.ancestors().find(is_top) else { return Vec::new() };
    let mut above: Vec<_> =
        project.ancestors().skip(1).take_while(|path| path.starts_with(top)).map(Path::to_owned).collect();
    above.reverse();
    above
}

/// The directory that the patterns in `.git/info/exclude` are relative to, and that file. It need not be there.
pub(crate) fn exclude_file(project: &Path) -> Option<(PathBuf, PathBuf)> {
    let git = directory(project)?;
    // A worktree shares it with the repository.
    let common = match fs::read_to_string(git.join("commondir")) {
        Ok(common) => git.join(common.trim()),
        Err(_) => git,
    };
    let top = project.ancestors().find(|directory| directory.join(GIT).exists())?;
    Some((top.to_owned(), common.join("info/exclude")))
}

/// Holds changes back while git is in the middle of something, for a bounded time.
pub(crate) struct Hold {
    project: PathBuf,
    lock_wait: Duration,
    operation_wait: Duration,
    /// Git's directory for the project.
    git: Option<PathBuf>,
    /// What was there when this was last asked.
    seen: HashMap<PathBuf, Seen>,
}

/// Since when changes wait for something.
struct Seen {
    since: Instant,
    at: SystemTime,
    /// It was waited for long enough.
    is_over: bool,
}

/// Whether changes may be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// Not while this is there, for which they have waited since then.
    Wait(PathBuf, SystemTime),
    /// This has been there for too long.
    Over(PathBuf),
}

impl Hold {
    pub(crate) fn new(options: &Options, project: PathBuf) -> Self {
        Self {
            git: directory(&project),
            project,
            lock_wait: options.git_wait,
            operation_wait: options.git_operation_wait,
            seen: HashMap::new(),
        }
    }

    /// Asks whether changes that are ready may be told. `nested` are the directories in the project with a `.git` of their own.
    pub(crate) fn ask(&mut self, nested: &BTreeSet<PathBuf>) -> Verdict {
        let there = self.markers(nested);
        self.seen.retain(|marker, _| there.iter().any(|(other, _)| other == marker));
        let (mut waits, mut over) = (None, None);
        for (marker, limit) in there {
            let new = || Seen { since: Instant::now(), at: SystemTime::now(), is_over: false };
            let seen = self.seen.entry(marker.clone()).or_insert_with(new);
            let is_over =
                seen.since.elapsed() >= limit.waited || limit.age.is_some_and(|age| is_older(&marker, age));
            if !is_over {
                waits.get_or_insert((marker, seen.at));
            } else if !std::mem::replace(&mut seen.is_over, true) {
                over.get_or_insert(marker);
            }
        }
        match (waits, over) {
            (Some((marker, since)), _) => Verdict::Wait(marker, since),
            (None, Some(marker)) => Verdict::Over(marker),
            (None, None) => Verdict::Go,
        }
    }

    /// What says that git is in the middle of something, and how long it counts.
    fn markers(&mut self, nested: &BTreeSet<PathBuf>) -> Vec<(PathBuf, Limit)> {
        if !self.git.as_ref().is_some_and(|git| git.exists()) {
            // The project may have become a repository, or be one no longer.
            self.git = directory(&self.project);
        }
        let lock = Limit { waited: self.lock_wait, age: None };
        let operation = Limit { waited: self.operation_wait, age: Some(self.operation_wait) };
        let names: Vec<_> =
            std::iter::once((LOCK, lock)).chain(OPERATIONS.iter().map(|name| (*name, operation))).collect();
        let all = self.git.iter().cloned().chain(nested.iter().filter_map(|top| directory_at(top)));
        let markers = all.flat_map(|git| names.iter().map(move |(name, limit)| (git.join(name), *limit)));
        markers.filter(|(marker, _)| marker.exists()).collect()
    }
}

/// How long changes wait for something.
#[derive(Clone, Copy)]
struct Limit {
    waited: Duration,
    /// What has not changed for longer was forgotten, and nobody is in the middle of it.
    age: Option<Duration>,
}

fn is_older(marker: &Path, age: Duration) -> bool {
    let modified = fs::metadata(marker).and_then(|metadata| metadata.modified()).ok();
    modified.and_then(|modified| modified.elapsed().ok()).is_some_and(|since| since >= age)
}
