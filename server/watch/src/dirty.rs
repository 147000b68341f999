//! The places to look at.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// Marks of a directory: what to look at in it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Marks {
    /// All of it.
    pub(crate) all: bool,
    /// Events may have been lost: a file that was fresh may have been written to since.
    pub(crate) is_suspect: bool,
    /// True if an ignore file has changed, so that other files may be ignored here.
    pub(crate) has_new_rules: bool,
    /// These names, and whether they were written to.
    pub(crate) names: HashMap<OsString, bool>,
}

impl Marks {
    pub(crate) fn is_written(&self, name: &OsStr) -> bool {
        self.is_suspect || self.names.get(name).copied().unwrap_or_default()
    }
}

/// The directories where something may have changed since the last look.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    directories: HashMap<PathBuf, Marks>,
}

impl Dirty {
    pub(crate) fn directory(&mut self, path: &Path) -> &mut Marks {
        if !self.directories.contains_key(path) {
            self.directories.insert(path.to_owned(), Marks::default());
        }
        self.directories.entry(path.to_owned()).or_default()
    }

    pub(crate) fn all(&mut self, path: &Path) {
        self.directory(path).all = true;
    }

    pub(crate) fn name(&mut self, directory: &Path, name: &OsStr, is_written: bool) {
        let names = &mut self.directory(directory).names;
        match names.get_mut(name) {
            Some(written) => *written |= is_written,
            None => drop(names.insert(name.to_owned(), is_written)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.directories.is_empty()
    }

    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        self.directories.keys().cloned().collect()
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Marks> {
        self.directories.get(path)
    }

    pub(crate) fn clear(&mut self) {
        // Not `clear`: after a burst it would keep room for a hundred thousand.
        self.directories = HashMap::new();
    }
}
