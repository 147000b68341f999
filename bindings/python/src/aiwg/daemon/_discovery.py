"""Finding the daemon's socket, the same way in every language."""

from __future__ import annotations

import os

from ._errors import no_project
from ._generated.constants import MAX_SOCKET_PATH, SOCKET_ENV, SOCKET_PATH


def discover_socket(
    socket_path: str | os.PathLike[str] | None, cwd: str | os.PathLike[str] | None
) -> str:
    """The socket given, else the one the environment names, else the nearest upwards from ``cwd``."""
    named = os.fspath(socket_path) if socket_path is not None else os.environ.get(SOCKET_ENV)
    if named:
        return named
    start = os.path.abspath(cwd if cwd is not None else os.getcwd())
    directory = start
    while True:
        path = os.path.join(directory, SOCKET_PATH)
        if os.path.lexists(path):
            return path
        parent = os.path.dirname(directory)
        if parent == directory:
            raise no_project(start, os.path.join(start, SOCKET_PATH))
        directory = parent


def connectable(path: str) -> str:
    """The path to give to the system: one that is too long for it is a link to a shorter one."""
    return os.path.realpath(path) if len(os.fsencode(path)) > MAX_SOCKET_PATH else path
