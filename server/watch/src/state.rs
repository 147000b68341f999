//! State of the watching: what is watched, and what has been reported of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use crate::{
    Notice, Sizes,
    contents::Contents,
    directories::Directories,
    dirty::Dirty,
    git::GIT,
    hint::Hint,
    ignore_file::GITIGNORE,
    list::{Entry, entry},
    mounts::Mounts,
    rules::Scope,
    source::{Exhausted, Source},
};

/// Makes a source of events, or says why there can be none.
pub(crate) type MakeSource = Box<dyn Fn() -> Result<Source, Exhausted> + Send>;

/// State of the watching: what is watched, and what has been reported of it.
pub(crate) struct State {
    pub(crate) scope: Scope,
    pub(crate) directories: Directories,
    pub(crate) dirty: Dirty,
    /// None while polling.
    pub(crate) source: Option<Source>,
    pub(crate) make_source: MakeSource,
    pub(crate) max_watches: usize,
    /// True if nothing is known yet: all files that are there count as reported.
    pub(crate) is_first: bool,
    /// All watches must be restarted before the next look: events were lost, or the project was replaced.
    pub(crate) must_restart: bool,
    /// Time up to which an earlier watcher has reported changes.
    pub(crate) since: Option<SystemTime>,
    /// The directories in it that have a `.git` of their own: repositories, worktrees, submodules.
    pub(crate) repositories: BTreeSet<PathBuf>,
    /// Git's knowledge of the files' contents.
    pub(crate) contents: Contents,
    /// The directories that have come since changes were last reported.
    pub(crate) arrived: BTreeSet<PathBuf>,
    /// The sizes of the files of the last report, relative to the project.
    pub(crate) sizes: BTreeMap<PathBuf, Sizes>,
    /// Time when changes were last reported.
    pub(crate) reported_at: SystemTime,
    pub(crate) missing: Vec<PathBuf>,
    /// The watched paths that are, or lie behind, symbolic links, and those.
    pub(crate) links: BTreeSet<(PathBuf, PathBuf)>,
    /// File systems that are mounted in the project. `None` before the start.
    pub(crate) mounts: Option<Mounts>,
    pub(crate) unreadable: BTreeSet<PathBuf>,
    /// The ignore files of which not all counts, and why.
    pub(crate) ignore_problems: BTreeMap<PathBuf, String>,
    pub(crate) notices: Vec<Notice>,
}

impl State {
    pub(crate) fn new(scope: Scope, make_source: MakeSource, max_watches: usize) -> Self {
        Self {
            scope,
            directories: Directories::default(),
            dirty: Dirty::default(),
            source: None,
            make_source,
            max_watches,
            is_first: false,
            must_restart: false,
            since: None,
            repositories: BTreeSet::new(),
            contents: Contents::default(),
            arrived: BTreeSet::new(),
            sizes: BTreeMap::new(),
            reported_at: SystemTime::now(),
            missing: Vec::new(),
            links: BTreeSet::new(),
            mounts: None,
            unreadable: BTreeSet::new(),
            ignore_problems: BTreeMap::new(),
            notices: Vec::new(),
        }
    }

    /// Takes a hint. False if it is about nothing that counts.
    pub(crate) fn hint(&mut self, hint: Hint) -> bool {
        match hint {
            Hint::File { path, is_written } => self.mark(&path, is_written),
            Hint::Appeared(path) => self.appeared(&path) | self.mark(&path, false),
            Hint::Vanished(path) if path == self.scope.project => {
                self.must_restart = true;
                true
            }
            Hint::Vanished(path) => {
                // First of all forget the watches: if something is there again, it is something new.
                self.mark_unwatched(&path) | self.appeared(&path) | self.mark(&path, false)
            }
            Hint::Lost => {
                self.notices.push(Notice::Overflow);
                self.must_restart = true;
                true
            }
        }
    }

    /// Marks a path that is not a directory.
    fn mark(&mut self, path: &Path, is_written: bool) -> bool {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return false };
        let Some(directory) = self.directories.get(parent) else { return false };
        if name == GIT {
            self.repositories.insert(parent.to_owned());
            // It may be another work tree.
            self.dirty.all(parent);
        }
        if name == GITIGNORE && self.scope.uses_gitignore {
            let marks = self.dirty.directory(parent);
            marks.all = true;
            marks.names.insert(name.to_owned(), true);
            return true;
        }
        let counts = self.scope.is_visible(&directory.rules, path) || self.unreadable.contains(path);
        if counts {
            self.dirty.name(parent, name, is_written);
        }
        counts
    }

    /// Watches what has come, if it is a directory that counts.
    fn appeared(&mut self, path: &Path) -> bool {
        if self.directories.get(path).is_some_and(|directory| directory.is_watched) {
            self.dirty.all(path);
            return true;
        }
        let Some(parent) = path.parent().and_then(|parent| self.directories.get(parent)) else {
            return false;
        };
        let rules = Arc::clone(&parent.rules);
        if !matches!(entry(path), Entry::Directory) {
            return false;
        }
        let Some(rules) = self.scope.enter(&rules, path) else { return false };
        !self.add_watches(path, rules).is_empty()
    }

    /// Takes note that a directory and all below it is no longer watched.
    pub(crate) fn mark_unwatched(&mut self, path: &Path) -> bool {
        let tree = self.tree(path);
        for path in &tree {
            if let Some(directory) = self.directories.get_mut(path) {
                directory.is_watched = false;
            }
            self.dirty.all(path);
        }
        !tree.is_empty()
    }

    /// The paths of a directory and all known ones below it.
    pub(crate) fn tree(&self, path: &Path) -> Vec<PathBuf> {
        self.directories.tree(path)
    }

    /// Forgets a directory and all below it that no longer counts. Nothing is reported of it.
    pub(crate) fn forget(&mut self, path: &Path) {
        let tree = self.tree(path);
        for path in &tree {
            self.drop_directory(path);
        }
        if let Some(source) = &mut self.source {
            source.unwatch(tree);
        }
    }

    /// Drops a directory that is gone or no longer counts.
    pub(crate) fn drop_directory(&mut self, path: &Path) {
        self.directories.remove(path);
        self.repositories.remove(path);
        if !self.ignore_problems.is_empty() {
            self.note_ignore_file(&path.join(GITIGNORE), None);
        }
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name())
            && let Some(parent) = self.directories.get_mut(parent)
        {
            parent.directories.remove(name);
        }
    }

    /// Marks everything, for a look at all of it. `is_suspect` says that events may have been lost.
    pub(crate) fn mark_all(&mut self, is_suspect: bool) {
        for path in self.directories.paths() {
            let marks = self.dirty.directory(path);
            marks.all = true;
            marks.is_suspect |= is_suspect;
        }
        if !self.directories.get(&self.scope.project).is_some_and(|top| top.is_watched) {
            self.watch_project();
        }
    }

    /// Marks everything, since other files may be ignored anywhere.
    pub(crate) fn renew_all_rules(&mut self) {
        for path in self.directories.paths() {
            let marks = self.dirty.directory(path);
            marks.all = true;
            marks.has_new_rules = true;
        }
    }

    /// Watches what has been mounted or unmounted since this was last asked. False if nothing has.
    pub(crate) fn note_mounts(&mut self) -> bool {
        let changed = self.mounts.as_mut().map(Mounts::changed).unwrap_or_default();
        // In each place there is another directory now.
        let mut any = false;
        for path in changed {
            // The system still watches what was there before, as it is still there, under the mount.
            let tree = self.tree(&path);
            if let Some(source) = &mut self.source {
                source.unwatch(tree);
            }
            any |= self.hint(Hint::Vanished(path));
        }
        any
    }

    /// Compares the watched paths that are not there with those that were not.
    pub(crate) fn note_missing(&mut self) {
        let is_there = |path: &Path| {
            let directory = self.directories.get(path).is_some_and(|directory| directory.is_watched);
            let parent = path.parent().and_then(|parent| self.directories.get(parent));
            let name = path.file_name().unwrap_or_default();
            directory || parent.is_some_and(|parent| parent.files.contains_key(name))
        };
        let roots = self.scope.roots.iter().map(|root| &root.path);
        let missing: Vec<_> = roots.filter(|path| !is_there(path)).cloned().collect();
        let gone = missing.iter().filter(|path| !self.missing.contains(path)).cloned().map(Notice::RootGone);
        let back = self.missing.iter().filter(|path| !missing.contains(path)).cloned().map(Notice::RootBack);
        self.notices.extend(gone.chain(back));
        self.missing = missing;
    }
}
