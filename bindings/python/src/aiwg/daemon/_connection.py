"""A connection that threads share."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
from collections.abc import Mapping
from typing import Any, Callable, List

from ._discovery import connectable
from ._errors import DaemonConnectionError, disconnected, not_connected, timed_out
from ._fork import forget_in_children
from ._message import Lines, Notification, Waiting, cancel_line, dispatch, request_line

_CHUNK = 64 * 1024

Listeners = List[Callable[[Notification], object]]

_log = logging.getLogger("aiwg")


class _Call:
    """A call that a thread waits for."""

    __slots__ = ("_done", "_error", "_result", "size")

    def __init__(self) -> None:
        self.size = 0
        self._result: Any = None
        self._error: Exception | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def succeed(self, result: Any) -> None:
        self._result = result
        self._done.release()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._done.release()

    def wait(self, timeout: float | None) -> bool:
        """Waits for the answer; False when the time is over."""
        seconds = -1 if timeout is None else min(max(timeout, 0), threading.TIMEOUT_MAX)
        return self._done.acquire(timeout=seconds)

    def outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class Connection:
    """One socket. A thread of its own reads it, so that calls need not wait for each other."""

    def __init__(self, path: str, timeout: float | None, listeners: Listeners) -> None:
        self._path = path
        self._listeners = listeners
        self._socket = connect(path, timeout)
        self._ids = itertools.count(1)
        self._end: str | None = None
        self._begin()
        forget_in_children(self)
        self._reader = threading.Thread(target=self._read, name="aiwg-reader", daemon=True)
        self._reader.start()

    def _begin(self) -> None:
        """With no calls, and with locks that nobody holds."""
        self._calls: dict[int, Waiting] = {}
        self._sending = threading.Lock()
        self._state = threading.RLock()
        """Held while calls are added, or the end is set: no call is added after it.

        Reentrant, since ``abandon`` may come from the garbage collector, anywhere.
        """

    @property
    def is_open(self) -> bool:
        return self._end is None

    def call(self, method: str, params: Mapping[str, object] | None, timeout: float | None) -> Any:
        """Sends a request and waits for its answer."""
        call = _Call()
        call_id = self._add(call)
        try:
            line = request_line(call_id, method, params)
            call.size = len(line)
            self._send(line)
            if not call.wait(timeout):
                raise timed_out(method, timeout)
        except BaseException:
            self._cancel(call_id, call)
            raise
        return call.outcome()

    def close(self) -> None:
        """Fails what is in flight, and waits for the reading thread."""
        self._finish("the client disconnected")
        if self._reader is not threading.current_thread():
            self._reader.join()

    def abandon(self) -> None:
        """Closes without waiting."""
        self._finish("the client is gone")

    def forget(self) -> None:
        """In a child made by fork() the connection is the parent's: it is neither shut down nor written to."""
        self._end = self._end or "the process was forked"
        self._begin()
        self._socket.close()

    def _add(self, call: _Call) -> int:
        with self._state:
            if self._end is not None:
                raise disconnected(self._path, self._end)
            call_id = next(self._ids)
            self._calls[call_id] = call
            return call_id

    def _cancel(self, call_id: int, call: _Call) -> None:
        """Gives a call up, unless its answer has come."""
        if self._calls.pop(call_id, None) is not None and call.size:
            try:
                self._send(cancel_line(call_id))
            except DaemonConnectionError:
                pass

    def _send(self, line: bytes) -> None:
        try:
            with self._sending:
                self._socket.sendall(line)
        except OSError as error:
            raise disconnected(self._path, str(error)) from error

    def _read(self) -> None:
        why = "it went away"
        try:
            self._read_lines()
        except OSError as error:
            why = str(error)
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            why = "it sent a line that is not JSON-RPC"
        self._finish(why)
        self._socket.close()

    def _read_lines(self) -> None:
        lines = Lines()
        while True:
            chunk = self._socket.recv(_CHUNK)
            if not chunk:
                return
            for line in lines.push(chunk):
                if line:
                    dispatch(line, self._calls, self._notify)

    def _notify(self, notification: Notification) -> None:
        for listener in list(self._listeners):
            try:
                listener(notification)
            except Exception:
                _log.exception("a listener for notifications failed")

    def _finish(self, why: str) -> None:
        """Ends the connection, once."""
        with self._state:
            if self._end is not None:
                return
            self._end = why
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        for call_id in list(self._calls):
            call = self._calls.pop(call_id, None)
            if call is not None:
                # An error of its own for each: a traceback belongs to one raise.
                call.fail(disconnected(self._path, why))


def connect(path: str, timeout: float | None) -> socket.socket:
    """A connected socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(connectable(path))
        connection.settimeout(None)
    except OSError as error:
        connection.close()
        raise not_connected(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection
