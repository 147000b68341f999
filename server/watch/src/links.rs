//! Symbolic links: they are not followed. That is said where one is in the way, and where one leads elsewhere, those that lead through it
//! count as changed.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Notice,
    difference::{Difference, Net},
    state::State,
};

/// The symbolic link that a path is, or lies behind, as seen from a directory above it.
pub fn link_on_the_way(from: &Path, path: &Path) -> Option<PathBuf> {
    let mut so_far = from.to_owned();
    path.strip_prefix(from).ok()?.iter().find_map(|name| {
        so_far.push(name);
        so_far.is_symlink().then(|| so_far.clone())
    })
}

impl State {
    /// Says which watched paths lie behind links, or no longer do.
    pub(crate) fn note_links(&mut self) {
        let project = &self.scope.project;
        let link = |path: &PathBuf| Some((path.clone(), link_on_the_way(project, path)?));
        let found: BTreeSet<(PathBuf, PathBuf)> =
            self.scope.roots.iter().filter_map(|root| link(&root.path)).collect();
        if found == self.links {
            return;
        }
        let gone = self.links.difference(&found).map(|(path, _)| Notice::NotBehindLink(path.clone()));
        let new = found.difference(&self.links);
        let new = new.map(|(path, link)| Notice::BehindLink { path: path.clone(), link: link.clone() });
        self.notices.extend(gone.chain(new));
        self.links = found;
    }

    /// Adds the links that lead through one in their directory that has changed: so a `ConfigMap` is swapped.
    pub(crate) fn add_links_through_changed(&self, net: &mut Net) {
        let is_link = |difference: &&Difference| {
            difference.is_change
                && [difference.before, difference.after].into_iter().flatten().any(|stamp| stamp.is_link)
        };
        let changed: Vec<PathBuf> =
            net.differences.iter().filter(is_link).map(|difference| difference.path.clone()).collect();
        for link in changed {
            let (Some(parent), Some(name)) = (link.parent(), link.file_name()) else { continue };
            self.add_links_through(parent, name, net);
        }
    }

    fn add_links_through(&self, parent: &Path, name: &OsStr, net: &mut Net) {
        let Some(directory) = self.directories.get(parent) else { return };
        for (other, &stamp) in
            directory.files.iter().filter(|(other, stamp)| stamp.is_link && ***other != *name)
        {
            let path = parent.join(&**other);
            let leads_through = fs::read_link(&path)
                .is_ok_and(|target| target.components().next() == Some(std::path::Component::Normal(name)));
            if leads_through && !net.differences.iter().any(|difference| difference.path == path) {
                let stamp = Some(stamp);
                net.differences.push(Difference { path, before: stamp, after: stamp, is_change: true });
            }
        }
    }
}
