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
from typing import TYPE_CHECKING, Callable, Optional

from ._deadline import NO_DEADLINE, Deadline
from ._errors import (
    DaemonConnectionError,
    DaemonError,
    disconnected,
)
from ._fork import forget_in_children
from ._generated.types import Event
from ._message import Lines, LineTooLongError, unreadable
from ._progress import CHUNK, METHOD, Progress
from ._socket import connect, receive, send

if TYPE_CHECKING:
    from ._deadline import Moment
else:
    from ._hints import hints

    hints(globals(), {"aiwg.daemon._deadline": "Moment"})


Where = Optional[Callable[[Event], object]]
"""True of the events that are waited for; None for any."""


class Subscription(Iterator[Event]):
    """The events of a subscription, one by one, until it is closed.

    Example::

        with client.subscribe("deployment:*", since=0) as events:
            print(next(events).payload)
    """

    def __init__(self, progress: Progress, timeout: float | None, limit: Deadline) -> None:
        self._progress = progress
        self._timeout = timeout
        self._is_closed = False
        self._socket: socket.socket | None = None
        self._lost: str | None = None
        """Why the connection is gone, if that was not raised yet."""
        self._open(limit)
        forget_in_children(self)

    def close(self) -> None:
        """Ends it. A thread that waits for an event hears that there are no more.

        Example::

            events = client.subscribe("deployment:*")
            events.close()
        """
        self._is_closed = True
        self._drop()

    def __iter__(self) -> Subscription:
        return self

    def __next__(self) -> Event:
        return self._next(NO_DEADLINE)

    def wait_for(
        self,
        where: Where = None,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
    ) -> Event:
        """Waits for the next event for which ``where`` is true, and passes over those before it.

        Raises ``DaemonTimeoutError`` when the time is over: the subscription goes on. Raises
        ``DaemonConnectionError`` where the subscription is closed.

        Example::

            with client.subscribe("task:*") as events:
                task_id = client.task.submit(prompt="Tidy up").task_id
                events.wait_for(lambda event: event.payload["taskId"] == task_id, timeout=60)
        """
        return self.wait_until(where, Deadline.of(timeout, deadline, None).named("wait_for"))

    def wait_until(self, where: Where, limit: Deadline) -> Event:
        """The same for a time limit that is running already."""
        while True:
            try:
                event = self._next(limit)
            except socket.timeout:
                raise limit.late("wait_for") from None
            except StopIteration:
                raise disconnected(self._progress.path, "the subscription is closed") from None
            if where is None or where(event):
                return event

    def _next(self, limit: Deadline) -> Event:
        """The next event. Raises ``socket.timeout`` when the time is over, and loses nothing by that."""
        while not self._is_closed:
            try:
                event = self._progress.event(self._line(limit))
            except (DaemonConnectionError, DaemonError) as error:
                if self._is_closed:
                    break
                self._drop()
                pause = self._progress.retry_after(error)
                if pause is None:
                    self._is_closed = True
                    raise
                left = limit.left()
                if left is not None and left <= pause:
                    raise socket.timeout from None
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

    def _open(self, limit: Deadline) -> None:
        """Connects and subscribes, from where it stopped, in the time that the client gives or that is left."""
        left = limit.left()
        is_shorter = left is not None and (self._timeout is None or left < self._timeout)
        deadline = limit if is_shorter else Deadline(self._timeout)
        path = self._progress.path
        self._lines = Lines()
        self._waiting: deque[bytes] = deque()
        self._socket = connection = connect(self._progress.address, deadline, METHOD)
        try:
            send(connection, path, self._progress.request(), deadline)
            self._progress.answer(self._line(deadline))
        except socket.timeout:
            self._drop()
            raise deadline.late(METHOD) from None
        except BaseException:
            self._drop()
            raise

    def _line(self, deadline: Deadline = NO_DEADLINE) -> bytes:
        """The next line."""
        lost, self._lost = self._lost, None
        if lost is not None:
            raise disconnected(self._progress.path, lost)
        if self._socket is None:
            self._open(deadline)
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
