//! The watched paths.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::{Kind, WatchError, WatchedPath};

/// A watched path.
#[derive(Debug)]
pub(crate) struct Root {
    /// Absolute.
    pub(crate) path: PathBuf,
    kinds: Option<Vec<Kind>>,
    ignore: Gitignore,
    /// Each with its dot.
    extensions: Option<Vec<String>>,
}

impl Root {
    pub(crate) fn new(project: &Path, watched: &WatchedPath) -> Result<Self, WatchError> {
        let path = within(project, &watched.path)?;
        let dotted =
            |extension: &String| format!(".{}", extension.trim_start_matches("*").trim_start_matches('.'));
        Ok(Self {
            ignore: patterns(&path, &watched.ignore)?,
            path,
            kinds: watched.kinds.clone(),
            extensions: watched.extensions.as_ref().map(|extensions| extensions.iter().map(dotted).collect()),
        })
    }

    pub(crate) fn ignores(&self, path: &Path, is_dir: bool) -> bool {
        self.ignore.matched(path, is_dir).is_ignore()
    }

    pub(crate) fn wants_name(&self, name: &OsStr) -> bool {
        let ends = |extension: &String| name.as_bytes().ends_with(extension.as_bytes());
        self.extensions.as_ref().is_none_or(|extensions| extensions.iter().any(ends))
    }

    pub(crate) fn wants_kind(&self, kind: Kind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

/// Makes a path absolute, without `.` and `..`: one that is relative to a project, or absolute and within it.
///
/// # Errors
/// It is not within the project.
pub fn within(project: &Path, path: &Path) -> Result<PathBuf, WatchError> {
    let mut absolute = PathBuf::new();
    for component in project.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(absolute.pop()),
            other => absolute.push(other),
        }
    }
    if absolute.starts_with(project) {
        return Ok(absolute);
    }
    // The project may have been named by a link to it.
    let is_project = |above: &&Path| above.canonicalize().is_ok_and(|above| above == project);
    let below = absolute.ancestors().find(is_project).and_then(|above| absolute.strip_prefix(above).ok());
    below.map(|below| project.join(below)).ok_or_else(|| WatchError::Outside { path: path.to_owned() })
}

/// Patterns as in an ignore file at `base`.
pub(crate) fn patterns<S: AsRef<str>>(base: &Path, lines: &[S]) -> Result<Gitignore, WatchError> {
    let mut builder = GitignoreBuilder::new(base);
    for line in lines.iter().map(AsRef::as_ref) {
        let refused = |why: String| WatchError::Pattern { pattern: line.to_owned(), why };
        aiwg_patterns::check_ignore_line(line).map_err(|error| refused(error.to_string()))?;
        builder.add_line(None, line).map_err(|error| refused(error.to_string()))?;
    }
    builder.build().map_err(|error| WatchError::Pattern { pattern: String::new(), why: error.to_string() })
}
