//! The project's socket: where it is, and that it is the daemon's own.

use std::{
    hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState},
    io,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use aiwg_fs::{Identity, at, listen_private};
use aiwg_protocol::MAX_SOCKET_PATH;
use aiwg_shim::Process;
use rustix::{
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use tokio::net::UnixListener;

use crate::project::{Project, check_own, made_runtime_dirs, make_private_dir, usual_name};

/// The number of connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// The longest time for which a killed daemon may still seem to answer: the kernel closes its files one after the other.
const LAST_MOMENTS: Duration = Duration::from_secs(2);

/// The bound socket.
pub(crate) struct Listener {
    socket: std::os::unix::net::UnixListener,
    /// Its real path.
    pub(crate) path: PathBuf,
    /// The identity of the socket's file when it was bound.
    identity: Identity,
    /// The path where clients look for it: a link to it, if its real place is elsewhere.
    known: PathBuf,
    /// The lock's path, and the file there that this daemon holds: as long as that is so, no other daemon serves the project.
    lock: Option<(PathBuf, Identity)>,
}

/// Binds the project's socket. The caller holds the project's lock, a file of this identity, so a file in the way is a dead daemon's, unless a process
/// answers there.
///
/// # Errors
/// It cannot be bound, or another process answers there.
pub(crate) fn bind(project: &Project, lock: Option<Identity>) -> io::Result<Listener> {
    let known = project.socket();
    let path = real_path(&known)?;
    let began = Instant::now();
    while let Some(process) = answering(&path) {
        // An agent has no business there, and could keep every daemon from starting.
        if process.is_some_and(Process::is_kept) {
            break;
        }
        if began.elapsed() > LAST_MOMENTS {
            let which = process.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
            let message =
                format!("{which} answers at this path, but does not hold the project's lock: end it first");
            return Err(io::Error::new(io::ErrorKind::AddrInUse, message));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    remove(&known)?;
    remove(&path)?;
    let socket = listen_private(&path, BACKLOG)?;
    let identity = Identity::at(&path)?;
    let lock = lock.map(|lock| (project.lock(), lock));
    let listener = Listener { socket: socket.into(), identity, path, known, lock };
    listener.link()?;
    Ok(listener)
}

/// The process that accepts connections at this path, where the system names it; none if no process does. One that is too busy to accept counts.
fn answering(path: &Path) -> Option<Option<u32>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).ok()?;
    match SocketAddrUnix::new(path).and_then(|address| connect(&socket, &address)) {
        Ok(()) => Some(peer(&socket)),
        Err(Errno::AGAIN | Errno::INPROGRESS) => Some(None),
        Err(_) => None,
    }
}

/// True if some process accepts connections at this path.
fn is_answered(path: &Path) -> bool {
    answering(path).is_some()
}

/// True if some process accepts connections at this path within a time.
pub(crate) fn is_answered_within(time: Duration, path: &Path) -> bool {
    let began = Instant::now();
    while !is_answered(path) {
        if began.elapsed() >= time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// The process that listens at the other end.
#[cfg(target_os = "linux")]
fn peer(socket: &OwnedFd) -> Option<u32> {
    let pid = rustix::net::sockopt::socket_peercred(socket).ok()?.pid;
    u32::try_from(pid.as_raw_pid()).ok()
}

#[cfg(not(target_os = "linux"))]
fn peer(_: &OwnedFd) -> Option<u32> {
    None
}

impl Listener {
    /// The listener from which connections are accepted.
    pub(super) fn listen(&self) -> io::Result<UnixListener> {
        UnixListener::from_std(self.socket.try_clone()?)
    }

    /// Makes the link to it, where it is not where it is looked for.
    fn link(&self) -> io::Result<()> {
        if self.path == self.known { Ok(()) } else { std::os::unix::fs::symlink(&self.path, &self.known) }
    }

    /// False once the lock that this daemon holds was removed or replaced: then the socket in its place may be another daemon's.
    fn holds_lock(&self) -> bool {
        self.lock.as_ref().is_none_or(|(path, identity)| identity.is_still_at(path))
    }

    /// Binds it again if it was removed, or another file put in its place, in which clients would find another server. That file is no
    /// other daemon's, as this one holds the project's lock; where it does not any more, it leaves everything as it is, and the state guard ends it.
    /// True if it bound it again.
    pub(super) fn bind_again(&mut self) -> io::Result<bool> {
        if !self.holds_lock() {
            return Ok(false);
        }
        let is_there = self.identity.is_still_at(&self.path);
        if !is_there {
            remove(&self.path)?;
            self.socket = listen_private(&self.path, BACKLOG)?.into();
            self.identity = Identity::at(&self.path)?;
        }
        if self.path != self.known && !self.is_linked() {
            remove(&self.known)?;
            self.link()?;
        }
        Ok(!is_there)
    }

    fn is_linked(&self) -> bool {
        std::fs::read_link(&self.known).is_ok_and(|leads_to| leads_to == self.path)
    }
}

/// Removes the file at a path, if there is one.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

/// The place for the socket: where it is looked for, unless no system takes a path that long.
fn real_path(known: &Path) -> io::Result<PathBuf> {
    if known.as_os_str().len() <= MAX_SOCKET_PATH {
        return Ok(known.to_owned());
    }
    let mut hash = DefaultHasher::new();
    known.hash(&mut hash);
    let name = format!("{:016x}.sock", hash.finish());
    Ok(short_dir(&made_runtime_dirs(), &name)?.join(name))
}

/// A directory of the user's alone in one of these, short enough. If another user has made the one with the usual name, one with a name that no
/// other can foresee: the link leads there.
fn short_dir(bases: &[PathBuf], name: &str) -> io::Result<PathBuf> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no directory is short enough for the socket");
    let dirs = bases.iter().map(|base| base.join(usual_name()));
    for dir in dirs.filter(|dir| dir.as_os_str().len() + 1 + name.len() <= MAX_SOCKET_PATH) {
        match make_private_dir(&dir).and_then(|_| check_own(&dir)) {
            Ok(()) => return Ok(dir),
            Err(error) => last = error,
        }
    }
    for base in bases {
        let random = RandomState::new().hash_one(std::process::id());
        let dir = base.join(format!("{}-{random:016x}", usual_name()));
        if dir.as_os_str().len() + 1 + name.len() > MAX_SOCKET_PATH {
            continue;
        }
        match std::fs::DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => {
                tracing::warn!("{last}; the socket is in {} instead", dir.display());
                return Ok(dir);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Not the socket that another daemon has put there since, nor its link, which leads to the same path.
        let is_there = self.identity.is_still_at(&self.path);
        if is_there {
            let _ = std::fs::remove_file(&self.path);
        }
        if self.path == self.known {
            return;
        }
        if (is_there || self.holds_lock()) && self.is_linked() {
            let _ = std::fs::remove_file(&self.known);
        }
        // The one that all of this user's sockets are in stays: another daemon may just be about to bind there.
        if let Some(own) = self.path.parent().filter(|dir| !dir.ends_with(usual_name())) {
            let _ = std::fs::remove_dir(own);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::lifecycle::Lock;

    #[test]
    fn a_socket_that_answers_is_no_leftover() {
        let (_dir, project) = Project::temporary();
        let other = UnixListener::bind(project.socket()).unwrap();
        assert_eq!(bind(&project, None).err().unwrap().kind(), io::ErrorKind::AddrInUse);
        drop(other);
        let ours = bind(&project, None).unwrap();
        // Another one in its place is not removed with it.
        std::fs::remove_file(project.socket()).unwrap();
        let _other = UnixListener::bind(project.socket()).unwrap();
        drop(ours);
        assert!(project.socket().exists());
    }

    #[test]
    fn one_that_is_removed_comes_back() {
        let (_dir, project) = Project::temporary();
        let mut ours = bind(&project, None).unwrap();
        assert!(!ours.bind_again().unwrap());
        std::fs::remove_file(project.socket()).unwrap();
        assert!(ours.bind_again().unwrap() && is_answered(&project.socket()));
        drop(ours);
        assert!(!project.socket().exists());
    }

    #[test]
    fn one_that_is_replaced_comes_back() {
        let (_dir, project) = Project::temporary();
        let mut ours = bind(&project, None).unwrap();
        std::fs::remove_file(project.socket()).unwrap();
        let other = UnixListener::bind(project.socket()).unwrap();
        assert!(ours.bind_again().unwrap());
        drop(other);
        assert!(is_answered(&project.socket()) && !ours.bind_again().unwrap());
        std::fs::remove_file(project.socket()).unwrap();
        std::os::unix::fs::symlink("/nowhere", project.socket()).unwrap();
        assert!(ours.bind_again().unwrap() && is_answered(&project.socket()));
        // An obstacle that cannot be removed is reported.
        std::fs::remove_file(project.socket()).unwrap();
        std::fs::create_dir(project.socket()).unwrap();
        assert!(ours.bind_again().unwrap_err().to_string().contains("daemon.sock"));
    }

    /// A daemon's lock and socket, in a project that is made anew for each.
    fn daemon(root: &Path) -> (Project, Lock, Listener) {
        std::fs::create_dir(root).unwrap();
        let project = Project::at(root).unwrap();
        project.make_dirs().unwrap();
        let lock = Lock::take(&project, None, true).unwrap().unwrap();
        let listener = bind(&project, lock.identity().unwrap()).unwrap();
        (project, lock, listener)
    }

    #[test]
    fn what_another_daemon_has_in_a_project_that_was_made_again_stays() {
        let dir = tempfile::tempdir().unwrap();
        // The second one's socket has its place elsewhere, and a link to it.
        for name in ["short".to_owned(), "x".repeat(MAX_SOCKET_PATH)] {
            let root = dir.path().join(name);
            let (project, _lock, mut first) = daemon(&root);
            std::fs::remove_dir_all(&root).unwrap();
            // As long as it answers elsewhere, there is no second one.
            let _ = std::fs::remove_file(&first.path);
            let (_, _lock, second) = daemon(&root);
            let is_seconds = || {
                second.identity.is_still_at(&second.path)
                    && is_answered(&project.socket().canonicalize().unwrap())
            };
            assert!(!first.bind_again().unwrap() && is_seconds());
            drop(first);
            assert!(is_seconds());
        }
    }

    #[test]
    fn a_directory_that_was_planted_is_not_used() {
        let base = tempfile::tempdir().unwrap();
        let usual = base.path().join(usual_name());
        let bases = [base.path().to_owned()];
        assert_eq!(short_dir(&bases, "x.sock").unwrap(), usual);
        std::fs::remove_dir(&usual).unwrap();
        std::os::unix::fs::symlink("/", &usual).unwrap();
        let other = short_dir(&bases, "x.sock").unwrap();
        assert!(other != usual && other.starts_with(base.path()), "{}", other.display());
        check_own(&other).unwrap();
    }
}
