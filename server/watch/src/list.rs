//! Looking at a directory.

use std::{
    ffi::OsString,
    fs::{self, DirEntry, Metadata},
    io,
    path::Path,
};

use crate::{git::GIT, ignore_file::GITIGNORE};

/// Content of a directory. Nothing is known of the files yet: those that are ignored are never looked at.
#[derive(Default)]
pub(crate) struct Listing {
    /// Regular files and symbolic links.
    pub(crate) files: Vec<DirEntry>,
    pub(crate) directories: Vec<OsString>,
    /// The state of its `.gitignore`, if it has one.
    pub(crate) gitignore: Option<Metadata>,
    /// True if it has a `.git`.
    pub(crate) is_repository: bool,
    /// True if that is a file, which says where git's directory is.
    pub(crate) is_linked: bool,
}

/// Lists a directory.
///
/// # Errors
/// It cannot be listed; or it is a symbolic link by now, which may lead out of the project.
pub(crate) fn list(path: &Path) -> io::Result<Listing> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut listing = Listing::default();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        // What is gone by now brings an event of its own.
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        if name == GIT {
            listing.is_repository = true;
            listing.is_linked = kind.is_file();
        }
        if kind.is_dir() {
            listing.directories.push(name);
            continue;
        }
        // Whatever it is: where it cannot be read, that is said.
        if name == GITIGNORE {
            listing.gitignore = entry.metadata().ok();
        }
        if kind.is_file() || kind.is_symlink() {
            listing.files.push(entry);
        }
    }
    Ok(listing)
}

/// Kind of a file, of the link itself if it is one: symbolic links are not followed.
pub(crate) enum Entry {
    Nothing,
    File(Metadata),
    Directory,
    /// A file that cannot be looked at; what was known of it stands.
    Unknown,
}

pub(crate) fn entry(path: &Path) -> Entry {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => Entry::Directory,
        Ok(metadata) if metadata.is_file() || metadata.is_symlink() => Entry::File(metadata),
        // A socket, a pipe, a device.
        Ok(_) => Entry::Nothing,
        Err(error) if is_gone(&error) => Entry::Nothing,
        Err(_) => Entry::Unknown,
    }
}

/// True if an error says that there is nothing, rather than that it cannot be seen.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
