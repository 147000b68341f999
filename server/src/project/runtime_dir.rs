//! The user's own directory for what lasts only as long as daemons run.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use super::make_private_dir;

/// The variable of the environment by which a person names the directory where the user's directory is.
pub const RUNTIME_DIR_ENV: &str = "AIWG_RUNTIME_DIR";

/// The directories where such a one may be: the one that the person names; else the one that the system gives the user for them, if it is as the XDG
/// specification demands, and the directory for temporary files.
pub(crate) fn runtime_dirs() -> Vec<PathBuf> {
    if let Some(named) = named_runtime_dir() {
        return vec![named];
    }
    let xdg = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let all = xdg.into_iter().chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
    all.filter(|dir| dir.is_absolute() && dir.is_dir()).collect()
}

/// The same, of which the one that the person names is made if need be. Where it cannot be, that shows when it is used.
pub(crate) fn made_runtime_dirs() -> Vec<PathBuf> {
    if let Some(named) = named_runtime_dir() {
        let _ = DirBuilder::new().recursive(true).mode(0o700).create(named);
    }
    runtime_dirs()
}

/// The directory that the person names, whether it is there or not: in place of one that is not there no other is taken, whose daemons are
/// other ones.
pub fn named_runtime_dir() -> Option<PathBuf> {
    std::path::absolute(std::env::var_os(RUNTIME_DIR_ENV)?).ok()
}

/// The name of the directory that all of this user's daemons have there.
pub(crate) fn usual_name() -> String {
    format!("aiwg-{}", rustix::process::geteuid().as_raw())
}

/// Checks that no other user owns, may enter or has planted the directory: `/tmp` is everyone's.
pub(crate) fn check_own(dir: &Path) -> io::Result<()> {
    let stat = rustix::fs::lstat(dir)?;
    let is_dir = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir();
    if !is_dir || stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
        let message = format!("{} is not a directory of this user's alone: remove it", dir.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

/// The user's directory, which is made if need be.
///
/// # Errors
/// There is none that is the user's alone.
pub fn runtime_dir() -> io::Result<PathBuf> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "there is no directory for temporary files");
    for dir in made_runtime_dirs().iter().map(|base| base.join(usual_name())) {
        match make_private_dir(&dir).and_then(|_| check_own(&dir)) {
            Ok(()) => return Ok(dir),
            Err(error) => last = error,
        }
    }
    Err(last)
}
