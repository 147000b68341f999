//! Holds changes back during an operation of git.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    Options,
    contents::{Conflicts, Contents},
    git::{self, LOCK, Repository},
};

/// Files and directories in git's directory from the beginning of an operation to its end; true for a directory. In
/// between git may wait for a person, with conflicts in the files, or with the files of another time.
const OPERATIONS: &[(&str, bool)] = &[
    ("rebase-merge", true),
    ("rebase-apply", true),
    ("MERGE_HEAD", false),
    ("CHERRY_PICK_HEAD", false),
    ("REVERT_HEAD", false),
    ("sequencer", true),
    ("BISECT_LOG", false),
];

/// Holds changes back during an operation of git, for a bounded time.
pub(crate) struct GitHold {
    project: PathBuf,
    lock_wait: Duration,
    operation_wait: Duration,
    /// The one that the project lies in.
    repository: Option<Repository>,
    /// The marks that were there at the last look.
    seen: HashMap<Mark, Seen>,
}

/// A sign of an operation of git. The next operation has another of the same path: it was made at another time, or other
/// files have conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Mark {
    path: PathBuf,
    identity: (u64, u64, u128),
}

/// The time since when changes wait for a mark.
struct Seen {
    since: Instant,
    at: SystemTime,
    /// True if the wait for it has reached its limit.
    is_over: bool,
}

/// The reason why changes are held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeldBack {
    /// The file or directory that is the sign of an operation of git, absolute.
    pub(crate) marker: PathBuf,
    /// The time since when changes wait for it.
    pub(crate) since: SystemTime,
    /// True if it is an operation that may wait for a person, rather than a lock that is there for a moment.
    pub(crate) is_operation: bool,
}

/// Answer to the question of whether changes may be reported.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Go,
    /// Not while this is there.
    Wait(HeldBack),
    /// This has been there for too long.
    Over(PathBuf),
}

impl GitHold {
    pub(crate) fn new(options: &Options, project: PathBuf) -> Self {
        Self {
            repository: Repository::around(&project),
            project,
            lock_wait: options.git_wait,
            operation_wait: options.git_operation_wait,
            seen: HashMap::new(),
        }
    }

    /// The repository around the project, and those of the directories in it with a `.git` of their own.
    pub(crate) fn repositories(&mut self, nested: &BTreeSet<PathBuf>) -> Vec<Repository> {
        if !self.repository.as_ref().is_some_and(|repository| repository.git.exists()) {
            // The project may have become a part of one, or be none any longer.
            self.repository = Repository::around(&self.project);
        }
        let nested = nested.iter().filter(|top| self.repository.as_ref().is_none_or(|own| own.top != **top));
        let nested =
            nested.filter_map(|top| Some(Repository { git: git::directory_at(top)?, top: top.clone() }));
        self.repository.iter().cloned().chain(nested).collect()
    }

    /// Asks whether changes that are ready may be reported.
    pub(crate) fn ask(&mut self, repositories: &[Repository], contents: &mut Contents) -> Answer {
        let there: Vec<_> =
            repositories.iter().flat_map(|repository| self.marks(repository, contents)).collect();
        self.seen.retain(|mark, _| there.iter().any(|(other, _)| other == mark));
        let (mut waits, mut over) = (None, None);
        for (mark, limit) in there {
            let new = || Seen { since: Instant::now(), at: SystemTime::now(), is_over: false };
            let seen = self.seen.entry(mark.clone()).or_insert_with(new);
            let is_over = seen.since.elapsed() >= limit.waited || limit.is_forgotten();
            if !is_over {
                waits.get_or_insert(HeldBack {
                    marker: mark.path,
                    since: seen.at,
                    is_operation: limit.changed_at.is_some(),
                });
            } else if !std::mem::replace(&mut seen.is_over, true) {
                over.get_or_insert(mark.path);
            }
        }
        match (waits, over) {
            (Some(held_back), _) => Answer::Wait(held_back),
            (None, Some(marker)) => Answer::Over(marker),
            (None, None) => Answer::Go,
        }
    }

    /// The marks of operations under way, each with the limit of the wait for it.
    fn marks(&self, repository: &Repository, contents: &mut Contents) -> Vec<(Mark, Limit)> {
        let git = &repository.git;
        let limit = Limit { waited: self.lock_wait, changed_at: None };
        let lock = mark(git.join(LOCK), false).map(|(mark, _)| (mark, limit));
        let is_locked = lock.is_some();
        let of_operation = |changed_at| Limit { waited: self.operation_wait, changed_at: Some(changed_at) };
        let operations = OPERATIONS.iter().filter_map(|&(name, is_dir)| {
            let (mark, metadata) = mark(git.join(name), is_dir)?;
            Some((mark, of_operation(changed_at(&metadata))))
        });
        let mut marks: Vec<_> = lock.into_iter().chain(operations).collect();
        // While it is being written it says nothing yet.
        if !is_locked && let Some(Conflicts { index, digest, written_at }) = contents.conflicts(repository) {
            let mark = Mark { path: index, identity: (digest, 0, 0) };
            marks.push((mark, of_operation(written_at)));
        }
        marks
    }
}

/// Limit of the wait for something.
#[derive(Clone, Copy)]
struct Limit {
    waited: Duration,
    /// For an operation: when something last happened in it. One in which nothing has for as long was forgotten, and nobody works
    /// on it.
    changed_at: Option<SystemTime>,
}

impl Limit {
    fn is_forgotten(&self) -> bool {
        let age = self.changed_at.and_then(|changed_at| changed_at.elapsed().ok());
        age.is_some_and(|age| age >= self.waited)
    }
}

/// The mark at a path, if it is what git makes: a planted link, pipe or device is no operation.
fn mark(path: PathBuf, is_dir: bool) -> Option<(Mark, Metadata)> {
    let metadata = fs::symlink_metadata(&path).ok()?;
    let is_of_git = if is_dir { metadata.is_dir() } else { metadata.is_file() };
    // Where the system does not know when it was made, whatever happens to it makes it another: then it is waited for longer.
    let born = metadata.created().ok().or_else(|| changed(&metadata)).unwrap_or(UNIX_EPOCH);
    let born = born.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let identity = (metadata.dev(), metadata.ino(), born);
    is_of_git.then_some((Mark { path, identity }, metadata))
}

/// Time of the last change of something. The time of modification can be set to any time, the other one not beyond now.
fn changed_at(metadata: &Metadata) -> SystemTime {
    let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
    changed(metadata).map_or(modified, |changed| modified.min(changed))
}

fn changed(metadata: &Metadata) -> Option<SystemTime> {
    let since_1970 =
        Duration::new(u64::try_from(metadata.ctime()).ok()?, u32::try_from(metadata.ctime_nsec()).ok()?);
    UNIX_EPOCH.checked_add(since_1970)
}
