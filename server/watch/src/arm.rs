//! Having directories watched.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Notice,
    list::{Listing, is_gone, list},
    rules::{Rules, Scope},
    source::Exhausted,
    stamp::Stamp,
    state::{Directory, State},
};

/// A directory that is about to be watched.
type Candidate = (PathBuf, Arc<Rules>);

impl State {
    /// Watches the project, whatever is known of it. All there is counts as told already.
    pub(crate) fn arm_first(&mut self) {
        self.arm_project();
        for path in self.dirty.paths() {
            let Some(directory) = self.directories.get_mut(&path) else { continue };
            if let Ok(listing) = list(&path) {
                directory.files = files(&self.scope, directory, &path, &listing);
            }
        }
        self.dirty.clear();
    }

    /// Watches the project. All in it is marked.
    pub(crate) fn arm_project(&mut self) {
        let top = self.scope.top();
        self.arm(&self.scope.project.clone(), top);
    }

    /// Starts over with watching, keeping what was told. Everything is marked.
    pub(crate) fn restart(&mut self) {
        self.must_restart = false;
        for directory in self.directories.values_mut() {
            directory.is_armed = false;
        }
        if self.source.is_some() {
            // The old one goes first, with its watches: there may be no room for both.
            self.source = None;
            self.open_source();
        }
        self.mark_all(true);
    }

    /// Has the system watch, or falls back to polling.
    pub(crate) fn open_source(&mut self) {
        match (self.make_source)() {
            Ok(source) => self.source = Some(source),
            Err(why) => self.fall_back(why),
        }
    }

    /// Watches a directory and all below it that count and are not watched yet. They are marked, and handed back.
    pub(crate) fn arm(&mut self, path: &Path, rules: Arc<Rules>) -> Vec<PathBuf> {
        let mut armed = Vec::new();
        let mut level: Vec<Candidate> = vec![(path.to_owned(), rules)];
        while !level.is_empty() {
            // Watched first and listed then: what comes in between is seen twice, never not at all.
            self.watch(&level);
            let mut next = Vec::new();
            for (path, rules) in level {
                if self.enroll(&path, rules, &mut next) {
                    armed.push(path);
                }
            }
            level = next;
        }
        armed
    }

    fn watch(&mut self, level: &[Candidate]) {
        let Some(source) = &mut self.source else { return };
        if self.directories.len() + level.len() > self.max_watches {
            let why = format!("more than {} directories are to be watched", self.max_watches);
            return self.fall_back(Exhausted(why));
        }
        match source.watch(level.iter().map(|(path, _)| path)) {
            Ok(refused) => {
                for (path, why) in refused {
                    self.note_unreadable(path, why);
                }
            }
            Err(why) => self.fall_back(why),
        }
    }

    fn fall_back(&mut self, Exhausted(why): Exhausted) {
        self.source = None;
        self.notices.push(Notice::FellBackToPolling { why });
    }

    /// Takes in a directory that is watched by now, and finds those in it that are to be watched next. False if it is gone.
    fn enroll(&mut self, path: &Path, rules: Arc<Rules>, next: &mut Vec<Candidate>) -> bool {
        let listing = match list(path) {
            Ok(listing) => listing,
            Err(error) if is_gone(&error) => return false,
            Err(error) => {
                self.note_unreadable(path.to_owned(), error.to_string());
                Listing { files: Vec::new(), directories: Vec::new(), gitignore: None }
            }
        };
        let is_top = path == self.scope.project;
        let rules = if listing.gitignore.is_some() && !is_top {
            self.scope.with_gitignore(rules, path)
        } else {
            rules
        };
        for name in &listing.directories {
            let child = path.join(name);
            if !self.directories.get(&child).is_some_and(|child| child.is_armed)
                && let Some(rules) = self.scope.enter(&rules, &child)
            {
                next.push((child, rules));
            }
        }
        self.insert(path, rules, listing.gitignore);
        self.dirty.all(path);
        true
    }

    fn insert(&mut self, path: &Path, rules: Arc<Rules>, gitignore: Option<Stamp>) {
        if let Some(known) = self.directories.get_mut(path) {
            // Its ignore file is compared with that of before at the next look.
            known.is_armed = true;
            known.rules = rules;
            return;
        }
        let directory = Directory {
            rules,
            is_armed: true,
            gitignore,
            files: BTreeMap::new(),
            directories: BTreeSet::new(),
        };
        self.directories.insert(path.to_owned(), directory);
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name())
            && let Some(parent) = self.directories.get_mut(parent)
        {
            parent.directories.insert(name.into());
        }
    }

    pub(crate) fn note_unreadable(&mut self, path: PathBuf, why: String) {
        if self.unreadable.insert(path.clone()) {
            self.notices.push(Notice::Unreadable { path, why });
        }
    }
}

/// The stamps of the files that count.
fn files(scope: &Scope, directory: &Directory, path: &Path, listing: &Listing) -> BTreeMap<Box<std::ffi::OsStr>, Stamp> {
    let visible = listing.files.iter().filter(|entry| scope.is_visible(&directory.rules, &path.join(entry.file_name())));
    let stamp = |entry: &std::fs::DirEntry| -> io::Result<_> {
        Ok((entry.file_name().into_boxed_os_str(), Stamp::of(&entry.metadata()?)))
    };
    visible.filter_map(|entry| stamp(entry).ok()).collect()
}
