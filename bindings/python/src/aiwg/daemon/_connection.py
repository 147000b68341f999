"""A connection that threads share."""

from __future__ import annotations

import itertools
import socket
import threading
import time

from ._deadline import Deadline
from ._errors import disconnected
from ._fork import forget_in_children
from ._lock import Interrupted
from ._message import (
    UNREADABLE,
    Lines,
    cancel_line,
    dispatch,
    request_line,
    unreadable,
)
from ._outbox import Outbox
from ._socket import connect
from ._thread import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable

    from ._discovery import Address
    from ._hooks import Hooks
    from ._message import Waiting
    from ._outbox import Entry

_CHUNK = 64 * 1024

_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.05

_JOIN = 5.0
"""Maximum time to wait for the reading thread, in seconds: it may be within a listener."""

class _Call:
    """A call that a thread waits for."""

    __slots__ = ("_cancel_task", "_cancels", "_error", "_result", "done", "entry", "is_sent", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.is_sent = False
        self.entry: Entry | None = None
        """Its line, while the socket has not taken it."""
        self._result: Any = None
        self._error: Exception | None = None
        self._cancel_task: Callable[[Any], None] | None = None
        self._cancels = itertools.count()
        self.done = threading.Lock()
        """Held until the answer has come."""
        self.done.acquire()

    def succeed(self, result: Any) -> None:
        self._result = result
        self.done.release()
        self._end_task()

    def fail(self, error: Exception) -> None:
        self._error = error
        self.done.release()

    @property
    def is_abandoned(self) -> bool:
        """True if nobody waits for it any more, but its task is to be cancelled."""
        return self._cancel_task is not None

    def abandon(self, cancel_task: Callable[[Any], None]) -> None:
        """Has the task cancelled that the answer tells of, whenever it comes."""
        self._cancel_task = cancel_task
        self._end_task()

    def _end_task(self) -> None:
        # The answer may come while the call is given up: whichever is the second to be here finds both.
        if self._cancel_task is not None and self._result is not None and next(self._cancels) == 0:
            self._cancel_task(self._result)

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class Connection:
    """One socket. A thread of its own reads it, so that calls need not wait for each other.

    No lock is held while anything is waited for, and none is needed to fail the calls: a signal handler may call too,
    whatever it has interrupted.
    """

    def __init__(self, address: Address, deadline: Deadline, hooks: Hooks) -> None:
        self._path = address.path
        self._hooks = hooks
        self._socket = connect(address, deadline)
        self._ids = itertools.count(1)
        self._end: str | None = None
        self._is_lost = False
        self._ends = itertools.count()
        self._begin()
        forget_in_children(self)
        hooks.connected(self._path)
        self._reader = threading.Thread(target=self._read, name="aiwg-reader", daemon=True)
        try:
            start(self._reader)
        except BaseException:
            self.abandon()
            raise

    def _begin(self) -> None:
        """With no calls, and with locks that nobody holds."""
        self._calls: dict[int, Waiting] = {}
        self._outbox = Outbox(self._socket, self._stop_sending)

    @property
    def is_open(self) -> bool:
        return self._end is None

    @property
    def is_idle(self) -> bool:
        """True if no call waits for its answer."""
        return not self._calls

    def call(self, method: str, params: Mapping[str, object] | None, deadline: Deadline) -> Any:
        """Sends a request and waits for its answer.

        Raises ``Interrupted`` where it is called in the middle of another call's sending: it is not sent then.
        """
        call_id = next(self._ids)
        line = request_line(call_id, method, params)
        call = _Call(len(line))
        try:
            self._add(call_id, call)
            call.is_sent = True
            call.entry = self._send(line)
            if not deadline.acquire(call.done):
                raise deadline.late(method)
        except Interrupted:
            self._calls.pop(call_id, None)
            raise
        except BaseException:
            self._cancel(call_id, call, deadline.ends_task)
            raise
        return call.outcome()

    def drain(self, deadline: Deadline) -> bool:
        """Waits until no call is in flight; True if that has come to pass in time."""
        pause = _FIRST_PAUSE
        while self._calls and self._end is None:
            left = deadline.left()
            if left == 0.0:
                return False
            # No lock: a signal handler may have interrupted whoever holds it.
            time.sleep(pause if left is None else min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)
        return True

    def close(self) -> None:
        """Fails what is in flight, and waits for the reading thread.

        Tasks that are to be cancelled as soon as their ids are known are waited for before, for a while.
        """
        if self._has_abandoned():
            self._wait_for_abandoned()
        self._finish("the client disconnected")
        if self._reader is not threading.current_thread():
            self._reader.join(_JOIN)

    def _wait_for_abandoned(self) -> None:
        from ._abandoned import GRACE

        limit, pause = Deadline(GRACE), _FIRST_PAUSE
        while self._end is None and not limit.is_over() and self._has_abandoned():
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _has_abandoned(self) -> bool:
        return any(isinstance(call, _Call) and call.is_abandoned for call in list(self._calls.values()))

    def abandon(self) -> None:
        """Closes without waiting."""
        self._finish("the client is gone")

    def forget(self) -> None:
        """In a child made by fork() the connection is the parent's: it is neither shut down nor written to."""
        self._end = self._end or "the process was forked"
        self._begin()
        self._socket.close()

    def _add(self, call_id: int, call: _Call) -> None:
        self._calls[call_id] = call
        # In this order: where the end comes in between, both it and this find the call.
        if self._end is not None and self._calls.pop(call_id, None) is not None:
            raise disconnected(self._path, self._end, self._is_lost)

    def _cancel(self, call_id: int, call: _Call, ends_task: bool) -> None:
        """Gives a call up, unless its answer has come."""
        is_unsent = not call.is_sent or (call.entry is not None and Outbox.withdraw(call.entry))
        if ends_task and not is_unsent:
            call.abandon(self._cancel_task)
        elif self._calls.pop(call_id, None) is not None and not is_unsent and self._end is None:
            self._notify(cancel_line(call_id))

    def _cancel_task(self, result: Any) -> None:
        from ._abandoned import cancellation

        line = cancellation(result)
        if line is not None and self._end is None:
            self._notify(line)

    def _notify(self, line: bytes) -> None:
        """Sends what has no answer, if that can be."""
        try:
            self._send(line)
        except (ConnectionError, Interrupted):
            pass

    def _send(self, line: bytes) -> Entry | None:
        try:
            return self._outbox.send(line)
        except Interrupted:
            raise
        except OSError as error:
            self._finish(str(error), is_lost=True)
            raise disconnected(self._path, str(error), is_lost=True) from error
        except BaseException:
            # A signal handler has raised this, and it is unknown how much of the line was sent.
            self._finish("a signal handler has interrupted a call while it was sent")
            raise

    def _read(self) -> None:
        why, is_lost = "it went away", True
        try:
            self._read_lines()
        except OSError as error:
            why = str(error)
        except UNREADABLE as error:
            why, is_lost = unreadable(error), False
        self._finish(why, is_lost)
        self._socket.close()

    def _read_lines(self) -> None:
        lines = Lines()
        while True:
            chunk = self._socket.recv(_CHUNK)
            if not chunk:
                return
            for line in lines.push(chunk):
                if line:
                    dispatch(line, self._calls, self._hooks.notify)

    def _stop_sending(self, why: str) -> None:
        self._finish(why, is_lost=True)

    def _finish(self, why: str, is_lost: bool = False) -> None:
        """Ends the connection. It may be called again, by anyone, at any time."""
        if self._end is None:
            self._is_lost = is_lost
        self._end = self._end or why
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._outbox.stop()
        for call_id in list(self._calls):
            call = self._calls.pop(call_id, None)
            if call is not None:
                # An error of its own for each: a traceback belongs to one raise.
                call.fail(disconnected(self._path, self._end, self._is_lost))
        if next(self._ends) == 0:
            self._hooks.disconnected(self._path, self._end)
