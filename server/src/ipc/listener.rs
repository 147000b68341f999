//! Taking connections, from nobody but the daemon's own user.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aiwg_protocol::MAX_SOCKET_PATH;
use rustix::{
    fs::Mode,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind as bind_to, listen, socket_with},
};
use tokio::{net::UnixListener, net::UnixStream, task::JoinSet};

use super::{Daemon, connection};
use crate::project::{Project, make_private_dir};

/// How many connections may wait to be taken.
const BACKLOG: i32 = 1024;

/// How long connections have to take the last answers when the daemon stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// The bound socket.
pub(crate) struct Listener {
    socket: std::os::unix::net::UnixListener,
    /// Where it really is.
    pub(crate) path: PathBuf,
    /// Where it is looked for: a link to it, if its real place is elsewhere.
    known: PathBuf,
}

/// Binds the project's socket. The caller holds the project's lock, so whatever is in the way is a dead daemon's.
///
/// # Errors
/// It cannot be bound.
pub(crate) fn bind(project: &Project) -> io::Result<Listener> {
    let known = project.socket();
    let path = real_path(&known)?;
    for leftover in [&known, &path] {
        match std::fs::remove_file(leftover) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let socket = bind_private(&path)?;
    if path != known {
        std::os::unix::fs::symlink(&path, &known)?;
    }
    Ok(Listener { socket: socket.into(), path, known })
}

/// The place for the socket: where it is looked for, unless no system takes a path that long.
fn real_path(known: &Path) -> io::Result<PathBuf> {
    if known.as_os_str().len() <= MAX_SOCKET_PATH {
        return Ok(known.to_owned());
    }
    let base = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = base.join(format!("aiwg-{}", rustix::process::geteuid().as_raw()));
    make_private_dir(&dir)?;
    check_own(&dir)?;
    let mut hash = DefaultHasher::new();
    known.hash(&mut hash);
    Ok(dir.join(format!("{:016x}.sock", hash.finish())))
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
        let _ = std::fs::remove_file(&self.path);
        let _ = std::fs::remove_file(&self.known);
    }
}

/// Serves every connection until the daemon has stopped.
///
/// # Errors
/// The socket cannot be used.
pub(crate) async fn serve(listener: &Listener, daemon: Arc<Daemon>) -> io::Result<()> {
    let socket = UnixListener::from_std(listener.socket.try_clone()?)?;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok((stream, _)) => match stranger(&stream) {
                    None => drop(connections.spawn(connection::serve(stream, Arc::clone(&daemon)))),
                    Some(who) => tracing::warn!("a connection of another user was refused: {who}"),
                },
                Err(error) => {
                    // Most likely too many open files: a pause, or this would spin.
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = daemon.stopped.cancelled() => break,
        }
    }
    let _ =
        tokio::time::timeout(LAST_ANSWERS, async { while connections.join_next().await.is_some() {} }).await;
    Ok(())
}

/// Whoever else is at the other end. The file's mode keeps others out; this holds even if someone has changed it. Root may do anything anyway.
fn stranger(stream: &UnixStream) -> Option<String> {
    match stream.peer_cred() {
        Ok(peer) if peer.uid() == rustix::process::geteuid().as_raw() || peer.uid() == 0 => None,
        Ok(peer) => Some(format!("user {}", peer.uid())),
        Err(error) => Some(error.to_string()),
    }
}
