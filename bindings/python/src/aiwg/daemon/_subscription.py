"""Subscriptions: events as an iterator, which blocks.

Each has a connection of its own, which is read only as fast as the events are taken: a slow reader
delays no call, and holds nothing in memory.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType

from ._deadline import NO_DEADLINE, Deadline
from ._errors import DaemonConnectionError, DaemonError, disconnected, timed_out
from ._fork import forget_in_children
from ._generated.types import Event
from ._message import Lines, LineTooLongError, unreadable
from ._progress import CHUNK, METHOD, Progress
from ._socket import connect, receive, send


class Subscription(Iterator[Event]):
    """The events of a subscription, one by one, until it is closed."""

    def __init__(self, progress: Progress, timeout: float | None) -> None:
        self._progress = progress
        self._timeout = timeout
        self._is_closed = False
        self._socket: socket.socket | None = None
        self._lost: str | None = None
        """Why the connection is gone, if that was not raised yet."""
        self._open()
        forget_in_children(self)

    def close(self) -> None:
        """Ends it. A thread that waits for an event hears that there are no more."""
        self._is_closed = True
        self._drop()

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Event:
        while not self._is_closed:
            try:
                event = self._progress.event(self._line())
            except (DaemonConnectionError, DaemonError) as error:
                if self._is_closed:
                    break
                self._drop()
                pause = self._progress.retry_after(error)
                if pause is None:
                    self._is_closed = True
                    raise
                time.sleep(pause)
            else:
                if event is not None:
                    return event
        raise StopIteration

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_socket", None) is not None:
            self.close()

    def forget(self) -> None:
        """In a child made by fork(), it is lost."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._lost = "the process was forked"

    def _open(self) -> None:
        """Connects and subscribes, from where it stopped."""
        deadline, path = Deadline(self._timeout), self._progress.path
        self._lines = Lines()
        self._waiting: deque[bytes] = deque()
        self._socket = connection = connect(self._progress.address, deadline, METHOD)
        try:
            send(connection, path, self._progress.request(), deadline)
            self._progress.answer(self._line(deadline))
        except socket.timeout:
            self._drop()
            raise timed_out(METHOD, deadline.timeout) from None
        except BaseException:
            self._drop()
            raise

    def _line(self, deadline: Deadline = NO_DEADLINE) -> bytes:
        """The next line."""
        lost, self._lost = self._lost, None
        if lost is not None:
            raise disconnected(self._progress.path, lost)
        if self._socket is None:
            self._open()
        while not self._waiting:
            chunk = receive(self._socket, self._progress.path, CHUNK, deadline)
            try:
                self._waiting.extend(filter(None, self._lines.push(chunk)))
            except LineTooLongError as error:
                raise disconnected(self._progress.path, unreadable(error)) from error
        return self._waiting.popleft()

    def _drop(self) -> None:
        connection, self._socket = self._socket, None
        if connection is None:
            return
        try:
            # A thread that reads it would not hear of a mere close.
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()
