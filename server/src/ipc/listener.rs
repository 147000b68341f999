//! Taking connections, from nobody but the daemon's own user.

use std::{
    hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState},
    io,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aiwg_protocol::{ApiError, ErrorKind, MAX_SOCKET_PATH, wire::error_line};
use rustix::{
    fs::Mode,
    io::Errno,
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind as bind_to, connect, listen, socket_with,
    },
    process::{Resource, getrlimit},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::{MissedTickBehavior, interval_at, timeout},
};

use super::{Daemon, connection};
use crate::{
    files::{Identity, at},
    health::IssueKind,
    project::{Project, make_private_dir},
};

/// How many connections may wait to be taken.
const BACKLOG: i32 = 1024;

/// How long to wait after a connection could not be taken: so long at first, and up to so long when that happens again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long connections have to take the last answers when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How many clients may be told at once that there are too many, how long one of them is listened to, and how much it may say meanwhile, in bytes.
const MOST_REFUSED: usize = 64;
const REFUSING: Duration = Duration::from_secs(1);
const HEARD_OUT: u64 = 1 << 20;

/// How often to look whether the socket is still where clients look for it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a killed daemon may still seem to answer: the kernel closes its files one after the other.
const LAST_MOMENTS: Duration = Duration::from_secs(2);

/// The bound socket.
pub(crate) struct Listener {
    socket: std::os::unix::net::UnixListener,
    /// Where it really is.
    pub(crate) path: PathBuf,
    /// What is there since it was bound.
    identity: Identity,
    /// Where it is looked for: a link to it, if its real place is elsewhere.
    known: PathBuf,
}

/// Binds the project's socket. The caller holds the project's lock, so whatever is in the way is a dead daemon's, unless it answers.
///
/// # Errors
/// It cannot be bound, or another process answers there.
pub(crate) fn bind(project: &Project) -> io::Result<Listener> {
    let known = project.socket();
    let path = real_path(&known)?;
    let began = Instant::now();
    while is_answered(&path) {
        if began.elapsed() > LAST_MOMENTS {
            let message =
                "another process answers there, which does not hold the project's lock: end it first";
            return Err(io::Error::new(io::ErrorKind::AddrInUse, message));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    remove(&known)?;
    remove(&path)?;
    let socket = bind_private(&path)?;
    let listener = Listener { socket: socket.into(), identity: Identity::at(&path)?, path, known };
    listener.link()?;
    Ok(listener)
}

/// Whether some process takes connections at this path. One that is too busy to do so counts.
fn is_answered(path: &Path) -> bool {
    let connected = || -> rustix::io::Result<()> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&socket, &SocketAddrUnix::new(path)?)
    };
    matches!(connected(), Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS))
}

/// The same within a time.
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

impl Listener {
    /// Makes the link to it, where it is not where it is looked for.
    fn link(&self) -> io::Result<()> {
        if self.path == self.known { Ok(()) } else { std::os::unix::fs::symlink(&self.path, &self.known) }
    }

    /// Binds it again if somebody has removed it, or put something else in its place: what clients find there would be another's. This daemon
    /// holds the project's lock, so it is no other daemon's. True where that was so.
    fn bind_again(&mut self) -> io::Result<bool> {
        let is_there = self.identity.is_still_at(&self.path);
        if !is_there {
            remove(&self.path)?;
            self.socket = bind_private(&self.path)?.into();
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

/// Removes what is there, be it nothing.
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
    Ok(short_dir(&runtime_dirs(), &name)?.join(name))
}

/// Where sockets may be: what the system gives the user for that, which counts only if it is what the XDG specification says, and the
/// directory for what is temporary.
fn runtime_dirs() -> Vec<PathBuf> {
    let xdg = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let all = xdg.into_iter().chain([std::env::temp_dir(), PathBuf::from("/tmp")]);
    all.filter(|dir| dir.is_absolute() && dir.is_dir()).collect()
}

/// The name of the directory that all of this user's sockets are in.
fn usual_name() -> String {
    format!("aiwg-{}", rustix::process::geteuid().as_raw())
}

/// A directory of the user's alone in one of these, short enough. Where somebody else has made the one with the usual name, one with a name that
/// nobody can foresee: the link leads there.
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

/// Nobody else may own, enter or have planted the directory: `/tmp` is everyone's.
fn check_own(dir: &Path) -> io::Result<()> {
    let stat = rustix::fs::lstat(dir)?;
    let is_dir = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir();
    if !is_dir || stat.st_uid != rustix::process::geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
        let message = format!("{} is not a directory of this user's alone: remove it", dir.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    Ok(())
}

fn bind_private(path: &Path) -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    let mode = Mode::RUSR | Mode::WUSR;
    // On Linux the file takes over the mode of the socket it is bound from: there is no moment in which it is open to
    // others. Elsewhere the directory, which only its owner can enter, has to serve for that moment.
    let _ = rustix::fs::fchmod(&socket, mode);
    bind_to(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::fs::chmod(path, mode)?;
    listen(&socket, BACKLOG)?;
    Ok(socket)
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Not what another daemon has put there since.
        if self.identity.is_still_at(&self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
        if self.path == self.known {
            return;
        }
        if self.is_linked() {
            let _ = std::fs::remove_file(&self.known);
        }
        // The one that all of this user's sockets are in stays: another daemon may just be about to bind there.
        if let Some(own) = self.path.parent().filter(|dir| !dir.ends_with(usual_name())) {
            let _ = std::fs::remove_dir(own);
        }
    }
}

/// Serves every connection until the daemon has stopped.
///
/// # Errors
/// The socket cannot be used.
pub(crate) async fn serve(mut listener: Listener, daemon: Arc<Daemon>) -> io::Result<()> {
    let mut socket = UnixListener::from_std(listener.socket.try_clone()?)?;
    let (mut connections, mut refused) = (JoinSet::new(), JoinSet::new());
    let most = most_connections(daemon.settings.get().config.daemon.max_connections);
    let mut pause = SHORTEST_PAUSE;
    let mut look = interval_at(tokio::time::Instant::now() + LOOK_EVERY, LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => {
                    if std::mem::replace(&mut pause, SHORTEST_PAUSE) != SHORTEST_PAUSE {
                        daemon.health.clear(IssueKind::Connections);
                    }
                    match stranger(&stream) {
                        Some(who) => tracing::warn!("a connection of another user was refused: {who}"),
                        None if connections.len() < most => drop(connections.spawn(connection::serve(stream, Arc::clone(&daemon)))),
                        None if refused.len() < MOST_REFUSED => drop(refused.spawn(refuse(stream, most))),
                        None => tracing::debug!("a client could not be told that there are too many connections"),
                    }
                }
                Err(error) => {
                    // Most likely too many open files: a pause, or this would spin.
                    let message = format!("connections cannot be taken: {error}; those that wait are taken when files are closed");
                    tracing::warn!("{message}");
                    daemon.health.report(IssueKind::Connections, message);
                    tokio::time::sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            },
            _ = look.tick() => match listener.bind_again() {
                Ok(false) => {}
                Ok(true) => {
                    socket = UnixListener::from_std(listener.socket.try_clone()?)?;
                    daemon.health.clear(IssueKind::Socket);
                    tracing::warn!("the socket {} was removed or replaced, and is there again", listener.path.display());
                }
                // Its directory is gone as well, and with it the ground.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    tracing::debug!(%error, "the socket was removed, and cannot be bound again");
                }
                Err(error) => {
                    let message = format!("something is in the place of the socket, where nobody can reach this daemon: {error}; remove it");
                    daemon.health.report(IssueKind::Socket, message);
                }
            },
            Some(_) = connections.join_next() => {}
            Some(_) = refused.join_next() => {}
            () = daemon.stopped.cancelled() => break,
        }
    }
    let _ = timeout(LAST_ANSWERS, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

/// How many connections may be open: as many as are wanted, where the system lets so many files be open, of which half are kept for
/// agents and the database.
fn most_connections(wanted: u32) -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) / 2;
    usize::try_from(files.min(wanted.into())).unwrap_or(usize::MAX).max(1)
}

/// Tells a client why it is not served: once it has asked for something, so that what it hears is the answer, and before it is hung up on, so that
/// it does not fail at asking. One that says nothing is told all the same.
async fn refuse(mut stream: UnixStream, most: usize) {
    let message = format!(
        "{most} connections are open, and no more may be: close some, or raise daemon.max_connections and the limit of open files"
    );
    let line = error_line(&ApiError::new(ErrorKind::TooManyConnections, message));
    // What it asks for does not matter. To be told that there may be something to read would not do: there may be nothing.
    let _ = timeout(REFUSING, stream.read(&mut [0; 1024])).await;
    let told = async {
        stream.write_all(&line).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(HEARD_OUT), &mut tokio::io::sink()).await
    };
    if let Ok(Err(error)) = timeout(REFUSING, told).await {
        tracing::debug!(%error, "a client could not be told that there are too many connections");
    }
}

/// Whoever else is at the other end. The file's mode keeps others out; this holds even if someone has changed it. Root may do anything anyway.
fn stranger(stream: &UnixStream) -> Option<String> {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == rustix::process::geteuid().as_raw() || peer.uid() == 0 => None,
        Ok(peer) => Some(format!("user {}", peer.uid())),
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_that_answers_is_nobodys_leftover() {
        let (_dir, project) = Project::temporary();
        let other = UnixListener::bind(project.socket()).unwrap();
        assert_eq!(bind(&project).err().unwrap().kind(), io::ErrorKind::AddrInUse);
        drop(other);
        let ours = bind(&project).unwrap();
        // Another one in its place is not removed with it.
        std::fs::remove_file(project.socket()).unwrap();
        let _other = UnixListener::bind(project.socket()).unwrap();
        drop(ours);
        assert!(project.socket().exists());
    }

    #[test]
    fn one_that_is_removed_comes_back() {
        let (_dir, project) = Project::temporary();
        let mut ours = bind(&project).unwrap();
        assert!(!ours.bind_again().unwrap());
        std::fs::remove_file(project.socket()).unwrap();
        assert!(ours.bind_again().unwrap() && is_answered(&project.socket()));
        drop(ours);
        assert!(!project.socket().exists());
    }

    #[test]
    fn one_that_is_replaced_comes_back() {
        let (_dir, project) = Project::temporary();
        let mut ours = bind(&project).unwrap();
        std::fs::remove_file(project.socket()).unwrap();
        let other = UnixListener::bind(project.socket()).unwrap();
        assert!(ours.bind_again().unwrap());
        drop(other);
        assert!(is_answered(&project.socket()) && !ours.bind_again().unwrap());
        std::fs::remove_file(project.socket()).unwrap();
        std::os::unix::fs::symlink("/nowhere", project.socket()).unwrap();
        assert!(ours.bind_again().unwrap() && is_answered(&project.socket()));
        // What cannot be taken away is said.
        std::fs::remove_file(project.socket()).unwrap();
        std::fs::create_dir(project.socket()).unwrap();
        assert!(ours.bind_again().unwrap_err().to_string().contains("daemon.sock"));
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
