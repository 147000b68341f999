//! Evaluates whether the changes of a file would be reported.

use std::{io, path::Path};

use crate::{
    Kind, Options, WatchError,
    roots::within,
    rules::{Scope, Verdict},
};

impl Options {
    /// Checks that the options make sense, without looking at any file but the project's directory.
    ///
    /// # Errors
    /// As [`Watcher::start`](crate::Watcher::start), but for the thread.
    pub fn check(&self) -> Result<(), WatchError> {
        self.scope().map(drop)
    }

    /// Evaluates whether a change of this kind to a file would be reported, by what the ignore files say now; if not, why.
    ///
    /// The path is relative to the project, or absolute and within it. The file need not be there.
    ///
    /// # Errors
    /// As [`Self::check`], or the path is not within the project.
    pub fn verdict(&self, path: &Path, kind: Kind) -> Result<Verdict, WatchError> {
        self.verdicts()?.of(path, kind)
    }

    /// The same for many files.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn verdicts(&self) -> Result<Verdicts, WatchError> {
        self.scope().map(Verdicts)
    }

    /// The scope of the watching, in the project without symbolic links.
    pub(crate) fn scope(&self) -> Result<Scope, WatchError> {
        let at_root = |source| WatchError::Root { path: self.root.clone(), source };
        let project = self.root.canonicalize().map_err(at_root)?;
        if !project.is_dir() {
            return Err(at_root(io::ErrorKind::NotADirectory.into()));
        }
        Scope::new(project, self)
    }
}

/// Evaluates for many files whether their changes would be reported.
#[derive(Debug)]
pub struct Verdicts(Scope);

impl Verdicts {
    /// As [`Options::verdict`] says it.
    ///
    /// # Errors
    /// The path is not within the project.
    pub fn of(&self, path: &Path, kind: Kind) -> Result<Verdict, WatchError> {
        let path = within(&self.0.project, path)?;
        Ok(self.0.verdict(&path, kind))
    }
}
