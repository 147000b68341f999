"""The projects that a client trusts, the same in every language: the user's own, and root's."""

from __future__ import annotations

import os
import socket
import stat
import sys

from ._errors import NotAllowedError
from ._generated.constants import MAX_SOCKET_PATH, SAFE_DIRECTORY_ENV, SOCKET_ENV


def check_trusted(path: str) -> None:
    """Fails if somebody else could have made this ``.aiwg``, or could change it.

    In a directory that many can write, such as ``/tmp``, that person would receive everything that is meant for the daemon.
    """
    if _is_exempt(path):
        return
    found = os.stat(path)
    for owner in (os.lstat(path).st_uid, found.st_uid):
        _check_owner(path, owner)
    if found.st_mode & stat.S_IWOTH:
        raise _not_trusted(path, f"everyone can write to it; `chmod o-w {path}` mends that")


def check_socket(path: str) -> None:
    """Fails if the socket found in a project is not as its daemon makes it.

    That is a socket of the user or of root, in a directory of the user or of root. A link is allowed only where the path
    is too long for a socket, and only to a directory that is the user's alone. Otherwise whoever ships a project could
    have it lead elsewhere. A path that does not exist passes: connecting to it reports that no daemon runs.
    """
    directory = os.path.dirname(path)
    if _is_exempt(path):
        return
    try:
        if os.path.islink(directory):
            raise _not_trusted(directory, "it is a link, and the daemon makes a directory there")
        check_trusted(directory)
        if os.path.islink(path):
            _check_link(path)
        _check_owner(path, os.stat(path).st_uid)
    except FileNotFoundError:
        pass


def _check_link(path: str) -> None:
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        raise _not_trusted(path, "it is a link, and the daemon makes a socket there")
    _check_owner(path, os.lstat(path).st_uid)
    directory = os.path.dirname(os.path.realpath(path))
    _check_owner(directory, os.stat(directory).st_uid)
    if os.stat(directory).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _not_trusted(path, f"it leads to a socket in {directory}, where others can put one")


def check_peer(connection: socket.socket, path: str) -> None:
    """Fails if a process of another user answers at a socket that was found: the kernel knows."""
    user = _peer_user(connection)
    if user is None or user in (os.geteuid(), 0) or _is_exempt(path):
        return
    raise NotAllowedError(
        f"the socket {path} is answered by user {user}, so nothing was sent to it; "
        f"if that is meant, name it with {SOCKET_ENV}",
        path,
    )


def _peer_user(connection: socket.socket) -> int | None:
    """The user of the process at the other end; None if the system does not report it."""
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    # ``struct ucred``: three numbers of four bytes, of which the user is the second.
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, 12)
    return int.from_bytes(credentials[4:8], sys.byteorder)


def _check_owner(path: str, owner: int) -> None:
    if owner not in (os.geteuid(), 0):
        raise _not_trusted(
            path,
            f"it belongs to user {owner}; if that is meant, set {SAFE_DIRECTORY_ENV} to the project's directory",
        )


def _is_exempt(path: str) -> bool:
    safe = os.environ.get(SAFE_DIRECTORY_ENV, "").split(os.pathsep)
    return any(
        directory == "*" or (directory and path.startswith(directory.rstrip(os.sep) + os.sep))
        for directory in safe
    )


def _not_trusted(path: str, why: str) -> NotAllowedError:
    return NotAllowedError(f"{path} is not to be trusted: {why}", path)
