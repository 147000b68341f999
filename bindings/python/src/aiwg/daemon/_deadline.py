"""The time limit of a call."""

from __future__ import annotations

import math
import threading
import time


def checked(timeout: float | None) -> float | None:
    """A time-out in seconds; None where there is no limit, which ``math.inf`` says too.

    Raises ValueError for what is no time to wait: nothing is sent then.
    """
    if timeout is None or timeout == math.inf:
        return None
    if not timeout > 0:
        raise ValueError(
            f"a timeout is a number of seconds above 0, or math.inf or None for no limit, and not {timeout!r}"
        )
    return timeout


class Deadline:
    """The moment at which a call is given up."""

    __slots__ = ("_at", "timeout")

    def __init__(self, timeout: float | None) -> None:
        self.timeout = checked(timeout)
        """In seconds, from the beginning; None for no limit."""
        self._at = None if self.timeout is None else time.monotonic() + self.timeout

    @staticmethod
    def after(timeout: float | None) -> Deadline:
        """The one that comes after a time-out."""
        return NO_DEADLINE if timeout is None else Deadline(timeout)

    def left(self) -> float | None:
        """The time that is left, in seconds; None for no limit."""
        return None if self._at is None else max(self._at - time.monotonic(), 0.0)

    def is_over(self) -> bool:
        """True if no time is left."""
        return self.left() == 0.0

    def acquire(self, lock: threading.Lock) -> bool:
        """Waits for a lock until then, at the most."""
        left = self.left()
        if left is None:
            return lock.acquire()
        return lock.acquire(timeout=min(left, threading.TIMEOUT_MAX))


NO_DEADLINE = Deadline(None)
