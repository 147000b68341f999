//! Making a slot ready for a run.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use aiwg_fs::read_bounded;
use xxhash_rust::xxh3::xxh3_128;

use super::{Held, LARGEST, Use, commit_in, id_in, reset::unlock, state::Of};
use crate::{
    commit::Commit,
    error::{Error, Unusable, io as failed},
    nested,
    repository::Repository,
    told::{Place, entries, text},
};

/// The files that say which packages a project has got: where one changes, what is installed no longer fits.
const LOCK_FILES: [&str; 25] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "deno.lock",
    "Cargo.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "requirements.txt",
    "Gemfile.lock",
    "composer.lock",
    "go.sum",
    "mix.lock",
    "pubspec.lock",
    "Podfile.lock",
    "Package.resolved",
    "packages.lock.json",
    "gradle.lockfile",
    "flake.lock",
    "conan.lock",
    ".terraform.lock.hcl",
];

/// The reason of the lock that keeps git from forgetting a tree whose disk is not there.
const REASON: &str = "a work tree of aiwg; `aiwg workspace list` shows it";

/// A slot that is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The folder of the project in it: where the agent works.
    pub dir: PathBuf,
    /// The top of its tree.
    pub top: PathBuf,
    /// True if nothing was left of an earlier run, what git ignores included.
    pub is_new: bool,
    /// Hash of the lock files (`Cargo.lock` and the like) of its base, by their paths and contents; empty if there are none.
    pub lock_files: String,
}

impl Repository {
    /// Makes slot `n` ready for a run: a new tree, or the old one reset to `base`; what git ignores stays. Files of an earlier run that nobody has kept
    /// are kept first. Files that git ignores and `.worktreeinclude` names are copied from the checkout, if they are new or have changed.
    ///
    /// # Errors
    /// [`Error::Broken`] if what is in it cannot be kept or removed: take another slot. [`Error::BaseGone`] if the base is not in the repository. The
    /// base has submodules, there is no room, or git fails.
    pub fn prepare(&self, n: u32, base: &Commit, of: Use<'_>) -> Result<Ready, Error> {
        of.name()?;
        self.prepared(n, base, of).map_err(|error| match self.check_base(base) {
            Err(gone @ Error::BaseGone { .. }) => gone,
            _ => error,
        })
    }

    fn prepared(&self, n: u32, base: &Commit, of: Use<'_>) -> Result<Ready, Error> {
        let mut held = self.hold(n)?;
        held.keep_leftovers()?;
        let is_plain = held.state.of.as_ref().is_some_and(|of| of.is_plain);
        // Whatever happens from here on, what is in it is nobody's.
        held.note(|state| state.of = None)?;
        let place = held.place().filter(|_| held.has_tree());
        let is_new = place.is_none();
        let known = held.state.lock_files.take();
        // Both take a while, and need nothing of each other.
        let lock_files = thread::scope(|scope| {
            let ask = || lock_files(&self.checkout, base, known.as_ref());
            let asked = thread::Builder::new().spawn_scoped(scope, ask);
            match place {
                Some(place) => held.reset(&place, base, is_plain)?,
                None => held.made(base)?,
            }
            // The system may have had no thread for it.
            asked.ok().and_then(|asked| asked.join().ok()).unwrap_or_else(ask)
        })?;
        held.make_project()?;
        held.include()?;
        held.note(|state| {
            state.broken = None;
            state.lock_files = Some((lock_files.clone(), base.hash().to_owned()));
            state.of = Some(Of {
                task: of.task.to_owned(),
                launch: of.launch,
                base: base.hash().to_owned(),
                is_kept: false,
                is_plain: false,
            });
        })?;
        Ok(Ready { dir: held.project(), top: held.tree.clone(), is_new, lock_files })
    }

    /// Gives slot `n` to the next run of the task that has it, with its files as they are.
    ///
    /// # Errors
    /// It is not that task's any more, or its tree is gone.
    pub fn resume(&self, n: u32, of: Use<'_>) -> Result<Ready, Error> {
        of.name()?;
        let mut held = self.hold_existing(n)?;
        if held.state.of.as_ref().is_none_or(|noted| noted.task != of.task) {
            return Err(held.not_of(of));
        }
        let place = held.place().filter(|_| held.has_tree());
        let Some(place) = place else {
            return Err(held.broken("its tree, or what git knows of it, is gone".to_owned()));
        };
        unlock(&place.git_dir)?;
        held.write_link(&place)?;
        let base = commit_in(&held.state).ok_or_else(|| held.not_of(of))?;
        let lock_files = lock_files(&self.checkout, &base, held.state.lock_files.as_ref())?;
        held.make_project()?;
        held.note(|state| {
            if let Some(noted) = &mut state.of {
                (noted.launch, noted.is_kept, noted.is_plain) = (of.launch, false, false);
            }
        })?;
        Ok(Ready { dir: held.project(), top: held.tree.clone(), is_new: false, lock_files })
    }
}

impl Held<'_> {
    /// Keeps what is in it, if nobody has.
    pub(super) fn keep_leftovers(&mut self) -> Result<(), Error> {
        let Some(of) = self.state.of.clone().filter(|of| !of.is_kept) else { return Ok(()) };
        let Some(base) = commit_in(&self.state) else {
            return Err(self.broken(format!("{} names no base for {}", super::state::FILE, of.task)));
        };
        let kept = self.keep(Use { task: &of.task, launch: of.launch }, &base);
        match kept {
            Ok(kept) if kept.left_out.is_empty() => Ok(()),
            Ok(kept) => Err(self.broken(format!(
                "these files of {} cannot be read: {}",
                of.task,
                kept.left_out.join(", ")
            ))),
            Err(error @ (Error::NoSpace { .. } | Error::Locked { .. } | Error::Busy { .. })) => Err(error),
            Err(error) => Err(self.broken(format!("what is in it of {} cannot be kept: {error}", of.task))),
        }
    }

    /// Makes its tree; whatever was there is gone.
    fn made(&mut self, base: &Commit) -> Result<(), Error> {
        self.removed()?;
        let checkout = &self.repository.checkout;
        let tree = self.tree.as_os_str();
        let arguments =
            ["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock", "--reason", REASON];
        let arguments = arguments.iter().map(AsRef::as_ref).chain([tree, base.hash().as_ref()]);
        let id = {
            let _administration = self.repository.administration()?;
            checkout.step("make a work tree", arguments).done()?;
            id_in(&self.tree, &checkout.common)?
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.note(|state| (state.id, state.made_at) = (Some(id), now))?;
        let Some(place) = self.place() else {
            return Err(self.broken("git does not know it, though it has just made it".to_owned()));
        };
        if let Err(error) = self.checked_out(&place, base) {
            // Half of its files is no tree to begin with.
            let _ = self.removed();
            return Err(error);
        }
        Ok(())
    }

    /// Removes its tree, and what git knows of it.
    pub(super) fn removed(&mut self) -> Result<(), Error> {
        if let Err(error) = aiwg_fs::remove_all(&self.tree) {
            return Err(self.broken(format!("it cannot be removed: {error}")));
        }
        self.forgotten()?;
        if self.state.id.is_some() { self.note(|state| state.id = None) } else { Ok(()) }
    }

    /// Removes what git knows of its tree, and what a git that was killed has left of trees that it was making for us.
    fn forgotten(&self) -> Result<(), Error> {
        let worktrees = self.repository.checkout.common.join("worktrees");
        let _administration = self.repository.administration()?;
        let entries = match fs::read_dir(&worktrees) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(failed("read", &worktrees))?,
        };
        for entry in entries {
            let dir = entry.map_err(failed("read", &worktrees))?.path();
            if self.is_led_to(&dir) || self.is_half_of_ours(&dir) {
                aiwg_fs::remove_all(&dir).map_err(failed("remove", &dir))?;
            }
        }
        // Git removes it with the last one, too.
        let _ = fs::remove_dir(&worktrees);
        Ok(())
    }

    /// True for the files of a tree that git has not come to say where it is: those of ours that nobody makes in this moment.
    fn is_half_of_ours(&self, git_dir: &Path) -> bool {
        let read = |name: &str| read_bounded(&git_dir.join(name), LARGEST).unwrap_or_default();
        let is_noted = self.state.id.as_deref().map(OsStr::new) == git_dir.file_name();
        let is_ours = is_noted || read("locked").trim_ascii() == REASON.as_bytes();
        is_ours && read("gitdir").is_empty()
    }

    /// Makes the project's folder, where no file of it is in the commit.
    fn make_project(&mut self) -> Result<(), Error> {
        let mut dir = self.tree.clone();
        for part in &self.repository.inner {
            dir.push(part);
            match fs::DirBuilder::new().mode(0o777).create(&dir) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed("make", &dir)(error));
                }
                _ => {}
            }
            if !dir.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                return Err(self.broken(format!("{} is no directory in it", dir.display())));
            }
        }
        Ok(())
    }
}

/// The hash of the lock files of a commit, which may be known. It has no submodules.
fn lock_files(place: &Place, commit: &Commit, known: Option<&(String, String)>) -> Result<String, Error> {
    if let Some((hash, _)) = known.filter(|(_, of)| of == commit.hash()) {
        return Ok(hash.clone());
    }
    let arguments = ["ls-tree", "-r", "-z", "--full-tree", commit.hash()];
    let listed = place.step("list the files", arguments).without_files().done()?;
    let names: Vec<String> = nested::links(&listed).into_iter().take(5).map(text).collect();
    if !names.is_empty() {
        return Err(Unusable::Submodules { top: place.top.clone(), names }.into());
    }
    let is_lock_file = |entry: &&[u8]| {
        let name = entry.rsplit(|byte| matches!(byte, b'/' | b'\t')).next().unwrap_or_default();
        LOCK_FILES.iter().any(|known| known.as_bytes() == name)
    };
    let all: Vec<&[u8]> = entries(&listed).filter(is_lock_file).collect();
    Ok(if all.is_empty() { String::new() } else { format!("{:032x}", xxh3_128(&all.join(&0))) })
}
