//! Rights that an agent has taken from the files in its tree, and the removal of trees.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use rustix::process::geteuid;

/// Gives us back what we may do with our own files and directories below one, itself included; no link is followed. What belongs to others stays.
pub(crate) fn give_back(top: &Path) {
    let mut paths = vec![top.to_owned()];
    while let Some(path) = paths.pop() {
        let Ok(found) = path.symlink_metadata() else { continue };
        let needed = if found.is_dir() { 0o700 } else { 0o600 };
        let mode = found.mode() & 0o7777;
        let is_ours = found.uid() == geteuid().as_raw() && (found.is_dir() || found.is_file());
        if is_ours && mode & needed != needed {
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(mode | needed));
        }
        if found.is_dir() {
            paths.extend(fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        }
    }
}

/// Removes a directory with all that is in it, also where its owner may not write; it need not be there.
pub(crate) fn remove_all(dir: &Path) -> io::Result<()> {
    let removed = || match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(found) if !found.is_dir() => fs::remove_file(dir),
        _ => fs::remove_dir_all(dir),
    };
    removed().or_else(|_| {
        give_back(dir);
        removed()
    })
}
