"""Finding the daemon's socket, the same way in every language."""

from __future__ import annotations

import os

from ._errors import no_project
from ._generated.constants import MAX_SOCKET_PATH, PROJECT_DIR, SOCKET_ENV, SOCKET_PATH
from ._trust import check_trusted


def discover_socket(
    socket_path: str | os.PathLike[str] | None, cwd: str | os.PathLike[str] | None
) -> str:
    """The socket given, else the one the environment names, else that of the project ``cwd`` is in."""
    named = os.fspath(socket_path) if socket_path is not None else os.environ.get(SOCKET_ENV)
    if named:
        return named
    start = os.path.abspath(cwd if cwd is not None else os.getcwd())
    project = _find_project(start)
    if project is None:
        raise no_project(start, os.path.join(start, SOCKET_PATH))
    check_trusted(os.path.join(project, PROJECT_DIR))
    return os.path.join(project, SOCKET_PATH)


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
        if parent == directory:
            return None
        directory = parent


def connectable(path: str) -> str:
    """The path to give to the system: one that is too long for it is a link to a shorter one."""
    return os.path.realpath(path) if len(os.fsencode(path)) > MAX_SOCKET_PATH else path
