//! Coalesces differences into changes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
};

use crate::{
    Change, Kind, Sizes,
    difference::{Difference, Net},
    digests::Reading,
    stamp::Stamp,
    state::State,
};

impl State {
    /// Makes changes of what a look has found, and marks them as reported.
    pub(crate) fn settle(&mut self, net: Net) -> Vec<Change> {
        let mut changes = self.changes(&net.differences);
        changes.sort_unstable();
        self.sizes = self.sizes(&net.differences);
        self.contents.remember(&net.differences, &Reading::default());
        for difference in net.differences {
            self.keep(&difference);
        }
        for path in net.gone {
            if self.directories.get(&path).is_some_and(|directory| !directory.is_watched) {
                self.drop_directory(&path);
            }
        }
        self.dirty.clear();
        changes
    }

    fn keep(&mut self, difference: &Difference) {
        let (Some(parent), Some(name)) = (difference.path.parent(), difference.path.file_name()) else {
            return;
        };
        let Some(directory) = self.directories.get_mut(parent) else { return };
        match difference.after {
            Some(stamp) => drop(directory.files.insert(name.into(), stamp)),
            None => drop(directory.files.remove(name)),
        }
    }

    fn changes(&self, differences: &[Difference]) -> Vec<Change> {
        let reported = || differences.iter().filter(|difference| difference.is_change);
        let mut gone: HashMap<u64, &Difference> = HashMap::new();
        for difference in reported() {
            if let (Some(before), None) = (difference.before, difference.after) {
                gone.insert(before.inode, difference);
            }
        }
        let mut changes = Vec::new();
        for difference in reported() {
            match (difference.before, difference.after) {
                (Some(_), Some(_)) => self.add_change(&mut changes, Kind::Modified, &difference.path),
                (None, Some(after)) => {
                    let is_same =
                        |gone: &&Difference| gone.before.is_some_and(|before| after.is_renamed(&before));
                    match gone.get(&after.inode).copied().filter(is_same) {
                        Some(from) if self.add_rename(&mut changes, &from.path, &difference.path) => {
                            gone.remove(&after.inode);
                        }
                        _ => self.add_change(&mut changes, Kind::Created, &difference.path),
                    }
                }
                _ => {}
            }
        }
        let renamed: std::collections::HashSet<_> =
            changes.iter().filter_map(|change| change.from.clone()).collect();
        for difference in reported().filter(|difference| difference.after.is_none()) {
            if !renamed.contains(self.relative(&difference.path)) {
                self.add_change(&mut changes, Kind::Deleted, &difference.path);
            }
        }
        changes
    }

    fn sizes(&self, differences: &[Difference]) -> BTreeMap<PathBuf, Sizes> {
        let size = |stamp: Option<Stamp>| stamp.filter(|stamp| stamp.is_known).map(|stamp| stamp.size);
        let reported = differences.iter().filter(|difference| difference.is_change);
        let sizes = reported.map(|difference| {
            let sizes = Sizes { before: size(difference.before), after: size(difference.after) };
            (self.relative(&difference.path).to_owned(), sizes)
        });
        sizes.collect()
    }

    /// The sizes of what was reported last.
    pub(crate) fn take_sizes(&mut self) -> BTreeMap<PathBuf, Sizes> {
        std::mem::take(&mut self.sizes)
    }

    /// The directories that have come since this was last asked, relative to the project.
    pub(crate) fn take_arrived(&mut self) -> BTreeSet<PathBuf> {
        let arrived = std::mem::take(&mut self.arrived);
        arrived.iter().map(|path| self.relative(path).to_owned()).collect()
    }

    fn add_change(&self, changes: &mut Vec<Change>, kind: Kind, path: &Path) {
        if self.is_wanted(path, kind) {
            changes.push(Change { path: self.relative(path).to_owned(), kind, from: None });
        }
    }

    /// False if nobody wants to know of renames there: then they are a deletion and a creation.
    fn add_rename(&self, changes: &mut Vec<Change>, from: &Path, path: &Path) -> bool {
        let is_wanted = self.is_wanted(path, Kind::Renamed);
        if is_wanted {
            let from = Some(self.relative(from).to_owned());
            changes.push(Change { path: self.relative(path).to_owned(), kind: Kind::Renamed, from });
        }
        is_wanted
    }

    fn is_wanted(&self, path: &Path, kind: Kind) -> bool {
        let directory = path.parent().and_then(|parent| self.directories.get(parent));
        directory.is_some_and(|directory| self.scope.is_wanted(&directory.rules, path, kind))
    }

    fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.scope.project).unwrap_or(path)
    }
}
