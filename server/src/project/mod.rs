//! The paths of a project's daemon.

mod links;
mod runs;
mod runtime_dir;

use std::{
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aiwg_fs::{at, write_private};
use aiwg_model::TaskNo;
use aiwg_protocol::{CONFIG_PATH, PROJECT_DIR, SOCKET_PATH, spool::SPOOL_PATH, trust};

pub use aiwg_worktrees::is_linked;
pub(crate) use runs::{living_run, run_dirs};
pub use runtime_dir::{RUNTIME_DIR_ENV, named_runtime_dir, runtime_dir};
pub(crate) use runtime_dir::{check_own, made_runtime_dirs, runtime_dirs, usual_name};

/// A project's directory, and the names of all that the daemon keeps in it.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project in this directory.
    ///
    /// # Errors
    /// There is no such directory, or its path is not text: it goes into environments, answers and files that are.
    pub fn at(root: &Path) -> io::Result<Self> {
        let root = root.canonicalize()?;
        if root.to_str().is_none() {
            let why =
                "its path is not UTF-8, which a daemon could not send to its clients; rename the directory";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        Ok(Self { root })
    }

    /// A project in a directory of a test's own.
    #[cfg(test)]
    #[allow(clippy::unwrap_used)]
    pub(crate) fn temporary() -> (tempfile::TempDir, Self) {
        let dir = tempfile::tempdir().unwrap();
        let project = Self::at(dir.path()).unwrap();
        project.make_dirs().unwrap();
        (dir, project)
    }

    /// The project's own directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory that makes it a project.
    pub fn aiwg(&self) -> PathBuf {
        self.root.join(PROJECT_DIR)
    }

    /// The directory of all that the daemon keeps.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.aiwg().join("daemon")
    }

    /// The configuration, unless another is named.
    pub fn config(&self) -> PathBuf {
        self.root.join(CONFIG_PATH)
    }

    /// The daemon's process id.
    pub fn pid_file(&self) -> PathBuf {
        self.aiwg().join("daemon.pid")
    }

    /// The socket, or the link to it.
    pub fn socket(&self) -> PathBuf {
        self.root.join(SOCKET_PATH)
    }

    /// The lock that only one daemon can hold.
    pub fn lock(&self) -> PathBuf {
        self.state_dir().join(".lock")
    }

    /// The store.
    pub fn database(&self) -> PathBuf {
        self.state_dir().join("daemon.db")
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        self.state_dir().join("daemon.log")
    }

    /// The metrics, where they are written to a file.
    pub fn metrics_file(&self) -> PathBuf {
        self.state_dir().join("metrics.prom")
    }

    /// The lease of the agents, where several hosts share the store.
    pub(crate) fn lease(&self) -> PathBuf {
        self.state_dir().join("lease")
    }

    /// The sign of life.
    pub fn heartbeat(&self) -> PathBuf {
        self.state_dir().join("heartbeat")
    }

    /// The readable copy of the status.
    pub fn state_file(&self) -> PathBuf {
        self.state_dir().join("state.json")
    }

    /// The readable copy of the queue.
    pub fn tasks_file(&self) -> PathBuf {
        self.state_dir().join("tasks.json")
    }

    /// The event log as JSON Lines.
    pub fn events_dir(&self) -> PathBuf {
        self.state_dir().join("events")
    }

    /// The directory of the events that clients have emitted while no daemon was there.
    pub fn spool(&self) -> PathBuf {
        self.root().join(SPOOL_PATH)
    }

    /// The directory of a task, in which each of its runs has one: with the output of its agent, and the records of its shim.
    pub fn action_dir(&self, task: TaskNo) -> PathBuf {
        self.actions_dir().join(task.to_string())
    }

    /// The directory of those of all tasks.
    pub fn actions_dir(&self) -> PathBuf {
        self.state_dir().join("actions")
    }

    /// Makes the directories, for their owner only.
    ///
    /// # Errors
    /// One of them cannot be made.
    pub fn make_dirs(&self) -> io::Result<()> {
        // `.aiwg` itself is shared with other tools and version control: its mode stays as it is.
        let aiwg = self.aiwg();
        match std::fs::DirBuilder::new().mode(0o700).create(&aiwg) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(at(&aiwg)(error)),
            _ => {}
        }
        must_be_dir(&aiwg)?;
        self.open_to_owner();
        // The command that it names is run, with all that this user may do.
        trust::check(&aiwg)?;
        links::refuse_links(self)?;
        for dir in [self.state_dir(), self.actions_dir(), self.events_dir()] {
            make_private_dir(&dir)?;
            std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).map_err(at(&dir))?;
        }
        self.keep_from_git()
    }

    /// Gives the user back the rights that an agent may have taken from the daemon's own directories: without them no client could connect, and no
    /// file in them be opened.
    pub(crate) fn open_to_owner(&self) {
        for dir in [self.state_dir(), self.actions_dir(), self.events_dir()] {
            // A file in the place of a directory is reported when the directory is used.
            let _ = aiwg_fs::Dir::open_own(&dir);
        }
    }

    /// Keeps the daemon's files out of the project's history: prompts, output and a database would go along with `git add -A`. An existing file
    /// stays as it is.
    fn keep_from_git(&self) -> io::Result<()> {
        for (dir, text) in [(self.state_dir(), ALL_IGNORED), (self.aiwg(), FILES_IGNORED)] {
            let file = dir.join(".gitignore");
            if file.symlink_metadata().is_err() {
                write_private(&file, text.as_bytes()).map_err(at(&file))?;
            }
        }
        Ok(())
    }
}

/// The `.gitignore` in the daemon's own directory.
const ALL_IGNORED: &str = "# Made by aiwg: what the daemon keeps here is this machine's.\n*\n";

/// The `.gitignore` in `.aiwg`, which is the project's, where `aiwg init` was never run: it ignores itself, so that git shows nothing new.
pub const FILES_IGNORED: &str =
    "# Made by aiwg: what the daemon keeps here is this machine's.\n/.gitignore\n/daemon/\n/daemon.pid\n";

/// Makes a directory that only its owner can enter; one that exists stays as it is. True if it is new.
///
/// # Errors
/// It cannot be made; or there is one that belongs to another user, or is a link, which could lead anywhere.
pub fn make_private_dir(dir: &Path) -> io::Result<bool> {
    match std::fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            must_be_dir(dir)?;
            check_ours(dir).map(|()| false)
        }
        other => other.map(|()| true).map_err(at(dir)),
    }
}

fn must_be_dir(dir: &Path) -> io::Result<()> {
    let found = dir.symlink_metadata().map_err(at(dir))?;
    if found.is_dir() {
        return Ok(());
    }
    let why = if found.is_symlink() {
        format!(
            "{} is a link where a directory is to be, and could lead anywhere: remove it (for another disk, mount that there)",
            dir.display()
        )
    } else {
        format!("{} is in the way: it is to be a directory; move it elsewhere", dir.display())
    };
    Err(io::Error::new(io::ErrorKind::NotADirectory, why))
}

/// Checks that the file at this path belongs to this user.
fn check_ours(dir: &Path) -> io::Result<()> {
    let us = rustix::process::geteuid().as_raw();
    let owner = dir.symlink_metadata().map_err(at(dir))?.uid();
    if owner == us || trust::is_exempt(dir) {
        return Ok(());
    }
    let why = format!("{} is not to be trusted: it belongs to user {owner}, and not to {us}", dir.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}
