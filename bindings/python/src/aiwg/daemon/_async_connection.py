"""A connection within an event loop."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any, cast

from ._async_socket import connect, forget_transport
from ._connection import Listeners
from ._discovery import Address
from ._errors import disconnected
from ._fork import forget_in_children
from ._logging import logger
from ._message import (
    UNREADABLE,
    Lines,
    Notification,
    Waiting,
    cancel_line,
    dispatch,
    request_line,
    unreadable,
)

class _Call:
    """A call that a task waits for."""

    __slots__ = ("_future", "size")

    def __init__(self, future: asyncio.Future[Any], size: int) -> None:
        self._future = future
        self.size = size

    def succeed(self, result: Any) -> None:
        if not self._future.done():
            self._future.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self._future.done():
            self._future.set_exception(error)


class AsyncConnection(asyncio.Protocol):
    """One socket."""

    def __init__(self, path: str, listeners: Listeners) -> None:
        self.loop = asyncio.get_running_loop()
        self._path = path
        self._listeners = listeners
        self._lines = Lines()
        self._calls: dict[int, Waiting] = {}
        self._ids = itertools.count(1)
        self._end: str | None = None
        self._closed: asyncio.Future[None] = self.loop.create_future()
        self._writable: asyncio.Future[None] | None = None
        """Set while the daemon reads more slowly than this sends."""

    @classmethod
    async def open(cls, address: Address, listeners: Listeners) -> AsyncConnection:
        """Connects."""
        loop = asyncio.get_running_loop()
        return await connect(
            address,
            lambda path: loop.create_unix_connection(
                lambda: cls(address.path, listeners), path
            ),
        )

    @property
    def is_open(self) -> bool:
        return self._end is None

    async def call(self, method: str, params: Mapping[str, object] | None) -> Any:
        """Sends a request and waits for its answer. Cancelling this cancels it in the daemon."""
        while self._writable is not None:
            await asyncio.shield(self._writable)
        if self._end is not None:
            raise disconnected(self._path, self._end)
        call_id = next(self._ids)
        line = request_line(call_id, method, params)
        future: asyncio.Future[Any] = self.loop.create_future()
        self._calls[call_id] = _Call(future, len(line))
        self._transport.write(line)
        try:
            return await future
        except asyncio.CancelledError:
            if self._calls.pop(call_id, None) is not None:
                self._transport.write(cancel_line(call_id))
            raise

    async def close(self) -> None:
        """Fails what is in flight, and closes, after what is still to be sent.

        What the daemon does not take is not waited for.
        """
        self._finish("the client disconnected")
        if self._writable is None:
            self._transport.close()
        else:
            self._transport.abort()
        await asyncio.shield(self._closed)

    def abandon(self) -> None:
        """Closes without waiting, from whatever thread, as a client does that is collected."""
        try:
            self.loop.call_soon_threadsafe(self._transport.abort)
        except RuntimeError:
            # The loop is closed, and its transports with it.
            pass

    def forget(self) -> None:
        """In a child made by fork() the connection is the parent's, and so are those who wait."""
        self._end = self._end or "the process was forked"
        self._calls = {}
        forget_transport(self._transport)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # By what it can do: other loops' transports are no asyncio.WriteTransport.
        self._transport = cast(asyncio.WriteTransport, transport)
        forget_in_children(self)

    def data_received(self, data: bytes) -> None:
        try:
            for line in self._lines.push(data):
                if line:
                    dispatch(line, self._calls, self._notify)
        except UNREADABLE as error:
            self._finish(unreadable(error))
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish("it went away" if exc is None else str(exc))
        self.resume_writing()
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    def _notify(self, notification: Notification) -> None:
        for listener in list(self._listeners):
            try:
                listener(notification)
            except Exception:
                logger().exception("a listener for notifications failed")

    def _finish(self, why: str) -> None:
        if self._end is not None:
            return
        self._end = why
        calls, self._calls = self._calls, {}
        for call in calls.values():
            # An error of its own for each: a traceback belongs to one raise.
            call.fail(disconnected(self._path, why))
