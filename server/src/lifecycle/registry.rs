//! The list of this user's daemons: a file for each project, in the user's own runtime directory.
//!
//! A file says where a project is, and no more: whether a daemon runs there is asked of the project's lock, so that a
//! daemon which was killed cannot spoil the list. A daemon that ends leaves its file, unless it ends in good order.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use aiwg_fs::{at, read_bounded, write_atomic};
use aiwg_protocol::trust;
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};

use super::Lock;
use crate::project::{
    Project, check_own, make_private_dir, named_runtime_dir, runtime_dir, runtime_dirs, usual_name,
};

/// The name of the list in the user's runtime directory.
const LIST: &str = "daemons";

/// The most that is read of a file, in bytes: a path has at most 4,096, each of which JSON may write as six.
const MOST_BYTES: u64 = 32 * 1024;

/// The most files that are read.
const MOST_DAEMONS: usize = 10_000;

/// What a file says. Members that later versions add are passed over.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The project's directory.
    project: PathBuf,
}

/// The place of a project's daemon in the list.
#[derive(Debug)]
pub(crate) struct Registration {
    path: PathBuf,
    text: Vec<u8>,
}

impl Registration {
    /// Notes the project. To be called by the one that holds its lock.
    ///
    /// # Errors
    /// There is no directory that is the user's alone, or the file cannot be written there.
    pub(crate) fn of(project: &Project) -> io::Result<Self> {
        let root = project.root();
        let name: String = Hash::hash(root.as_os_str().as_encoded_bytes())[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let registration = Self {
            path: runtime_dir()?.join(LIST).join(name + ".json"),
            text: serde_json::to_vec(&Entry { project: root.to_owned() })?,
        };
        registration.renew()?;
        Ok(registration)
    }

    /// Notes the project again where its file is gone: systems clear such directories of what is old.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn renew(&self) -> io::Result<()> {
        if self.path.symlink_metadata().is_ok() {
            return Ok(());
        }
        if let Some(list) = self.path.parent() {
            make_private_dir(list)?;
            check_own(list)?;
        }
        write_atomic(&self.path, &self.text).map_err(at(&self.path))
    }

    /// Takes the project off the list.
    pub(crate) fn remove(&self) {
        // Where it stays, the lock says that there is no daemon.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The directories of this user's projects with a daemon that runs, in the order of their paths.
pub fn projects_with_daemon() -> Vec<PathBuf> {
    let mut bases = runtime_dirs();
    if named_runtime_dir().is_none() {
        // What cron or a service starts may not have been told of it.
        bases.push(PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw())));
    }
    let mut projects: Vec<PathBuf> =
        bases.iter().flat_map(|base| noted_in(&base.join(usual_name()).join(LIST))).collect();
    projects.sort();
    projects.dedup();
    projects.retain(|root| Project::at(root).is_ok_and(|project| has_daemon(&project)));
    projects
}

/// True if a daemon of this user runs in a project that nobody else can write to: in any other none would have started.
fn has_daemon(project: &Project) -> bool {
    trust::check(&project.aiwg()).is_ok() && Lock::is_held(project)
}

/// The projects that are noted in a list. The file of one that is gone is removed.
fn noted_in(list: &Path) -> Vec<PathBuf> {
    if check_own(list).is_err() {
        return Vec::new();
    }
    let names = std::fs::read_dir(list).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.take(MOST_DAEMONS).filter_map(|name| noted(list, &name)).collect()
}

fn noted(list: &Path, name: &OsString) -> Option<PathBuf> {
    let path = list.join(name);
    let entry: Entry = serde_json::from_slice(&read_bounded(&path, MOST_BYTES).ok()?).ok()?;
    if entry.project.metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        let _ = std::fs::remove_file(&path);
        return None;
    }
    entry.project.is_absolute().then_some(entry.project)
}
