//! A slot: a work tree that one run after another has.

mod include;
mod keep;
mod list;
mod prepare;
mod reset;
mod state;

use std::path::{Path, PathBuf};

use aiwg_fs::read_bounded;

use self::state::State;
pub use self::{
    keep::Kept,
    list::{Slot, SlotState},
    prepare::Ready,
};
use crate::{
    commit::Commit,
    error::{Error, io as failed},
    lock::Lock,
    names::part_of_ref,
    repository::Repository,
    told::Place,
};

/// Largest of git's small files, in bytes.
const LARGEST: u64 = 64 * 1024;

/// The longest name of a tree's directory that is taken from the project's, in bytes.
const LONGEST_NAME: usize = 64;

/// The run that a slot is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use<'a> {
    /// The task, as it is part of a ref.
    pub task: &'a str,
    /// The number of the run within the task.
    pub launch: u32,
}

impl Use<'_> {
    /// The ref of what comes of the run.
    ///
    /// # Errors
    /// The task's name cannot be part of one.
    pub fn name(&self) -> Result<String, Error> {
        Ok(format!("refs/aiwg/tasks/{}/{}", part_of_ref(self.task)?, self.launch))
    }

    /// The ref of what it began with.
    pub(crate) fn base_name(&self) -> Result<String, Error> {
        Ok(format!("refs/aiwg/bases/{}/{}", part_of_ref(self.task)?, self.launch))
    }
}

/// Where all of a slot is. The lock of the slot is held while it lives.
#[derive(Debug)]
struct Held<'a> {
    repository: &'a Repository,
    n: u32,
    dir: PathBuf,
    /// The top of its tree.
    tree: PathBuf,
    state: State,
    #[expect(dead_code, reason = "it is held, and nothing else")]
    lock: Lock,
}

impl Repository {
    /// Takes a slot, whose directory is made if it is not there.
    fn hold(&self, n: u32) -> Result<Held<'_>, Error> {
        let dir = self.home.join(n.to_string());
        Self::make_private(&dir)?;
        let lock = Lock::take(&dir.join("lock"), &format!("work tree {n}"), self.patience)?;
        let state = State::read(&dir)?;
        Ok(Held { repository: self, n, tree: dir.join(self.tree_name()), dir, state, lock })
    }

    /// Takes a slot that is there.
    fn hold_existing(&self, n: u32) -> Result<Held<'_>, Error> {
        let dir = self.home.join(n.to_string());
        let none = || Error::NoSuchSlot { n, home: self.home.clone() };
        if !dir.join(state::FILE).exists() {
            return Err(none());
        }
        // Whoever had it may have removed it meanwhile.
        self.hold(n).map_err(|error| if dir.exists() { error } else { none() })
    }

    /// The name of each tree's directory: that of the checkout, as tools and people see it.
    fn tree_name(&self) -> String {
        let name = self.checkout.top.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        let name: String = name.chars().filter(is_plain).take(LONGEST_NAME).collect();
        let name = name.trim_matches(['.', '-']);
        if name.is_empty() || name == "lock" || name == state::FILE {
            "tree".to_owned()
        } else {
            name.to_owned()
        }
    }
}

impl Held<'_> {
    /// The tree, as git is told of it; none if git knows it no more.
    fn place(&self) -> Option<Place> {
        let common = &self.repository.checkout.common;
        let git_dir = common.join("worktrees").join(self.state.id.as_ref()?);
        // Another tree may have got its name.
        let is_there = git_dir.join("HEAD").is_file() && self.is_led_to(&git_dir);
        is_there.then(|| Place { top: self.tree.clone(), git_dir, ..self.repository.checkout.clone() })
    }

    /// True if the files that git has of some tree are about ours, which need not be there.
    fn is_led_to(&self, git_dir: &Path) -> bool {
        let leads_to = || {
            let text = read_bounded(&git_dir.join("gitdir"), LARGEST).ok()?;
            let link = git_dir.join(crate::told::path(text.strip_suffix(b"\n").unwrap_or(&text)));
            let tree = link.parent()?;
            Some((tree.parent()?.canonicalize().ok()?, tree.file_name()?.to_owned()))
        };
        let ours = || Some((self.dir.canonicalize().ok()?, self.tree.file_name()?.to_owned()));
        leads_to().is_some_and(|tree| Some(tree) == ours())
    }

    /// The project in the tree.
    fn project(&self) -> PathBuf {
        self.tree.join(&self.repository.inner)
    }

    /// True if the tree is a directory.
    fn has_tree(&self) -> bool {
        self.tree.symlink_metadata().is_ok_and(|found| found.is_dir())
    }

    /// Notes the state, so that it is known after a crash of the machine, too.
    fn note(&mut self, change: impl FnOnce(&mut State)) -> Result<(), Error> {
        change(&mut self.state);
        self.state.write(&self.dir)
    }

    /// Notes that it cannot be used, and makes the error that says so.
    fn broken(&mut self, why: String) -> Error {
        let dir = self.tree.clone();
        match self.note(|state| state.broken = Some(why.clone())) {
            Ok(()) => Error::Broken { n: self.n, dir, why },
            Err(error) => error,
        }
    }
}

/// The name by which git has the files of a tree that it has just made.
fn id_in(tree: &Path, common: &Path) -> Result<String, Error> {
    let link = tree.join(".git");
    let text = read_bounded(&link, LARGEST).map_err(failed("read", &link))?;
    let text = text.strip_prefix(b"gitdir: ").unwrap_or(&text);
    let git_dir = tree.join(crate::told::path(text.strip_suffix(b"\n").unwrap_or(text)));
    let id = git_dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if common.join("worktrees").join(&id).join("HEAD").is_file() {
        return Ok(id);
    }
    let said = format!("it has put its files at {}", git_dir.display());
    Err(Error::Git { doing: "make a work tree".to_owned(), dir: tree.to_owned(), said })
}

/// The base that a slot's state names.
fn commit_in(state: &State) -> Option<Commit> {
    Commit::of(&state.of.as_ref()?.base)
}
