//! Which directory is a linked work tree.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use aiwg_fs::read_bounded;

/// Largest of the small files that lead to a repository, in bytes: a path fits.
const LARGEST: u64 = 64 * 1024;

/// The main work tree, if this directory is in a linked one (`git worktree add`); for a bare repository its own directory. Only files are read: git is
/// not asked, and no process is started.
#[must_use]
pub fn is_linked(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    let link = dir.ancestors().map(|dir| dir.join(".git")).find(|link| link.symlink_metadata().is_ok())?;
    // Of the main work tree it is a directory.
    let text = read_bounded(&link, LARGEST).ok()?;
    let git_dir = path_in(link.parent()?, text.strip_prefix(b"gitdir: ")?);
    // That of a submodule has none.
    let common = path_in(&git_dir, &read_bounded(&git_dir.join("commondir"), LARGEST).ok()?);
    let common = common.canonicalize().unwrap_or_else(|_| without_dots(&common));
    match common.file_name() {
        Some(name) if name == ".git" => common.parent().map(Path::to_owned),
        _ => Some(common),
    }
}

/// The path that a line of a file says, from a directory.
fn path_in(dir: &Path, line: &[u8]) -> PathBuf {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    dir.join(OsStr::from_bytes(line.strip_suffix(b"\r").unwrap_or(line)))
}

/// A path to what may be gone, without its `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
