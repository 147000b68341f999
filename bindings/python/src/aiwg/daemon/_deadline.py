"""The time limit of a call."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from datetime import datetime

Moment = Union["datetime", float]
"""A moment: a ``datetime`` with a time zone, or what ``time.monotonic()`` will say then."""


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


def seconds_until(moment: Moment) -> float:
    """The time until then, in seconds; below 0 where it has passed. Raises ValueError for one that may be several."""
    if isinstance(moment, (int, float)):
        if math.isnan(moment):
            raise ValueError("a deadline is a moment, and not nan")
        return moment - time.monotonic()
    if moment.tzinfo is None:
        raise ValueError(f"the deadline {moment!r} has no time zone, and may be any moment of a day; give it one")
    return moment.timestamp() - time.time()


class Deadline:
    """The moment at which a call is given up."""

    __slots__ = ("_at", "timeout")

    def __init__(self, timeout: float | None) -> None:
        self.timeout: float | None = checked(timeout)
        """In seconds, from the beginning; None for no limit."""
        self._at = None if self.timeout is None else time.monotonic() + self.timeout

    @staticmethod
    def after(timeout: float | None) -> Deadline:
        """The one that comes after a time-out."""
        return NO_DEADLINE if timeout is None else Deadline(timeout)

    @staticmethod
    def of(timeout: float | None, moment: Moment | None, usual: float | None) -> Deadline:
        """The earlier of a time-out and a moment; the usual time-out where there is neither."""
        if moment is None:
            return Deadline.after(usual if timeout is None else timeout)
        limit = Deadline(timeout)
        left = seconds_until(moment)
        if left != math.inf and (limit.timeout is None or left < limit.timeout):
            limit.timeout = max(round(left, 3), 0.0)
            limit._at = time.monotonic() + left
        return limit

    def left(self) -> float | None:
        """The time that is left, in seconds; None for no limit."""
        return None if self._at is None else max(self._at - time.monotonic(), 0.0)

    def left_or_inf(self) -> float:
        """The same as the time-out of a call: ``math.inf`` for no limit, and never 0, which would be none."""
        left = self.left()
        return math.inf if left is None else max(left, 1e-6)

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
