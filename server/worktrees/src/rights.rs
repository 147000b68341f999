//! Rights that an agent has taken from the files in its tree.

use std::{
    fs,
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
