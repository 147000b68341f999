"""Listeners of a client, and its log."""

from __future__ import annotations

import time

from ._logging import debug_logger, logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Callable, List, Literal

    from ._change import ConnectionChange
    from ._notification import Notification


class Hooks:
    """The functions that a program wants to be called, and the log that it may read."""

    def __init__(self) -> None:
        self.path: str | None = None
        """The socket that was last connected to, or tried."""
        self.notifications: List[Callable[[Notification], object]] = []
        self.connections: List[Callable[[ConnectionChange], object]] = []

    def notify(self, notification: Notification) -> None:
        """Tells the listeners of a notification."""
        for listener in list(self.notifications):
            try:
                listener(notification)
            except Exception:
                logger().exception("a listener for notifications failed")

    def connected(self, path: str) -> None:
        """Tells that a connection was made."""
        log = debug_logger()
        if log is not None:
            log.debug("connected to the daemon at %s", path)
        self._changed("connected", path)

    def disconnected(self, path: str, reason: str) -> None:
        """Tells that it has ended."""
        log = debug_logger()
        if log is not None:
            log.debug("disconnected from the daemon at %s: %s", path, reason)
        self._changed("disconnected", path, reason)

    def _changed(self, state: Literal["connected", "disconnected"], path: str, reason: str | None = None) -> None:
        if not self.connections:
            return
        from ._change import ConnectionChange

        change = ConnectionChange(state, path, reason)
        for listener in list(self.connections):
            try:
                listener(change)
            except Exception:
                logger().exception("a listener for connections failed")


class Logged:
    """Around a call: the log hears of it, and of how it ends, at the level DEBUG. Params and results are not told."""

    __slots__ = ("_began", "_log", "_method")

    def __init__(self, method: str) -> None:
        self._method = method
        self._log = debug_logger()

    def __enter__(self) -> None:
        if self._log is not None:
            self._began = time.monotonic()
            self._log.debug("%s: called", self._method)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._log is None:
            return
        milliseconds = (time.monotonic() - self._began) * 1000
        if error is None:
            self._log.debug("%s: answered after %.1f ms", self._method, milliseconds)
        else:
            name = getattr(error, "kind", type(error).__name__)
            self._log.debug("%s: failed after %.1f ms: %s", self._method, milliseconds, name)
