//! Checks of the owner of files that decide what runs: the user who asks, or root.
//!
//! A `.aiwg` names commands, and its socket is given prompts. In a directory that many can write, such as `/tmp`, anyone can put one in the
//! way of all who work below it. So it counts only where nobody else could have made it or can change it, as git has it with
//! `safe.directory`. Like git, and unlike ssh, this allows a group to write: a directory is given into a group's hands on purpose, and where every
//! user has a group of his own all directories are.

use std::{
    fmt, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{MAX_SOCKET_PATH, SAFE_DIRECTORY_ENV, SOCKET_ENV, START_COMMAND};

/// The reason for which a path is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    path: PathBuf,
    why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// The directory, or the link that is there, is this user's.
    BelongsTo(u32),
    /// Everyone can change it.
    IsOpenToAll,
    /// The path is a link where the daemon makes none.
    IsALink,
    /// The path is a link to where others could have put something, too.
    LeadsAmongOthers,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.why {
            Why::BelongsTo(owner) => write!(
                f,
                "{path} is not to be trusted: it belongs to user {owner}, who could have anything run here as {}; if that is meant, set \
                 {SAFE_DIRECTORY_ENV} to the project's directory; for a project of your own, `aiwg init` in its directory comes before \
                 `{START_COMMAND}`",
                us()
            ),
            Why::IsOpenToAll => write!(
                f,
                "{path} is not to be trusted: everyone can write to it, and so have anything run here; `chmod o-w {path}` mends that, once you \
                 have seen what is in it"
            ),
            Why::IsALink => write!(
                f,
                "{path} is not to be trusted: it is a link, and the daemon makes none there: whoever made it could have it lead anywhere; \
                 remove it, or name the socket that is meant with {SOCKET_ENV}"
            ),
            Why::LeadsAmongOthers => write!(
                f,
                "{path} is not to be trusted: it leads to a directory in which others can put a socket, too; remove it, or name the socket that \
                 is meant with {SOCKET_ENV}"
            ),
        }
    }
}

impl std::error::Error for Untrusted {}

impl From<Untrusted> for io::Error {
    fn from(why: Untrusted) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, why)
    }
}

/// Sees whether what is at this path may be acted upon: if it is a link, both the link and what it leads to.
///
/// # Errors
/// It may not, or there is nothing that could be seen.
pub fn check(path: &Path) -> io::Result<()> {
    check_opened(path, &path.metadata()?)
}

/// The same where what is there has been opened already, so that nobody can put another one in its place between the look and the reading.
///
/// # Errors
/// It may not be acted upon.
pub fn check_opened(path: &Path, opened: &std::fs::Metadata) -> io::Result<()> {
    check_owner(path, path.symlink_metadata()?.uid())?;
    check_owner(path, opened.uid())?;
    if opened.mode() & 0o002 != 0 && !is_exempt(path) {
        return Err(Untrusted { path: path.to_owned(), why: Why::IsOpenToAll }.into());
    }
    Ok(())
}

/// Checks that the socket found in a project is as its daemon makes it: a socket of the user or of root, in a directory
/// of the user or of root. A link is allowed only where the path is too long for a socket, and only to a directory that
/// is the user's alone. Otherwise whoever ships a project could have it lead elsewhere, for example to another
/// project's daemon. A path that does not exist passes: connecting to it reports that no daemon runs.
///
/// # Errors
/// The socket is something else, or belongs to someone else.
pub fn check_socket(path: &Path) -> io::Result<()> {
    match check_way_to(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(())
        }
        other => other,
    }
}

fn check_way_to(path: &Path) -> io::Result<()> {
    let Some(directory) = path.parent().filter(|_| !is_exempt(path)) else { return Ok(()) };
    if directory.is_symlink() {
        return Err(Untrusted { path: directory.to_owned(), why: Why::IsALink }.into());
    }
    check(directory)?;
    if path.is_symlink() {
        check_link(path)?;
    }
    Ok(check_owner(path, path.metadata()?.uid())?)
}

fn check_link(path: &Path) -> io::Result<()> {
    if path.as_os_str().len() <= MAX_SOCKET_PATH {
        return Err(Untrusted { path: path.to_owned(), why: Why::IsALink }.into());
    }
    check_owner(path, path.symlink_metadata()?.uid())?;
    let target = path.canonicalize()?;
    let Some(directory) = target.parent() else { return Ok(()) };
    let found = directory.metadata()?;
    check_owner(directory, found.uid())?;
    if found.mode() & 0o022 != 0 {
        return Err(Untrusted { path: path.to_owned(), why: Why::LeadsAmongOthers }.into());
    }
    Ok(())
}

fn check_owner(path: &Path, owner: u32) -> Result<(), Untrusted> {
    if owner == us() || owner == 0 || is_exempt(path) {
        return Ok(());
    }
    Err(Untrusted { path: path.to_owned(), why: Why::BelongsTo(owner) })
}

/// True if the person has declared that a path may belong to anyone: [`SAFE_DIRECTORY_ENV`] lists directories as `PATH`
/// does, and `*` stands for all.
pub fn is_exempt(path: &Path) -> bool {
    let Some(safe) = std::env::var_os(SAFE_DIRECTORY_ENV) else { return false };
    std::env::split_paths(&safe).filter(|safe| !safe.as_os_str().is_empty()).any(|safe| {
        safe.as_os_str() == "*"
            || path.starts_with(&safe)
            || safe.canonicalize().is_ok_and(|safe| path.starts_with(safe))
    })
}

fn us() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_what_nobody_else_can_change_is_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("own");
        std::fs::create_dir(&own).unwrap();
        let mode = |mode| std::fs::set_permissions(&own, std::fs::Permissions::from_mode(mode)).unwrap();
        for fine in [0o700, 0o755, 0o775] {
            mode(fine);
            check(&own).unwrap();
        }
        let link = dir.path().join("link");
        symlink(&own, &link).unwrap();
        check(&link).unwrap();
        mode(0o777);
        assert!(check(&own).unwrap_err().to_string().contains("chmod o-w"));
        assert!(check(&link).is_err());
        mode(0o1777);
        assert!(check(&own).is_err());
        assert_eq!(check(&dir.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_belongs_to_another_is_not() {
        let another = us() + 1;
        let refused = check_owner(Path::new("/tmp/.aiwg"), another).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("belongs to user {another}")) && refused.contains(SAFE_DIRECTORY_ENV)
        );
        check_owner(Path::new("/etc/aiwg.json"), 0).unwrap();
    }
}
