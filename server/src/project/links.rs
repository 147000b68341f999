//! No links where the daemon keeps its state: a clone can bring one, and the daemon would write elsewhere.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use aiwg_fs::at;
use aiwg_protocol::MAX_SOCKET_PATH;

use super::Project;

/// The files that the daemon opens or makes in its directory by these very names.
const FILES: [&str; 5] = ["daemon.db", "daemon.db-wal", "daemon.db-shm", "daemon.db-journal", "daemon.sock"];

/// Refuses links among the files that the daemon opens, and directories in their places, before anything is made or changed there.
///
/// # Errors
/// There is one; or the system does not say.
pub(super) fn refuse_links(project: &Project) -> io::Result<()> {
    // A link may lead to another project's state, which would be taken for this one's.
    refuse(&project.aiwg())?;
    refuse(&project.pid_file())?;
    if project.pid_file().is_dir() {
        return Err(is_directory(project.pid_file()));
    }
    let dir = project.state_dir();
    refuse(&dir)?;
    let entries = match std::fs::read_dir(&dir) {
        // Another file in its place is reported when the directory is made.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        entries => entries.map_err(at(&dir))?,
    };
    for entry in entries {
        let entry = entry.map_err(at(&dir))?;
        let kind = entry.file_type().map_err(at(&dir))?;
        if kind.is_dir() && FILES.iter().any(|name| entry.file_name() == OsStr::new(name)) {
            return Err(is_directory(entry.path()));
        }
        if !kind.is_symlink() {
            continue;
        }
        match entry.file_name() == OsStr::new("daemon.sock") {
            // A killed daemon's own; wherever it leads, the next daemon makes it again.
            true if project.socket().as_os_str().len() > MAX_SOCKET_PATH => {}
            true => drop_link(&project.socket())?,
            false => return Err(is_link(entry.path())),
        }
    }
    Ok(())
}

fn refuse(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => Err(is_link(path.to_owned())),
        _ => Ok(()),
    }
}

/// Removes a socket that is a link. No daemon leaves one behind here: this socket's path is short enough to need no link.
fn drop_link(socket: &Path) -> io::Result<()> {
    tracing::warn!("{} was a link, and is removed", socket.display());
    std::fs::remove_file(socket).map_err(at(socket))
}

fn is_link(path: PathBuf) -> io::Error {
    let why = format!(
        "{} is a link, and what the daemon keeps must lie in the project itself: a clone can bring a link to anywhere; remove it (for another \
         disk, mount that there)",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn is_directory(path: PathBuf) -> io::Error {
    let why = format!("{} is a directory, and the daemon has a file there: remove it", path.display());
    io::Error::new(io::ErrorKind::IsADirectory, why)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_refused_wherever_it_is() {
        for name in [
            ".aiwg",
            ".aiwg/daemon",
            ".aiwg/daemon/events",
            ".aiwg/daemon/actions",
            ".aiwg/daemon/.lock",
            ".aiwg/daemon/daemon.db-wal",
            ".aiwg/daemon.pid",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let project = Project::at(dir.path()).unwrap();
            let planted = project.root().join(name);
            std::fs::create_dir_all(planted.parent().unwrap()).unwrap();
            symlink("/nowhere", &planted).unwrap();
            let refused = refuse_links(&project).unwrap_err().to_string();
            assert!(refused.contains("is a link") && refused.contains(name), "{refused}");
        }
    }

    #[test]
    fn a_directory_in_the_place_of_a_file_is_refused_by_its_name() {
        let names = FILES.map(|name| format!(".aiwg/daemon/{name}"));
        for name in names.iter().map(String::as_str).chain([".aiwg/daemon.pid"]) {
            let (_dir, project) = Project::temporary();
            refuse_links(&project).unwrap();
            let planted = project.root().join(name);
            std::fs::create_dir_all(&planted).unwrap();
            let refused = refuse_links(&project).unwrap_err().to_string();
            let said = format!("{} is a directory", planted.display());
            assert!(refused.contains(&said) && refused.contains("remove it"), "{refused}");
        }
    }

    #[test]
    fn a_link_in_the_sockets_place_is_removed() {
        let (_dir, project) = Project::temporary();
        symlink("/nowhere", project.socket()).unwrap();
        refuse_links(&project).unwrap();
        assert!(project.socket().symlink_metadata().is_err());
    }
}
