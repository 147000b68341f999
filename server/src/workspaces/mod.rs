//! The work trees of the project: its repository, and the directory in which they are.
//!
//! Nothing is looked for before a task asks for a work tree.

mod route;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use aiwg_protocol::{ApiError, ErrorKind};
use aiwg_worktrees::{Repository, Unusable};
use xxhash_rust::xxh3::xxh3_64;

pub(crate) use route::{Route, Routes};

use crate::project::Project;

/// The directory of the work trees of all projects, in the one that a user's daemons share.
const DIR: &str = "worktrees";

/// The longest part of a project's name in that of its directory, in characters.
const LONGEST_NAME: usize = 40;

/// The reason for which there can be no work trees.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoTrees {
    /// Git does not let the project have any.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    /// There is no place for them.
    #[error(
        "there is no directory for work trees: set HOME or XDG_STATE_HOME for the daemon, and restart it"
    )]
    NoPlace,
}

impl From<NoTrees> for ApiError {
    fn from(error: NoTrees) -> Self {
        Self::new(ErrorKind::WorkspaceUnusable, error.to_string())
    }
}

/// The work trees of the project.
#[derive(Debug)]
pub(crate) struct Workspaces {
    root: PathBuf,
    home: Option<PathBuf>,
    /// The repository, once it was found.
    found: Mutex<Option<Repository>>,
    /// Held by whoever changes the project's own files.
    applying: tokio::sync::Mutex<()>,
    /// The way to other hosts.
    pub(crate) routes: Routes,
}

impl Workspaces {
    /// Those of a project, in the directory that all daemons of the user share.
    pub(crate) fn of(project: &Project, shared: Option<&Path>) -> Self {
        let root = project.root().to_owned();
        let home = shared.map(|shared| shared.join(DIR).join(own_name(&root)));
        Self {
            root,
            home,
            found: Mutex::default(),
            applying: tokio::sync::Mutex::default(),
            routes: Routes::default(),
        }
    }

    /// The directory in which they are, which need not be there.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The repository that the project is in. It asks git the first time, and where it says that there are submodules.
    ///
    /// # Errors
    /// The project can have no work trees.
    pub(crate) fn repository(&self) -> Result<Repository, NoTrees> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have got submodules since.
        let is_as_before = |found: &&Repository| {
            found.top().join(".git").exists() && !found.top().join(".gitmodules").exists()
        };
        if let Some(found) = found.as_ref().filter(is_as_before) {
            return Ok(found.clone());
        }
        let home = self.home.as_deref().ok_or(NoTrees::NoPlace)?;
        let repository = match Repository::find(&self.root, home) {
            // Someone may have ended git.
            Err(Unusable::Refused { .. }) => Repository::find(&self.root, home),
            found => found,
        };
        Ok(found.insert(repository?).clone())
    }

    /// Waits for the turn to change the project's own files, which lasts until the answer is dropped.
    pub(crate) async fn turn_to_apply(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.applying.lock().await
    }
}

/// The name of a project's directory among those of others: its own, and a hash of its path.
fn own_name(root: &Path) -> String {
    let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let name: String = name.chars().filter(is_plain).take(LONGEST_NAME).collect();
    let hash = xxh3_64(root.as_os_str().as_encoded_bytes());
    format!("{}-{hash:016x}", if name.is_empty() { "project" } else { &name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_project_has_a_directory_of_its_own() {
        let names = ["/home/me/shop", "/srv/shop", "/", "/ä ö"].map(|root| own_name(Path::new(root)));
        assert!(names[0].starts_with("shop-") && names[1].starts_with("shop-") && names[0] != names[1]);
        assert!(names[2..].iter().all(|name| name.starts_with("project-")), "{names:?}");
    }

    #[test]
    fn nothing_is_made_before_a_task_asks_for_it() {
        let (dir, project) = Project::temporary();
        let trees = Workspaces::of(&project, Some(&dir.path().join("state")));
        let why = trees.repository().unwrap_err().to_string();
        assert!(why.contains("git"), "{why}");
        assert!(!dir.path().join("state").exists());
        assert!(matches!(Workspaces::of(&project, None).repository(), Err(NoTrees::NoPlace)));
    }
}
