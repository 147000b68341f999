//! Where git keeps its files, and whether it is in the middle of something.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// What is in git's directory while an operation is under way.
const MARKERS: &[&str] = &[
    "index.lock",
    "rebase-merge",
    "rebase-apply",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "sequencer",
];

/// Git's directory for a project, that of the worktree if it is one.
fn directory(project: &Path) -> Option<PathBuf> {
    project.ancestors().find_map(|directory| {
        let git = directory.join(".git");
        let metadata = fs::metadata(&git).ok()?;
        if metadata.is_dir() {
            return Some(git);
        }
        let link = fs::read_to_string(&git).ok()?;
        Some(directory.join(link.strip_prefix("gitdir:")?.trim()))
    })
}

/// The directories of the repository above the project, the topmost first.
pub(crate) fn directories_above(project: &Path) -> Vec<PathBuf> {
    let is_top = |directory: &&Path| directory.join(".git").exists();
    let Some(top) = project.ancestors().find(is_top) else { return Vec::new() };
    let mut above: Vec<_> =
        project.ancestors().skip(1).take_while(|path| path.starts_with(top)).map(Path::to_owned).collect();
    above.reverse();
    above
}

/// What `.git/info/exclude` ignores.
pub(crate) fn exclude(project: &Path) -> Option<Gitignore> {
    let git = directory(project)?;
    // A worktree shares it with the repository.
    let common = match fs::read_to_string(git.join("commondir")) {
        Ok(common) => git.join(common.trim()),
        Err(_) => git,
    };
    let top = project.ancestors().find(|directory| directory.join(".git").exists())?;
    let mut builder = GitignoreBuilder::new(top);
    drop(builder.add(common.join("info/exclude")));
    builder.build().ok()
}

/// Holds changes back while git is in the middle of something, for a bounded time.
pub(crate) struct Hold {
    project: PathBuf,
    wait: Duration,
    git: Option<PathBuf>,
    /// Since when changes wait.
    since: Option<Instant>,
    /// Those that were waited for long enough, until they are gone.
    given_up: Vec<PathBuf>,
}

/// Whether changes may be told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Go,
    /// Not while this is there.
    Wait(PathBuf),
    /// This has been there for too long.
    Over(PathBuf),
}

impl Hold {
    pub(crate) fn new(project: PathBuf, wait: Duration) -> Self {
        Self { git: directory(&project), project, wait, since: None, given_up: Vec::new() }
    }

    /// Asks whether changes that are ready may be told.
    pub(crate) fn ask(&mut self) -> Verdict {
        self.given_up.retain(|marker| marker.exists());
        let Some(marker) = self.marker() else {
            self.since = None;
            return Verdict::Go;
        };
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() < self.wait {
            return Verdict::Wait(marker);
        }
        self.since = None;
        // All that are there: the next one must not be waited for all over again.
        while let Some(other) = self.marker() {
            self.given_up.push(other);
        }
        Verdict::Over(marker)
    }

    /// Since when changes wait.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    fn marker(&mut self) -> Option<PathBuf> {
        if !self.git.as_ref().is_some_and(|git| git.exists()) {
            // The project may have become a repository, or be one no longer.
            self.git = directory(&self.project);
        }
        let git = self.git.as_ref()?;
        let there = MARKERS.iter().map(|name| git.join(name)).filter(|marker| marker.exists());
        there.into_iter().find(|marker| !self.given_up.contains(marker))
    }
}
