//! One bot, one daemon: two that receive for the same bot would each get a part of its messages.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use aiwg_fs::{open_private, private};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use crate::project::runtime_dir;

/// The most of a holder's note that is read, in bytes.
const LONGEST_NOTE: u64 = 4096;

/// The lock of a bot. It is free again when this is dropped, or the daemon ends.
#[derive(Debug)]
pub(super) struct BotLock(#[expect(dead_code, reason = "it holds the lock while it is open")] File);

/// Why a bot's lock is not to be had.
#[derive(Debug)]
pub(super) enum NotLocked {
    /// Another daemon has it: the project of that daemon.
    Held(String),
    /// It could not be looked at.
    Unreadable(io::Error),
}

impl BotLock {
    /// Takes the lock of the bot whose token has this fingerprint, for the daemon of a project.
    ///
    /// # Errors
    /// Another daemon has it, or it could not be looked at.
    pub(super) fn take(fingerprint: &str, project: &Path) -> Result<Self, NotLocked> {
        let path = runtime_dir().map_err(NotLocked::Unreadable)?.join(format!("bot-{fingerprint}.lock"));
        Self::take_at(&path, project)
    }

    fn take_at(path: &Path, project: &Path) -> Result<Self, NotLocked> {
        let file = open_private(private().read(true).truncate(false), path).map_err(NotLocked::Unreadable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let note = || {
                    file.set_len(0)?;
                    (&file).write_all(project.display().to_string().as_bytes())
                };
                note().map_err(NotLocked::Unreadable)?;
                Ok(Self(file))
            }
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // What cannot be read is still held.
                let _ = file.take(LONGEST_NOTE).read_to_string(&mut holder);
                Err(NotLocked::Held(holder))
            }
            Err(error) => Err(NotLocked::Unreadable(error.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_daemon_hears_whose_the_bot_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bot-x.lock");
        let first = BotLock::take_at(&path, Path::new("/one")).unwrap();
        match BotLock::take_at(&path, Path::new("/two")) {
            Err(NotLocked::Held(holder)) => assert_eq!(holder, "/one"),
            other => panic!("{other:?}"),
        }
        drop(first);
        let second = BotLock::take_at(&path, Path::new("/two")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "/two");
        drop(second);
    }
}
