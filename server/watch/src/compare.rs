//! Looks at what is marked, and compares it with what was reported.

use std::{
    collections::{BTreeSet, HashSet},
    ffi::{OsStr, OsString},
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    difference::{Difference, Net},
    dirty::Marks,
    ignore_file::GITIGNORE,
    list::{Entry, Listing, entry, is_gone, list},
    rules::Rules,
    stamp::{Stamp, has_changed_since},
    state::State,
};

/// The directories still to be looked at. The first one is always next, so that a directory comes before those in it: what it
/// finds about their rules holds for them.
type ToDo = BTreeSet<PathBuf>;

impl State {
    /// Looks at all that is marked. The marks stay until [`State::settle`], so a look can be thrown away.
    pub(crate) fn look(&mut self) -> Net {
        if self.must_restart {
            self.restart();
        }
        self.retry_unreadable();
        let mut net = Net::default();
        let mut to_do: ToDo = self.dirty.paths().into_iter().collect();
        while let Some(path) = to_do.pop_first() {
            let Some(mut marks) = self.dirty.get(&path).cloned() else { continue };
            if marks.has_new_rules && !self.renew_rules(&path) {
                self.forget(&path);
                continue;
            }
            if !self.directories.contains(&path) {
                continue;
            }
            if marks.all {
                self.look_at_all(&path, &mut marks, &mut net, &mut to_do);
            } else {
                self.look_at_names(&path, &marks, &mut net, &mut to_do);
            }
        }
        self.add_links_through_changed(&mut net);
        net
    }

    fn look_at_names(&mut self, path: &Path, marks: &Marks, net: &mut Net, to_do: &mut ToDo) {
        for (name, &is_written) in &marks.names {
            let file = path.join(name);
            let after = match entry(&file) {
                Entry::Unknown => continue,
                Entry::File(metadata) if self.is_visible(path, &file) => Some(metadata),
                Entry::Directory => {
                    self.enter(path, name, to_do);
                    None
                }
                Entry::File(_) | Entry::Nothing => None,
            };
            self.compare(path, name, after.as_ref(), is_written, false, net);
        }
    }

    fn look_at_all(&mut self, path: &Path, marks: &mut Marks, net: &mut Net, to_do: &mut ToDo) {
        if !self.is_reachable(path) {
            return self.vanished(path, net, to_do);
        }
        let listing = match list(path) {
            Ok(listing) => listing,
            Err(error) if is_gone(&error) => return self.vanished(path, net, to_do),
            Err(error) => return self.note_unreadable(path.to_owned(), error.to_string()),
        };
        self.note_readable(path);
        if listing.is_repository {
            self.repositories.insert(path.to_owned());
        }
        let has_new_gitignore = self.has_new_gitignore(path, marks, &listing);
        if listing.is_linked && self.scope.is_other_work_tree(path) && !self.renew_rules(path) {
            return self.forget(path);
        }
        if has_new_gitignore {
            self.renew_rules(path);
            marks.has_new_rules = true;
            self.dirty.directory(path).has_new_rules = true;
        }
        self.compare_directories(path, marks, &listing, to_do);
        self.compare_files(path, marks, &listing, net);
    }

    /// True if the way to a directory is as it was. If one above it was replaced by a symbolic link, something else is there now.
    fn is_reachable(&self, path: &Path) -> bool {
        let is_watched =
            |path: &Path| self.directories.get(path).is_some_and(|directory| directory.is_watched);
        is_watched(path) || path.parent().is_none_or(is_watched) || path == self.scope.project
    }

    /// A directory is gone, with all that was in it.
    fn vanished(&mut self, path: &Path, net: &mut Net, to_do: &mut ToDo) {
        self.mark_unwatched(path);
        to_do.extend(self.tree(path).into_iter().filter(|other| other != path));
        let Some(directory) = self.directories.get(path) else { return };
        for (name, &stamp) in &directory.files {
            net.differences.push(Difference {
                path: path.join(&**name),
                before: Some(stamp),
                after: None,
                is_change: true,
            });
        }
        net.gone.push(path.to_owned());
    }

    fn compare_directories(&mut self, path: &Path, marks: &Marks, listing: &Listing, to_do: &mut ToDo) {
        let Some(directory) = self.directories.get(path) else { return };
        let there: HashSet<&OsStr> = listing.directories.iter().map(OsString::as_os_str).collect();
        let gone = directory.directories.iter().filter(|name| !there.contains(&***name));
        let gone: Vec<_> = gone.map(|name| path.join(&**name)).collect();
        for child in gone {
            self.mark_unwatched(&child);
            to_do.extend(self.tree(&child));
        }
        for name in &listing.directories {
            let child = path.join(name);
            let found = self.enter(path, name, to_do);
            let known = self.directories.contains(&child);
            if marks.has_new_rules && known {
                for path in found.into_iter().chain([child]) {
                    let marks = self.dirty.directory(&path);
                    marks.all = true;
                    marks.has_new_rules = true;
                    to_do.insert(path);
                }
            }
        }
    }

    /// Watches a directory if it counts and is not watched yet, to look at it next. Hands back all that are new.
    fn enter(&mut self, path: &Path, name: &OsStr, to_do: &mut ToDo) -> Vec<PathBuf> {
        let child = path.join(name);
        let Some(rules) = self.rules(path) else { return Vec::new() };
        if self.directories.get(&child).is_some_and(|child| child.is_watched) {
            return Vec::new();
        }
        let Some(rules) = self.scope.enter(&rules, &child) else { return Vec::new() };
        let added = self.add_watches(&child, rules);
        to_do.extend(added.iter().cloned());
        added
    }

    fn compare_files(&mut self, path: &Path, marks: &Marks, listing: &Listing, net: &mut Net) {
        let mut there = HashSet::new();
        for entry in &listing.files {
            let name = entry.file_name();
            if !self.is_visible(path, &path.join(&name)) {
                continue;
            }
            match entry.metadata() {
                Ok(metadata) => {
                    let is_written = marks.is_written(&name);
                    self.compare(path, &name, Some(&metadata), is_written, marks.has_new_rules, net);
                }
                Err(error) if is_gone(&error) => continue,
                Err(_) => {}
            }
            there.insert(name);
        }
        let Some(directory) = self.directories.get(path) else { return };
        let gone: Vec<OsString> = directory
            .files
            .keys()
            .filter(|&name| !there.contains(&**name))
            .map(|name| (**name).to_owned())
            .collect();
        for name in gone {
            self.compare(path, &name, None, false, marks.has_new_rules, net);
        }
    }

    /// Compares a file that counts, or one that is not there or does not count, with what was reported of it.
    fn compare(
        &self,
        path: &Path,
        name: &OsStr,
        after: Option<&Metadata>,
        is_written: bool,
        has_new_rules: bool,
        net: &mut Net,
    ) {
        let before = self.directories.get(path).and_then(|directory| directory.files.get(name)).copied();
        let stamp = after.map(Stamp::of);
        let path = path.join(name);
        let is_change = match (before, after) {
            (None, None) => return,
            (Some(before), Some(after)) => {
                let is_change = before.is_outdated(after, is_written)
                    && !stamp
                        .is_some_and(|after| self.contents.is_same(&path, &before, &after, &net.reading));
                if !is_change && stamp == Some(before) {
                    return;
                }
                is_change
            }
            // With new rules, one that comes to count has perhaps been there all the time.
            (None, Some(after)) => !has_new_rules || has_changed_since(after, self.reported_at),
            // One that no longer counts has not gone; but a change to it would not be reported in any case.
            (Some(_), None) => true,
        };
        net.differences.push(Difference { path, before, after: stamp, is_change });
    }

    fn has_new_gitignore(&self, path: &Path, marks: &Marks, listing: &Listing) -> bool {
        let before = self.directories.get(path).and_then(|directory| directory.gitignore);
        let is_written = marks.is_written(GITIGNORE.as_ref());
        self.scope.uses_gitignore
            && match (before, &listing.gitignore) {
                (None, None) => false,
                (Some(before), Some(after)) => before.is_outdated(after, is_written),
                _ => true,
            }
    }

    /// Reads the rules of a directory again. False if it is ignored by now.
    fn renew_rules(&mut self, path: &Path) -> bool {
        let gitignore = entry_stamp(&path.join(GITIGNORE)).unwrap_or_default();
        let rules = if path == self.scope.project {
            Some(self.scope.top())
        } else {
            let parent = path.parent().and_then(|parent| self.rules(parent));
            let rules = parent.and_then(|rules| self.scope.enter(&rules, path));
            let rules = rules.map(|rules| self.scope.with_gitignore(rules, path));
            let is_apart = self.repositories.contains(path) && self.scope.is_other_work_tree(path);
            if is_apart { rules.and_then(|rules| self.scope.by_name(rules, path)) } else { rules }
        };
        if let Some(rules) = &rules {
            self.note_ignore_file_of(path, rules);
        }
        match (rules, self.directories.get_mut(path)) {
            (Some(rules), Some(directory)) => {
                directory.rules = rules;
                directory.gitignore = gitignore;
                true
            }
            (rules, _) => rules.is_some(),
        }
    }

    fn rules(&self, path: &Path) -> Option<Arc<Rules>> {
        self.directories.get(path).map(|directory| Arc::clone(&directory.rules))
    }

    fn is_visible(&self, directory: &Path, file: &Path) -> bool {
        self.directories.get(directory).is_some_and(|directory| self.scope.is_visible(&directory.rules, file))
    }
}

fn entry_stamp(path: &Path) -> io::Result<Option<Stamp>> {
    match entry(path) {
        Entry::File(metadata) => Ok(Some(Stamp::of(&metadata))),
        _ => Ok(None),
    }
}
