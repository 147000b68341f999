//! Finding the project and its daemon's socket, the same way in every language.

use std::{
    io,
    path::{Path, PathBuf},
};

use aiwg_protocol::{MAX_SOCKET_PATH, PROJECT_DIR, SOCKET_ENV, SOCKET_PATH, trust};

use crate::error::ClientError;

/// The project that `cwd` is in: the nearest directory upwards that has a `.aiwg` directory.
///
/// The home directory's holds a user's settings and does not make all of home a project: it counts for home itself only.
///
/// ```
/// # aiwg_testing::example(|_| async move {
/// let cwd = std::env::current_dir().expect("it is there");
/// let project = aiwg_client::find_project(&cwd)?.expect("this is a project");
/// assert!(project.join(".aiwg").is_dir());
/// # Ok(())
/// # });
/// ```
///
/// # Errors
/// Somebody else could have made that `.aiwg`, or could change it: see [`trust`]. The search does not go on above it, since whoever works
/// there would believe to be in that project.
pub fn find_project(cwd: &Path) -> Result<Option<&Path>, ClientError> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let is_project =
        |dir: &&Path| dir.join(PROJECT_DIR).is_dir() && (*dir == cwd || Some(*dir) != home.as_deref());
    let found = cwd.ancestors().find(is_project);
    if let Some(project) = found {
        trust::check(&project.join(PROJECT_DIR)).map_err(ClientError::NotTrusted)?;
    }
    Ok(found)
}

/// The socket to connect to: `explicit`, else `AIWG_DAEMON_SOCKET`, else that of the project that `cwd` is in.
///
/// ```
/// # aiwg_testing::example(|_| async move {
/// let cwd = std::env::current_dir().expect("it is there");
/// let socket = aiwg_client::discover(None, &cwd)?;
/// println!("the daemon answers at {}", socket.display());
/// # Ok(())
/// # });
/// ```
///
/// # Errors
/// It is in none, or in one that is not to be trusted.
pub fn discover(explicit: Option<&Path>, cwd: &Path) -> Result<PathBuf, ClientError> {
    Ok(Address::find(explicit, cwd)?.socket)
}

/// The address to connect to, and the users who may answer there.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) socket: PathBuf,
    /// True if nobody has named it: then it must be this user's daemon, or root's, that answers.
    pub(crate) is_found: bool,
}

impl Address {
    /// As [`discover`].
    pub(crate) fn find(explicit: Option<&Path>, cwd: &Path) -> Result<Self, ClientError> {
        let named = explicit
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(SOCKET_ENV).filter(|path| !path.is_empty()).map(Into::into));
        if let Some(socket) = named {
            return Ok(Self { socket, is_found: false });
        }
        let project = find_project(cwd)?.ok_or_else(|| ClientError::NoProject { from: cwd.to_owned() })?;
        Ok(Self { socket: project.join(SOCKET_PATH), is_found: true })
    }

    /// True if this user may answer there.
    pub(crate) fn may_be_answered_by(&self, user: u32) -> bool {
        let us = rustix::process::geteuid().as_raw();
        !self.is_found || user == us || user == 0 || trust::is_exempt(&self.socket)
    }
}

/// The path to give to the system: a long one is a link to a short one.
pub(crate) fn connectable(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().len() > MAX_SOCKET_PATH { path.canonicalize() } else { Ok(path.to_owned()) }
}
