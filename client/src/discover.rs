//! Finding the project and its daemon's socket, the same way in every language.

use std::{
    io,
    path::{Path, PathBuf},
};

use aiwg_protocol::{MAX_SOCKET_PATH, PROJECT_DIR, SOCKET_ENV, SOCKET_PATH};

use crate::error::ClientError;

/// The project that `cwd` is in: the nearest directory upwards that has a `.aiwg` directory.
///
/// The home directory's holds a user's settings and does not make all of home a project: it counts for home itself only.
pub fn find_project(cwd: &Path) -> Option<&Path> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let is_project =
        |dir: &&Path| dir.join(PROJECT_DIR).is_dir() && (*dir == cwd || Some(*dir) != home.as_deref());
    cwd.ancestors().find(is_project)
}

/// The socket to connect to: `explicit`, else `AIWG_DAEMON_SOCKET`, else that of the project that `cwd` is in.
///
/// # Errors
/// It is in none.
pub fn discover(explicit: Option<&Path>, cwd: &Path) -> Result<PathBuf, ClientError> {
    let named = explicit
        .map(Path::to_owned)
        .or_else(|| std::env::var_os(SOCKET_ENV).filter(|path| !path.is_empty()).map(Into::into));
    if let Some(path) = named {
        return Ok(path);
    }
    let project = find_project(cwd).ok_or_else(|| ClientError::NoProject { from: cwd.to_owned() })?;
    Ok(project.join(SOCKET_PATH))
}

/// The path to give to the system: a long one is a link to a short one.
pub(crate) fn connectable(path: &Path) -> io::Result<PathBuf> {
    if path.as_os_str().len() > MAX_SOCKET_PATH { path.canonicalize() } else { Ok(path.to_owned()) }
}
