"""The errors that a call may raise."""

from __future__ import annotations

import os

from ._generated.constants import PROJECT_DIR, SOCKET_ENV, START_COMMAND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Literal

    from ._generated.errors import ErrorKind

    ConnectionErrorKind = Literal[
        "no_daemon", "not_allowed", "disconnected", "timeout", "unreadable", "spool"
    ]
else:
    from ._hints import Hint, hints

    hints(
        globals(),
        {
            "collections.abc": "Mapping",
            "typing": "Any",
            "aiwg.daemon._generated.errors": "ErrorKind",
        },
    )
    ConnectionErrorKind = Hint("str")


class DaemonError(Exception):
    """The daemon answered with an error.

    Example::

        try:
            client.task.get(task_id="task-9999")
        except DaemonError as error:
            print(error.kind, error)
    """

    code: int
    """The JSON-RPC error code."""
    kind: ErrorKind | str
    """The stable name of the error: distinguish errors by it, never by the message.

    A newer daemon may have others than this package knows.
    """
    message: str
    """The error and its remedy, for people."""
    member: str | None
    """With ``invalid_params``: the member that is wrong, as a path such as ``env.PATH``."""
    data: Mapping[str, Any]
    """All that the daemon tells programs of the error, under the names of the wire.

    With ``invalid_payload``, ``data["errors"]`` has the ``path`` of each wrong place of the payload, a JSON Pointer, and
    a ``message``.
    """

    def __init__(
        self,
        code: int,
        kind: ErrorKind | str,
        message: str,
        member: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, kind, message, member, data)
        self.code = code
        self.kind = kind
        self.message = message
        self.member = member
        self.data = {} if data is None else data

    def __str__(self) -> str:
        return self.message

    @property
    def retryable(self) -> bool:
        """True if the same request may succeed when it is sent again later.

        Example::

            try:
                client.task.get(task_id="task-9999")
            except DaemonError as error:
                assert not error.retryable
        """
        from ._generated.errors import ERROR_KINDS

        info = ERROR_KINDS.get(self.kind)
        return info is not None and info.retryable


class DaemonConnectionError(ConnectionError):
    """There was no answer to use: the connection ended first, or something worse, as the subclasses say.

    What was asked for may have taken effect or not.

    Example::

        try:
            DaemonClient("/nowhere/daemon.sock").ping()
        except DaemonConnectionError as error:
            print(error.kind, error)
    """

    kind: ConnectionErrorKind = "disconnected"
    message: str
    is_lost: bool = False
    """True if the daemon went away, or the connection to it, after the request had been sent or while it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _NotConnectedError(DaemonConnectionError):
    """There is no connection to the socket."""

    path: str
    """The socket that was tried."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class NoDaemonError(_NotConnectedError):
    """Nothing answers at the socket, or there is none.

    Example::

        try:
            DaemonClient("/nowhere/daemon.sock").ping()
        except NoDaemonError as error:
            print(error.path)
    """

    kind: ConnectionErrorKind = "no_daemon"


class NotAllowedError(_NotConnectedError):
    """The socket cannot be opened: only the user who started the daemon can, and root.

    Or it is not to be: its project could be anyone's, or somebody else answers there.

    Example::

        try:
            DaemonClient().connect()
        except NotAllowedError as error:
            print(error.path)
    """

    kind: ConnectionErrorKind = "not_allowed"


class DaemonTimeoutError(DaemonConnectionError, TimeoutError):
    """There was no answer within the time that the caller gave; the call is cancelled.

    Example::

        try:
            client.wait_for("never:emitted", timeout=0.05)
        except DaemonTimeoutError as error:
            print(error)
    """

    kind: ConnectionErrorKind = "timeout"


class UnreadableError(DaemonConnectionError):
    """The answer came, and cannot be understood: the daemon may be newer than this package.

    The connection goes on, and so do other calls.

    Example::

        try:
            client.daemon.status()
        except UnreadableError as error:
            print(error)
    """

    kind: ConnectionErrorKind = "unreadable"


class SpoolError(DaemonConnectionError):
    """No daemon answers, and the event cannot wait for one on disk either: the spool is full, or cannot be written to.

    Example::

        try:
            DaemonClient("/nowhere/tunnel.sock").emit("commit:made", offline=True)
        except SpoolError as error:
            print(error)
    """

    kind: ConnectionErrorKind = "spool"


def no_project(directory: str, path: str) -> NoDaemonError:
    """Neither the directory nor one above it is a project."""
    return NoDaemonError(
        f"no daemon runs for {directory}: neither it nor a directory above it has a {PROJECT_DIR}; "
        f"start one with `{START_COMMAND}`",
        path,
    )


def not_connected(path: str, error: OSError) -> DaemonConnectionError:
    """There is no connection to this socket."""
    why = error.strerror or str(error)
    if isinstance(error, PermissionError):
        return NotAllowedError(
            f"the daemon's socket {path} cannot be opened ({why}); "
            "only the user who started the daemon can, and root",
            path,
        )
    return NoDaemonError(f"no daemon answers at {path} ({why}); {_what_to_do(path)}", path)


def _what_to_do(path: str) -> str:
    """A daemon that the environment leads to is another machine's as a rule: it cannot be started from here."""
    if path != os.environ.get(SOCKET_ENV):
        return f"start it with `{START_COMMAND}`"
    return (
        f"{SOCKET_ENV} leads there: see that the daemon runs where its project is and that the tunnel to it "
        "stands, or unset the variable"
    )


def disconnected(path: str, why: str, is_lost: bool = False) -> DaemonConnectionError:
    """The connection ended before the answer came. It is lost if that was nobody's doing at this end."""
    error = DaemonConnectionError(f"disconnected from the daemon at {path}: {why}")
    error.is_lost = is_lost
    return error


def is_lost(error: BaseException) -> bool:
    """True if the daemon went away before it answered."""
    return isinstance(error, DaemonConnectionError) and error.is_lost


def not_understood(why: str) -> UnreadableError:
    """There is an answer, but not one that this package knows how to read."""
    return UnreadableError(
        f"the daemon's answer cannot be understood: {why}; "
        "it may be newer than this package, which `pip install --upgrade aiwg` upgrades"
    )


def timed_out(method: str, timeout: float | None) -> DaemonTimeoutError:
    """The caller's time is over. One that was over from the beginning is a deadline that has passed."""
    if timeout == 0.0:
        return DaemonTimeoutError(f"the deadline of {method} has passed")
    return DaemonTimeoutError(f"no answer to {method} within {timeout} s")
