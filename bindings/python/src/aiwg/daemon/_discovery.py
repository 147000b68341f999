"""Finding the daemon's socket, the same way in every language."""

from __future__ import annotations

import os

from ._errors import no_project
from ._generated.constants import MAX_SOCKET_PATH, PROJECT_DIR, SOCKET_ENV, SOCKET_PATH
from ._trust import check_socket, check_trusted


class Address:
    """The address to connect to."""

    __slots__ = ("is_found", "path")

    def __init__(self, path: str, is_found: bool) -> None:
        self.path: str = path
        """The socket."""
        self.is_found: bool = is_found
        """True if nobody has named it: then it must be this user's daemon, or root's, that answers."""


def discover(
    socket_path: str | os.PathLike[str] | None, cwd: str | os.PathLike[str] | None
) -> Address:
    """The socket given, else the one the environment names, else that of the project ``cwd`` is in."""
    named = os.fspath(socket_path) if socket_path is not None else os.environ.get(SOCKET_ENV)
    if named:
        return Address(named, is_found=False)
    try:
        start = os.path.abspath(cwd if cwd is not None else os.getcwd())
    except FileNotFoundError:
        # The working directory has been deleted: it is in no project.
        start = "."
    project = _find_project(start)
    if project is None:
        raise no_project(start, os.path.join(start, SOCKET_PATH))
    check_trusted(os.path.join(project, PROJECT_DIR))
    return Address(os.path.join(project, SOCKET_PATH), is_found=True)


def project_of(address: Address) -> str | None:
    """The ``.aiwg`` of the project whose daemon has this socket; None for a socket elsewhere, as a tunnel's."""
    path = os.path.abspath(address.path)
    if path.endswith(os.sep + SOCKET_PATH):
        return os.path.join(path[: -len(SOCKET_PATH)], PROJECT_DIR)
    project = _find_project(os.getcwd())
    if project is None:
        return None
    # One that was named by the shorter path that a long one leads to.
    own = os.path.realpath(os.path.join(project, SOCKET_PATH))
    return os.path.join(project, PROJECT_DIR) if own == os.path.realpath(path) else None


def _find_project(start: str) -> str | None:
    """The nearest directory upwards that has a ``.aiwg``.

    The home directory's holds a user's settings: it counts for home itself only.
    """
    home = os.path.expanduser("~")
    directory = start
    while True:
        is_project = os.path.isdir(os.path.join(directory, PROJECT_DIR))
        if is_project and (directory == start or directory != home):
            return directory
        parent = os.path.dirname(directory)
        if parent in (directory, ""):
            return None
        directory = parent


def connectable(address: Address) -> str:
    """The path to give to the system: one that is too long for it is a link to a shorter one.

    Raises ``NotAllowedError`` where a socket that was found is not to be trusted.
    """
    path = address.path
    if address.is_found:
        check_socket(path)
    return os.path.realpath(path) if len(os.fsencode(path)) > MAX_SOCKET_PATH else path
