//! The place where a dashboard listens: a port of loopback, or a Unix socket.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use aiwg_fs::{Identity, at, listen_private};
use rustix::{
    fs::{FileType, lstat},
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
};

/// The port at the other end of `ssh -L` to a Unix socket, as an address suggests it.
pub const FORWARDED_PORT: u16 = 24940;

/// The number of connections that may wait to be accepted.
const BACKLOG: i32 = 128;

/// The place where a dashboard is to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// This port; any that is free, where it is 0. That is the better choice: a browser takes what it has kept of whoever served a port before
    /// (caches, service workers) for the dashboard's own.
    Port(u16),
    /// A Unix socket at this path, for the user alone.
    Unix(PathBuf),
}

/// The bound place.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix { listener: UnixListener, path: PathBuf, identity: Identity },
}

/// A connection.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

impl Listener {
    /// Binds it.
    ///
    /// # Errors
    /// It is taken, or the system does not allow it: the error says what to do.
    pub(crate) async fn bind(place: &Listen) -> io::Result<Self> {
        match place {
            Listen::Port(port) => match TcpListener::bind(loopback(*port)).await {
                Ok(listener) => Ok(Self::Tcp(listener)),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(io::Error::new(
                    error.kind(),
                    format!(
                        "port {port} is taken: name another one, or leave out --port for any that is free"
                    ),
                )),
                Err(error) => {
                    Err(io::Error::new(error.kind(), format!("port {port} cannot be used: {error}")))
                }
            },
            Listen::Unix(path) => bind_unix(path),
        }
    }

    /// The port; none of a Unix socket.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(|address| address.port()),
            Self::Unix { .. } => None,
        }
    }

    /// The next connection. Others than this user and root are not let in by a Unix socket.
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Connection>> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Small answers wait for nothing.
                let _ = stream.set_nodelay(true);
                Ok(Box::new(stream))
            }
            Self::Unix { listener, .. } => loop {
                let (stream, _) = listener.accept().await?;
                let us = rustix::process::geteuid().as_raw();
                if stream.peer_cred().is_ok_and(|peer| peer.uid() == us || peer.uid() == 0) {
                    return Ok(Box::new(stream));
                }
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, identity, .. } = self
            && identity.is_still_at(path)
        {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn bind_unix(path: &Path) -> io::Result<Listener> {
    make_way(path)?;
    let socket = listen_private(path, BACKLOG).map_err(at(path))?;
    let identity = Identity::at(path)?;
    let listener = UnixListener::from_std(std::os::unix::net::UnixListener::from(socket))?;
    // Its real place, wherever the process goes.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(Listener::Unix { listener, path, identity })
}

/// Removes the socket that a killed dashboard has left; anything else stays.
fn make_way(path: &Path) -> io::Result<()> {
    let Ok(found) = lstat(path) else { return Ok(()) };
    let is_socket = FileType::from_raw_mode(found.st_mode) == FileType::Socket;
    let taken =
        |why: &str| Err(io::Error::new(io::ErrorKind::AddrInUse, format!("{}: {why}", path.display())));
    if !is_socket || found.st_uid != rustix::process::geteuid().as_raw() {
        return taken("there is something else at this path: name another one");
    }
    if is_answered(path) {
        return taken("a program answers at this socket already: end it, or name another path");
    }
    std::fs::remove_file(path).map_err(at(path))
}

/// True if some process accepts connections at this path.
fn is_answered(path: &Path) -> bool {
    use rustix::io::Errno;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let Ok(socket) = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None) else { return true };
    let connected = SocketAddrUnix::new(path).and_then(|address| connect(&socket, &address));
    matches!(connected, Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_port_that_is_taken_is_reported_with_what_to_do() {
        let first = Listener::bind(&Listen::Port(0)).await.unwrap();
        let error = Listener::bind(&Listen::Port(first.port().unwrap())).await.err().unwrap();
        assert!(error.to_string().contains("leave out --port"), "{error}");
    }

    #[tokio::test]
    async fn a_socket_is_the_users_alone_and_only_a_dead_ones_place_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dashboard.sock");
        let place = Listen::Unix(path.clone());
        // As a killed one leaves it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = Listener::bind(&place).await.unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Listener::bind(&place).await.err().unwrap().to_string().contains("answers"));
        drop(first);
        assert!(!path.exists());
        std::fs::write(&path, "a file").unwrap();
        assert!(Listener::bind(&place).await.err().unwrap().to_string().contains("something else"));
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert!(Listener::bind(&place).await.is_err() && !dir.path().join("elsewhere").exists());
    }
}
