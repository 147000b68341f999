"""Calls that are sent again when their answer was lost."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from ._deadline import Deadline
from ._errors import DaemonError, NoDaemonError, is_lost
from ._generated.constants import REPEATABLE

KEY = "idempotencyKey"
TRACE = "traceparent"

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 1.0

_PATIENCE = 30.0
"""Seconds for which a call without a time-out waits for a daemon that has gone to come back."""

_STANDS = 1.0
"""Seconds after which a connection that stands says that a daemon is there.

One that is ended by what it is sent would otherwise be sent it again and again.
"""


def new_key() -> str:
    """A key that nobody else has made. It begins with the time, by which the daemon stores it fastest."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def with_key(method: str, params: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """The params of a call that may be repeated: with a key where the method wants one and the caller has given none."""
    if REPEATABLE.get(method) != "key" or not _is_object(params):
        return params
    given: Mapping[str, object] = params or {}
    return params if given.get(KEY) is not None else {**given, KEY: new_key()}


def _is_object(params: object) -> bool:
    """True if params can have a key: what is no object is the daemon's to refuse."""
    return params is None or isinstance(params, Mapping)


def may_repeat(method: str, retry: bool) -> bool:
    """True if a call of this method may be sent again."""
    return retry and method in REPEATABLE


def refused_member(error: BaseException) -> str | None:
    """The member for which a daemon has refused a call, if it has."""
    if isinstance(error, DaemonError) and error.kind == "invalid_params":
        return error.member
    return None


def knows_no_keys(error: BaseException) -> bool:
    """True if the daemon is older than the keys, and has refused a call for its."""
    return refused_member(error) == KEY


def has_trace(method: str, params: Mapping[str, object] | None) -> bool:
    """True if an event has a trace that every daemon takes that knows of traces."""
    if method != "event.emit" or not isinstance(params, Mapping) or TRACE not in params:
        return False
    from ._tracing import is_traceparent

    return is_traceparent(params[TRACE])


def without(member: str, params: Mapping[str, object] | None) -> Mapping[str, object]:
    """The params for a daemon that is too old to know a member."""
    return {name: value for name, value in (params or {}).items() if name != member}


def knows_no_traces(error: BaseException) -> bool:
    """True if the daemon has refused a call for its trace, which is as it should be: it is too old to take one."""
    return refused_member(error) == TRACE


def is_stopping(error: BaseException) -> bool:
    """True if the daemon is about to end: the next one may answer."""
    return isinstance(error, DaemonError) and error.kind == "shutting_down"


def repeats_after(error: BaseException, was_connected: bool) -> bool:
    """True if the same call may be answered by a daemon that comes next.

    That none was there at first is a mistake; that none is there any more may be a restart.
    """
    if isinstance(error, NoDaemonError):
        return was_connected
    return is_lost(error) or is_stopping(error)


class Patience:
    """The time for which calls are repeated, and the pauses between their tries."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._pause = _FIRST_PAUSE

    def answered(self) -> None:
        """Forgets what was lost: a daemon answers again."""
        if self._began is not None:
            self._began, self._pause = None, _FIRST_PAUSE

    def saw(self, error: BaseException, since: float) -> None:
        """Takes notice of an error of a connection, or of a call on it, that was begun at a moment.

        A daemon has been there where it says that it ends, or where the connection has stood: a call that waits by its
        nature is not given up because several daemons in a row had nothing to answer yet.
        """
        if is_stopping(error):
            self._began = None
        elif is_lost(error) and time.monotonic() - since >= _STANDS:
            self.answered()

    def lose(self) -> None:
        """Takes notice that calls are to be repeated."""
        if self._began is None:
            self._began = time.monotonic()

    def is_over(self, since: float = 0.0) -> bool:
        """True if a call that was made at a moment, and has no time-out, is given up."""
        began = self._began
        return began is not None and time.monotonic() - max(began, since) > _PATIENCE

    def pause(self) -> float:
        """The pause before the next try, in seconds: each about twice as long as the one before, and none like another's."""
        from random import uniform

        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return uniform(pause / 2, pause)

    def again(self, error: BaseException, was_connected: bool, limit: Deadline) -> float | None:
        """The pause before a call is sent again; None to give it up."""
        if not repeats_after(error, was_connected):
            return None
        self.lose()
        left = limit.left()
        if left is None:
            return None if self.is_over() else self.pause()
        return min(self.pause(), left)
