"""Locks that a signal handler cannot wait for in vain."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, TypeVar

    T = TypeVar("T")


class Interrupted(Exception):
    """This thread, or one that will not go on, is in the middle of what was to be begun."""


class SignalSafeLock:
    """A lock for one thread at a time.

    A signal handler runs on top of the main thread, whatever that is doing. It would wait for ever for a lock that the
    very thread holds. So this raises ``Interrupted`` where this thread holds the lock already, and where another one
    holds it for longer than there is time: that may be within a signal handler itself.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._is_taken = False

    def run(self, seconds: float, body: Callable[..., T], *args: object) -> T:
        """Calls ``body`` under the lock, for which it waits this long."""
        is_other = False
        try:
            is_other = not self._lock.acquire(timeout=seconds)
            if is_other:
                raise Interrupted
            is_other = self._is_taken
            if is_other:
                self._lock.release()
                raise Interrupted
            self._is_taken = True
            return body(*args)
        finally:
            # A signal handler may raise an error anywhere above, also right behind the acquisition.
            if not is_other:
                self._leave()

    def _leave(self) -> None:
        self._is_taken = False
        try:
            self._lock.release()
        except RuntimeError:
            # It was not taken yet.
            pass
