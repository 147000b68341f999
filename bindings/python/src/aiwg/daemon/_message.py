"""Lines and messages, without a connection."""

from __future__ import annotations

from ._errors import DaemonError, not_understood
from ._generated.constants import MAX_ANSWER_BYTES
from ._json_text import decode, encode
from ._logging import logger
from ._reading import UNREADABLE as UNREADABLE
from ._reading import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable, Protocol

    from ._notification import Notification

    class Waiting(Protocol):
        """A call that waits for its answer."""

        size: int
        """Size of its request, in bytes."""

        def succeed(self, result: Any) -> None:
            """Takes the result."""

        def fail(self, error: Exception) -> None:
            """Takes the error."""


class LineTooLongError(ValueError):
    """A line is longer than a daemon's ever is."""


def unreadable(error: Exception) -> str:
    """Why nothing more is read where a line was not understood."""
    if isinstance(error, LineTooLongError):
        return f"it sent a line of more than {MAX_ANSWER_BYTES} bytes"
    return "it sent a line that is not JSON-RPC"


class Lines:
    """Lines out of chunks of bytes, of a bounded length."""

    def __init__(self, limit: int = MAX_ANSWER_BYTES) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def push(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk ends. Raises ``LineTooLongError``."""
        end = chunk.rfind(b"\n")
        if end < 0:
            self._size += len(chunk)
            if self._size > self._limit:
                self._pieces = []
                raise LineTooLongError
            self._pieces.append(chunk)
            return []
        whole = b"".join([*self._pieces, chunk[:end]])
        self._pieces = [chunk[end + 1 :]] if end + 1 < len(chunk) else []
        self._size = len(chunk) - end - 1
        return whole.split(b"\n")


def _line(message: Mapping[str, object]) -> bytes:
    return encode(message) + b"\n"


def request_line(call_id: int, method: str, params: Mapping[str, object] | None) -> bytes:
    """A request. None of it is written yet when this raises, because JSON cannot hold it."""
    head: dict[str, object] = {"jsonrpc": "2.0", "id": call_id, "method": method}
    if params is not None:
        head["params"] = params
    return _line(head)


def cancel_line(call_id: int) -> bytes:
    """The notification that cancels a call."""
    return notification_line("rpc.cancel", {"id": call_id})


def notification_line(method: str, params: Mapping[str, object]) -> bytes:
    """A request that is carried out and not answered."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


# The kind of error that is about the whole connection: it is one too many, and the daemon reads
# nothing of it.
_OF_ALL = "too_many_connections"


def read_message(line: bytes) -> dict[str, Any]:
    """The message that a line is. Raises one of ``UNREADABLE`` when it is none."""
    message: Any = decode(line.decode())
    if not isinstance(message, dict):
        raise TypeError("not an object")
    return cast("dict[str, Any]", message)


def dispatch(
    line: bytes, calls: dict[int, Waiting], notify: Callable[[Notification], None]
) -> None:
    """Gives a line to whom it belongs. Raises one of ``UNREADABLE`` when it is not a message."""
    message = read_message(line)
    if "method" in message:
        return _notification(message, notify)
    # All of it is read before the call is taken: one that is taken is always settled.
    error = _error_in(message)
    if isinstance(error, DaemonError) and error.kind == _OF_ALL:
        for call_id in list(calls):
            waiting = calls.pop(call_id, None)
            if waiting is not None:
                waiting.fail(error_of(message["error"]))
        return None
    call = _take(calls, message)
    if call is None:
        return None
    return call.succeed(message["result"]) if error is None else call.fail(error)


def _error_in(message: Mapping[str, Any]) -> Exception | None:
    """Why there is no result. An answer that cannot be understood fails its own call, and no other."""
    if message.get("error") is not None:
        try:
            return error_of(message["error"])
        except UNREADABLE:
            return not_understood("its error is not JSON-RPC's")
    return None if "result" in message else not_understood("it has neither a result nor an error")


def _notification(
    message: Mapping[str, Any], notify: Callable[[Notification], None]
) -> None:
    """Nobody waits for a notification: one that cannot be understood is passed over."""
    from ._generated.notifications import read_notification
    from ._notification import Notification

    method = message["method"]
    try:
        params = read_notification(method, message.get("params", {}))
    except UNREADABLE:
        logger().warning("a notification of the daemon cannot be read: %.200r", method)
    else:
        notify(Notification(method, params))


def _take(calls: dict[int, Waiting], message: Mapping[str, Any]) -> Waiting | None:
    """The call that a message answers; none when it was cancelled.

    An error without an id is about a line over the daemon's limit, which it does not read: the only
    thing that this client sends and the daemon cannot tell the id of. Whatever the limit is, the
    longest line is over it.
    """
    call_id = message.get("id")
    if call_id is None and message.get("error") is not None:
        sizes = [(call.size, key) for key, call in list(calls.items())]
        call_id = max(sizes, default=(0, 0))[1]
    return calls.pop(call_id, None) if isinstance(call_id, int) else None


def error_of(error: Mapping[str, Any]) -> DaemonError:
    """The error that the daemon answered with. Raises one of ``UNREADABLE`` when it is none."""
    code, message, told = error["code"], error["message"], error.get("data")
    if not isinstance(code, int) or not isinstance(message, str):
        raise TypeError("an error has a code and a message")
    # JSON-RPC asks for no data, and lets it be anything.
    data: Mapping[str, Any] = cast("Mapping[str, Any]", told) if isinstance(told, dict) else {}
    return DaemonError(code, data.get("kind") or _kind_of(code), message, data.get("member"), data)


def _kind_of(code: int) -> str:
    """The kind of an error that tells programs nothing but its code."""
    from ._generated.errors import ERROR_KINDS

    return next((kind for kind, info in ERROR_KINDS.items() if info.code == code), "internal_error")
