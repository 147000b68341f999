//! The repository of a project.

use std::{
    ffi::OsStr,
    fs::DirBuilder,
    os::unix::{ffi::OsStrExt, fs::DirBuilderExt},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    error::{Error, Unusable, io as failed},
    lock::Lock,
    nested,
    told::{Place, STEP_WITHIN, discover, text},
};

/// Time for which locks of others are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most submodules that are named.
const MOST_NAMED: usize = 5;

/// The repository in which a project lies, and where its work trees are.
#[derive(Debug, Clone)]
pub struct Repository {
    /// The person's checkout.
    pub(crate) checkout: Place,
    /// The project in the checkout; empty if it is all of it.
    pub(crate) inner: PathBuf,
    /// The directory of the slots.
    pub(crate) home: PathBuf,
    pub(crate) patience: Duration,
}

impl Repository {
    /// Finds the repository of a project, which may be a folder in it. `home` is the private directory of this project's work trees; it is made when the
    /// first one is.
    ///
    /// # Errors
    /// There can be no work trees of this project: git is missing or refuses, there is no repository, it is bare, or has submodules.
    pub fn find(project: &Path, home: &Path) -> Result<Self, Unusable> {
        let none = |_| Unusable::NoRepository(project.to_owned());
        let project = project.canonicalize().map_err(none)?;
        let ask = |arguments: &[&str]| {
            let answer = discover(&project, &[&["rev-parse"], arguments].concat())?;
            answer.map_err(|said| refused(&project, said))
        };
        let git_dir = path_of(&ask(&["--absolute-git-dir"])?);
        if ask(&["--is-inside-work-tree"])? != b"true\n" {
            return Err(Unusable::Bare { dir: project.clone(), at: git_dir });
        }
        let top = path_of(&ask(&["--show-toplevel"])?);
        let common = path_of(&ask(&["--path-format=absolute", "--git-common-dir"])?);
        let inner =
            project.strip_prefix(&top).map_err(|_| Unusable::NoRepository(project.clone()))?.to_owned();
        let checkout = Place { top, git_dir, common, within: STEP_WITHIN };
        let found = Self { checkout, inner, home: home.to_owned(), patience: PATIENCE };
        found.check_submodules()?;
        Ok(found)
    }

    /// Waits no longer than this for locks of others; half a minute without it.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Gives git no longer than this for a step; half an hour without it.
    #[must_use]
    pub fn with_time(mut self, within: Duration) -> Self {
        self.checkout.within = within;
        self
    }

    /// The top of the person's checkout.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.checkout.top
    }

    /// The project, relative to the top; empty if it is all of the checkout.
    #[must_use]
    pub fn inner(&self) -> &Path {
        &self.inner
    }

    fn check_submodules(&self) -> Result<(), Unusable> {
        let refused =
            |error: Error| Unusable::Refused { dir: self.checkout.top.clone(), said: error.to_string() };
        let listed = self
            .checkout
            .step("list the files", ["ls-files", "-z", "--stage"])
            .without_files()
            .done()
            .map_err(refused)?;
        let names: Vec<String> = nested::links(&listed).into_iter().take(MOST_NAMED).map(text).collect();
        if names.is_empty() {
            Ok(())
        } else {
            Err(Unusable::Submodules { top: self.checkout.top.clone(), names })
        }
    }

    /// The lock under which git's administration of work trees is changed: of the repository, which several projects may have.
    pub(crate) fn administration(&self) -> Result<Lock, Error> {
        let lock = self.checkout.common.join("aiwg-worktrees.lock");
        Lock::take(&lock, "the work trees of the repository", self.patience)
    }

    /// Makes a private directory with those above it.
    pub(crate) fn make_private(dir: &Path) -> Result<(), Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("make", dir))
    }
}

/// The path that an answer consists of.
fn path_of(answer: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(answer.strip_suffix(b"\n").unwrap_or(answer)))
}

/// The reason that git's words stand for.
fn refused(dir: &Path, said: String) -> Unusable {
    if said.contains("not a git repository") {
        Unusable::NoRepository(dir.to_owned())
    } else {
        Unusable::Refused { dir: dir.to_owned(), said }
    }
}
