"""The time limit of a call."""

from __future__ import annotations

import math
import threading
import time

from ._errors import DaemonTimeoutError, timed_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Union

    Moment = Union[datetime, float]
    """A moment: a ``datetime`` with a time zone, or what ``time.monotonic()`` will say then."""
else:
    from ._hints import Hint

    Moment = Hint("__import__('typing').Union[__import__('datetime').datetime, float]")

_NO_TIMEOUT = "a timeout is a number of seconds above 0, or math.inf or None for no limit, and not {!r}"


def checked(timeout: float | None) -> float | None:
    """A time-out in seconds; None where there is no limit, which ``math.inf`` says too.

    Raises ValueError for what is no time to wait, and TypeError for what is no number: nothing is sent then.
    """
    if timeout is None or timeout == math.inf:
        return None
    is_number = _is_number(timeout)
    # What else can be a float is a number as well, such as those of numpy.
    if not is_number and not hasattr(timeout, "__float__"):
        raise TypeError(_NO_TIMEOUT.format(timeout))
    if not timeout > 0:
        raise ValueError(_NO_TIMEOUT.format(timeout))
    return timeout if is_number else float(timeout)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def seconds_until(moment: Moment) -> float:
    """The time until then, in seconds; below 0 where it has passed. Raises ValueError for one that may be several."""
    if isinstance(moment, (int, float)):
        if math.isnan(moment):
            raise ValueError("a deadline is a moment, and not nan")
        return moment - time.monotonic()
    if not hasattr(moment, "timestamp"):
        raise TypeError(
            f"a deadline is a datetime with a time zone, or what time.monotonic() will say then, and not {moment!r}"
        )
    if moment.tzinfo is None:
        raise ValueError(f"the deadline {moment!r} has no time zone, and may be any moment of a day; give it one")
    return moment.timestamp() - time.time()


class Deadline:
    """The moment at which a call is given up."""

    __slots__ = ("_at", "ends_task", "name", "timeout")

    def __init__(self, timeout: float | None) -> None:
        self.timeout: float | None = checked(timeout)
        """In seconds, from the beginning; None for no limit."""
        self.name: str | None = None
        """The method that was called, where the call is one of several that it makes."""
        self.ends_task: bool = False
        """True if nobody wants the task of a submission that is given up."""
        self._at = None if self.timeout is None else time.monotonic() + self.timeout

    @staticmethod
    def after(timeout: float | None) -> Deadline:
        """The one that comes after a time-out."""
        return NO_DEADLINE if timeout is None else Deadline(timeout)

    @staticmethod
    def of(timeout: float | None, moment: Moment | None, usual: float | None) -> Deadline:
        """The earlier of a time-out and a moment; the usual time-out where there is neither."""
        if isinstance(moment, _Part):
            return moment.deadline
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

    def named(self, name: str, ends_task: bool = False) -> Deadline:
        """The same one for a method that makes several calls."""
        limit = Deadline(None)
        limit._at, limit.timeout, limit.name, limit.ends_task = self._at, self.timeout, name, ends_task
        return limit

    def part(self) -> Moment:
        """This, as the ``deadline`` of one of the calls."""
        moment = _Part(math.inf if self._at is None else self._at)
        moment.deadline = self
        return moment

    def late(self, method: str) -> DaemonTimeoutError:
        """The error when it is over: of the method that was called, with the time that was given."""
        return timed_out(self.name or method, self.timeout)

    def is_over(self) -> bool:
        """True if no time is left."""
        return self.left() == 0.0

    def acquire(self, lock: threading.Lock) -> bool:
        """Waits for a lock until then, at the most."""
        left = self.left()
        if left is None:
            return lock.acquire()
        return lock.acquire(timeout=min(left, threading.TIMEOUT_MAX))


class _Part(float):
    """A moment that brings along the time limit that it is of."""

    deadline: Deadline


NO_DEADLINE = Deadline(None)
