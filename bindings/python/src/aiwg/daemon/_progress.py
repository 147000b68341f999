"""The position of a subscription, independent of the way in which it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, Optional, TypeVar

from ._discovery import Address
from ._errors import DaemonConnectionError, DaemonError, NotAllowedError, disconnected
from ._generated.notifications import read_notification
from ._generated.types import Event, EventMissedNotification, EventNotification
from ._message import UNREADABLE, error_of, read_message, request_line, unreadable
from ._result import Result

METHOD = "event.subscribe"
CHUNK = 64 * 1024

T = TypeVar("T")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


class Missed(Result):
    """Events were passed over: ``event.list`` with ``since`` replays what is left of them.

    So many came that the subscription could not follow, retention has deleted what it was not sent, or the log was
    deleted and begun anew.

    Example::

        def on_missed(missed):
            print(missed.missed, "events after", missed.since)

        with client.subscribe("deployment:*", on_missed=on_missed):
            pass
    """

    missed: int
    """Number of events that were passed over."""
    since: int
    """The number of the last event before them."""


OnMissed = Optional[Callable[[Missed], object]]


class Progress:
    """The position of a subscription."""

    def __init__(
        self,
        address: Address,
        topics: str | Sequence[str] | None,
        since: int | None,
        reconnect: bool,
        on_missed: OnMissed,
    ) -> None:
        self.address: Address = address
        self.path: str = address.path
        self._topics = [topics] if isinstance(topics, str) else topics
        self._since = since
        self._reconnect = reconnect
        self._on_missed = on_missed
        self._was_open = False
        self._pause = _FIRST_PAUSE

    def request(self) -> bytes:
        """The request that subscribes from where it stopped."""
        params: dict[str, object] = {}
        if self._topics is not None:
            params["topics"] = list(self._topics)
        if self._since is not None:
            params["since"] = self._since
        return request_line(1, METHOD, params)

    def answer(self, line: bytes) -> None:
        """Takes the answer to the request."""
        self._since = self._read(line, lambda message: int(message["result"]["since"]))
        self._was_open = True
        self._pause = _FIRST_PAUSE

    def event(self, line: bytes) -> Event | None:
        """The event that a line brings, if it does."""
        pushed = self._read(
            line,
            lambda message: read_notification(message["method"], message.get("params", {})),
        )
        if isinstance(pushed, EventNotification):
            self._since = pushed.event.seq
            return pushed.event
        if isinstance(pushed, EventMissedNotification):
            self._since = pushed.since + pushed.missed
            if self._on_missed is not None:
                self._on_missed(Missed(pushed.missed, pushed.since))
        return None

    def _read(self, line: bytes, read: Callable[[dict[str, Any]], T]) -> T:
        """The content of a line. Raises the error that the daemon answered with, or that this is no daemon."""
        try:
            message = read_message(line)
            error = error_of(message["error"]) if "error" in message else None
            if error is None:
                return read(message)
        except UNREADABLE as wrong:
            raise disconnected(self.path, unreadable(wrong)) from wrong
        raise error

    def retry_after(self, error: DaemonConnectionError | DaemonError) -> float | None:
        """Pause before connecting again, in seconds; None not to connect again.

        The first time, a daemon that is not there is a mistake; later it is one that is being restarted, or that says that
        it just cannot.
        """
        if not (self._reconnect and self._was_open) or isinstance(error, NotAllowedError):
            return None
        if isinstance(error, DaemonError) and not error.retryable:
            return None
        pause = self._pause
        self._pause = min(pause * 2, _LONGEST_PAUSE)
        return pause
