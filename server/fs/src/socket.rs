use std::{io, os::fd::OwnedFd, path::Path};

use rustix::{
    fs::{Mode, chmod, fchmod},
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with},
};

/// Listens at a path, for this user alone: nothing may be there yet. `backlog` connections may wait to be accepted. It does not block.
///
/// On Linux the file takes over the mode of the socket that it is bound from, so there is no moment in which it is open to others. Elsewhere a
/// directory that only its owner can enter has to serve for that moment, or a look at the user at the other end of each connection.
///
/// # Errors
/// Something is at the path, it is too long for a socket, or the system does not allow it.
pub fn listen_private(path: &Path, backlog: i32) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let mode = Mode::RUSR | Mode::WUSR;
    let _ = fchmod(&socket, mode);
    bind(&socket, &SocketAddrUnix::new(path)?)?;
    chmod(path, mode)?;
    listen(&socket, backlog)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_socket_is_the_users_alone_and_takes_nothings_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.sock");
        let _socket = listen_private(&path, 1).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(listen_private(&path, 1).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
