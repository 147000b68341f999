"""Whose project one may be drawn into, the same in every language: one's own, or root's."""

from __future__ import annotations

import os
import stat

from ._errors import NotAllowedError
from ._generated.constants import SAFE_DIRECTORY_ENV


def check_trusted(path: str) -> None:
    """Fails where somebody else could have made this ``.aiwg``, or could change it.

    In a directory that many can write, such as ``/tmp``, he would be told all that is meant for the daemon.
    """
    if _is_exempt(path):
        return
    found = os.stat(path)
    for owner in (os.lstat(path).st_uid, found.st_uid):
        if owner not in (os.geteuid(), 0):
            raise _not_trusted(
                path,
                f"it belongs to user {owner}; if that is meant, set {SAFE_DIRECTORY_ENV} to the project's directory",
            )
    if found.st_mode & stat.S_IWOTH:
        raise _not_trusted(path, f"everyone can write to it; `chmod o-w {path}` mends that")


def _is_exempt(path: str) -> bool:
    safe = os.environ.get(SAFE_DIRECTORY_ENV, "").split(os.pathsep)
    return any(
        directory == "*" or (directory and path.startswith(directory.rstrip(os.sep) + os.sep))
        for directory in safe
    )


def _not_trusted(path: str, why: str) -> NotAllowedError:
    return NotAllowedError(f"{path} is not to be trusted: {why}", path)
