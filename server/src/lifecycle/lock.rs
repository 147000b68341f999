use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_shim::Process;
use rustix::fs::{FlockOperation, flock};

use crate::files::write_atomic;

/// For how long a lock may outlive the daemon that held it.
const LAST_MOMENTS: Duration = Duration::from_secs(2);

/// For how long whoever only looks whether the lock is held may hold it.
const LOOK: Duration = Duration::from_millis(50);

/// How often to look meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// The project's lock. The kernel drops it when its holder dies, however that happens: a stale lock cannot be.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; gives the process id of the daemon that holds it already, otherwise.
    ///
    /// # Errors
    /// The lock file cannot be opened.
    pub(crate) fn take(path: &Path) -> io::Result<Result<Self, Option<u32>>> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)?;
        let began = Instant::now();
        while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(error.into());
            }
            let holder = holder(&mut file)?;
            let lives = holder.and_then(Process::of).is_some_and(|process| process.is_alive());
            // A daemon that was killed while it started an agent: the child lets go of the lock when it has become the shim.
            if began.elapsed() >= if lives { LOOK } else { LAST_MOMENTS } {
                return Ok(Err(holder));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Ok(Self { _file: file }))
    }
}

fn holder(file: &mut File) -> io::Result<Option<u32>> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text.trim().parse().ok())
}

impl Lock {
    /// Whether someone holds the lock.
    pub(crate) fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
    }
}

/// `daemon.pid`, as long as this lives.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes it. The caller holds the lock, so one that is there is a dead daemon's.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(path: PathBuf) -> io::Result<Self> {
        write_atomic(&path, format!("{}\n", std::process::id()).as_bytes())?;
        Ok(Self { path })
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
