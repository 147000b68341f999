//! Adds the directories that count to those that the system watches.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ffi::OsStr,
    fs::DirEntry,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirEntryExt, MetadataExt},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc::channel},
    thread,
    time::SystemTime,
};

use crate::{
    Notice,
    directories::Directory,
    list::{Entry, Listing, entry, list},
    rules::{Rules, Scope},
    source::Exhausted,
    stamp::{Stamp, has_changed_since},
    state::State,
};

/// Number of directories from which on it pays to list them in several threads.
const PARALLEL_FROM: usize = 64;

/// Number of parts in which many directories are watched and listed. Each costs two switches between threads, so they are not small.
const PARTS: usize = 40;

/// Maximum number of files looked at before the start is over; that takes some 50 ms.
const AT_ONCE: usize = 10_000;

/// A directory that is about to be watched.
type Candidate = (PathBuf, Arc<Rules>);

impl State {
    /// Watches the project for the first time. All there is counts as reported, but for what has changed since an earlier
    /// watcher was at its end: that is marked. Returns true if all files were looked at; where there are many, that is left for later.
    pub(crate) fn watch_first(&mut self) -> bool {
        self.is_first = true;
        self.watch_project();
        self.is_first = false;
        let are_few =
            self.directories.values().map(|directory| directory.files.len()).sum::<usize>() <= AT_ONCE;
        if are_few {
            self.look_at_listed(true);
        }
        are_few
    }

    /// Looks at the files that were only listed so far. In a large tree that takes longer than all else, so it is done when
    /// everything is watched already. Those that may have changed since are left, as events point at them; but before the start is
    /// over, all are taken as they are.
    pub(crate) fn look_at_listed(&mut self, is_start: bool) {
        let is_listed = |directory: &Directory| directory.files.values().any(|stamp| !stamp.is_known);
        let mut listed: Vec<_> =
            self.directories.iter_mut().filter(|(_, directory)| is_listed(directory)).collect();
        let threads = threads();
        let share = listed.len().div_ceil(threads).max(PARALLEL_FROM);
        let since = self.since;
        let look = |part: &mut [(&Path, &mut Directory)]| -> Vec<PathBuf> {
            let looks =
                part.iter_mut().map(|(path, directory)| look_at_files(path, directory, is_start, since));
            looks.flatten().collect()
        };
        let changed: Vec<PathBuf> = thread::scope(|scope| {
            // Where no thread can be had, they stay as they are: listed.
            let threads: Vec<_> = listed
                .chunks_mut(share)
                .filter_map(|part| thread::Builder::new().spawn_scoped(scope, move || look(part)).ok())
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
        });
        for path in changed {
            if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
                self.dirty.name(parent, name, false);
            }
        }
    }

    /// Watches the project. All in it is marked.
    pub(crate) fn watch_project(&mut self) {
        let top = self.scope.top();
        self.add_watches(&self.scope.project.clone(), top);
    }

    /// Restarts the watching, keeping what was reported. Everything is marked.
    pub(crate) fn restart(&mut self) {
        self.must_restart = false;
        for directory in self.directories.values_mut() {
            directory.is_watched = false;
        }
        if self.source.is_some() {
            // The old one goes first, with its watches: there may be no room for both.
            self.source = None;
            self.open_source();
        }
        self.mark_all(true);
        // They were there before.
        self.arrived.clear();
    }

    /// Opens the system's notifications, or falls back to polling.
    pub(crate) fn open_source(&mut self) {
        match (self.make_source)() {
            Ok(source) => self.source = Some(source),
            Err(why) => self.fall_back(why),
        }
    }

    /// Watches a directory and all below it that count and are not watched yet. They are marked, and handed back.
    pub(crate) fn add_watches(&mut self, path: &Path, rules: Arc<Rules>) -> Vec<PathBuf> {
        let mut added = Vec::new();
        let mut level: Vec<Candidate> = vec![(path.to_owned(), rules)];
        while !level.is_empty() {
            let (surveys, mut refused) = self.watch_and_survey(&level);
            level = Vec::new();
            for mut survey in surveys {
                survey.refused = survey.refused.or_else(|| refused.remove(&survey.path));
                if let Some(path) = self.enroll(survey, &mut level) {
                    added.push(path);
                }
            }
        }
        added
    }

    /// Watches many directories and lists them, each watched first and listed then: what comes in between is seen twice, never not at
    /// all. While the system takes the next ones, other threads list those that are watched already. Returns what cannot be watched as
    /// well, and why.
    fn watch_and_survey(&mut self, level: &[Candidate]) -> (Vec<Survey>, HashMap<PathBuf, String>) {
        if self.source.is_some() && self.directories.len() + level.len() > self.max_watches {
            let why = format!("more than {} directories are to be watched", self.max_watches);
            self.fall_back(Exhausted(why));
        }
        let with_files = self.is_first;
        let (scope, source, mut refused) = (&self.scope, &mut self.source, HashMap::new());
        let mut exhausted = None;
        let mut watch = |part: &[Candidate]| {
            let Some(watching) = source else { return };
            match watching.watch(part.iter().map(|(path, _)| path)) {
                Ok(more) => refused.extend(more),
                Err(why) => (*source, exhausted) = (None, Some(why)),
            }
        };
        let survey = |(path, rules): &Candidate| survey(scope, path, Arc::clone(rules), with_files);
        let surveys = if threads() == 1 || level.len() < PARALLEL_FROM {
            watch(level);
            level.iter().map(survey).collect()
        } else {
            survey_behind(level, watch, survey)
        };
        if let Some(why) = exhausted {
            self.fall_back(why);
            // It is not said of single ones if none is watched any more.
            refused.clear();
        }
        (surveys, refused)
    }

    fn fall_back(&mut self, Exhausted(why): Exhausted) {
        self.source = None;
        self.notices.push(Notice::FellBackToPolling { why });
    }

    /// Takes in a directory that is watched by now, and adds those in it that are to be watched next. `None` if it is gone, or cannot
    /// be watched.
    fn enroll(&mut self, survey: Survey, next: &mut Vec<Candidate>) -> Option<PathBuf> {
        let Survey { path, rules, gitignore, files, directories, is_repository, refused } = survey;
        let Some(rules) = rules else {
            self.forget(&path);
            if let Some(source) = &mut self.source {
                source.unwatch(vec![path]);
            }
            return None;
        };
        match refused {
            Some(why) if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) => {
                // It stays as it was: not watched, so that it is tried again.
                self.note_unreadable(path, why);
                return None;
            }
            Some(_) => return None,
            None => self.note_readable(&path),
        }
        self.note_ignore_file_of(&path, &rules);
        let is_watched =
            |path: &Path| self.directories.get(path).is_some_and(|directory| directory.is_watched);
        next.extend(directories.into_iter().filter(|(child, _)| !is_watched(child)));
        if !self.is_first {
            self.dirty.all(&path);
            self.arrived.insert(path.clone());
        }
        if is_repository {
            self.repositories.insert(path.clone());
        }
        if let Some(known) = self.directories.get_mut(&path) {
            // Its ignore file is compared with that of before at the next look.
            known.is_watched = true;
            known.rules = rules;
            return Some(path);
        }
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name())
            && let Some(parent) = self.directories.get_mut(parent)
        {
            parent.directories.insert(name.into());
        }
        let directory = Directory { rules, is_watched: true, gitignore, files, directories: BTreeSet::new() };
        self.directories.insert(path.clone(), directory);
        Some(path)
    }
}

/// Facts about a directory that is about to be watched.
struct Survey {
    path: PathBuf,
    /// `None` if nothing in it counts, as its listing has shown.
    rules: Option<Arc<Rules>>,
    gitignore: Option<Stamp>,
    /// The files that count, if they were asked for.
    files: BTreeMap<Box<OsStr>, Stamp>,
    /// The directories that count.
    directories: Vec<Candidate>,
    is_repository: bool,
    /// The reason for which it cannot be watched.
    refused: Option<String>,
}

impl Survey {
    fn of_nothing(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            rules: None,
            gitignore: None,
            files: BTreeMap::new(),
            directories: Vec::new(),
            is_repository: false,
            refused: None,
        }
    }
}

/// Lists many directories, in several threads, each after `watch` has had it.
fn survey_behind(
    level: &[Candidate],
    mut watch: impl FnMut(&[Candidate]),
    survey: impl Fn(&Candidate) -> Survey + Sync,
) -> Vec<Survey> {
    // Several parts, taken in turn: some directories have more in them than others.
    let (sender, parts) = channel::<&[Candidate]>();
    let parts = Mutex::new(parts);
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    let work = || std::iter::from_fn(next).flatten().map(&survey).collect();
    thread::scope(|scope| {
        // Where no thread can be had, this one does it all.
        let others: Vec<_> =
            (1..threads()).filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        for part in level.chunks((level.len() / PARTS).max(PARALLEL_FROM / 2)) {
            watch(part);
            // It is received as long as this function runs.
            let _ = sender.send(part);
        }
        drop(sender);
        let mut surveys: Vec<Survey> = work();
        surveys.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        surveys
    })
}

fn survey(scope: &Scope, path: &Path, rules: Arc<Rules>, with_files: bool) -> Survey {
    let (listing, refused) = match list(path) {
        Ok(listing) => (listing, None),
        Err(error) => (Listing::default(), Some(error.to_string())),
    };
    // Those of the project's directory know its ignore file already.
    let has_own = listing.gitignore.is_some() && path != scope.project;
    let rules = if has_own { scope.with_gitignore(rules, path) } else { rules };
    let is_apart = listing.is_linked && scope.is_other_work_tree(path);
    let rules = if is_apart { scope.by_name(rules, path) } else { Some(rules) };
    let Some(rules) = rules else { return Survey::of_nothing(path) };
    let children = listing.directories.iter().map(|name| path.join(name));
    let directories = children.filter_map(|child| Some((scope.enter(&rules, &child)?, child)));
    let directories = directories.map(|(rules, child)| (child, rules)).collect();
    let files = if with_files { files(scope, &rules, path, &listing.files) } else { BTreeMap::new() };
    Survey {
        path: path.to_owned(),
        rules: Some(rules),
        gitignore: listing.gitignore.as_ref().map(Stamp::of),
        files,
        directories,
        is_repository: listing.is_repository,
        refused,
    }
}

/// The files that count, as listed.
fn files(scope: &Scope, rules: &Rules, path: &Path, listed: &[DirEntry]) -> BTreeMap<Box<OsStr>, Stamp> {
    let now = SystemTime::now();
    // One buffer for the paths of all.
    let mut file = path.join("").into_os_string().into_encoded_bytes();
    let in_it = file.len();
    let visible = listed.iter().filter_map(|entry| {
        let name = entry.file_name();
        file.truncate(in_it);
        file.extend_from_slice(name.as_bytes());
        let is_visible = scope.is_visible(rules, Path::new(OsStr::from_bytes(&file)));
        is_visible.then(|| (name.into_boxed_os_str(), Stamp::listed(entry.ino(), now)))
    });
    // All at once: it is sorted once.
    visible.collect()
}

/// Looks at the files that were only listed, and returns those that have changed since an earlier watcher reported them.
fn look_at_files(
    path: &Path,
    directory: &mut Directory,
    is_start: bool,
    since: Option<SystemTime>,
) -> Vec<PathBuf> {
    let mut file = path.join("x");
    let mut changed = Vec::new();
    for (name, stamp) in directory.files.iter_mut().filter(|(_, stamp)| !stamp.is_known) {
        file.set_file_name(name);
        let Entry::File(metadata) = entry(&file) else { continue };
        if let Some(since) = since.filter(|&since| has_changed_since(&metadata, since)) {
            // As it was then: so the next look reports it.
            *stamp = Stamp::listed(metadata.ino(), since);
            changed.push((name.clone(), Stamp::of(&metadata).is_made_since(since)));
            continue;
        }
        let looked_at = if is_start { Some(Stamp::of(&metadata)) } else { stamp.looked_at(&metadata) };
        *stamp = looked_at.unwrap_or(*stamp);
    }
    for (name, _) in changed.iter().filter(|(_, is_new)| *is_new) {
        directory.files.remove(name);
    }
    changed.into_iter().map(|(name, _)| path.join(&*name)).collect()
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(4)
}
