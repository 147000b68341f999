"""A connection within an event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Callable, Protocol, cast

from ._abandoned import GRACE, cancellation
from ._async_socket import connect, forget_transport
from ._discovery import Address
from ._errors import DaemonConnectionError, disconnected
from ._fork import forget_in_children
from ._hooks import Hooks
from ._members import Members
from ._message import UNREADABLE, Lines, cancel_line, dispatch, unreadable

if TYPE_CHECKING:
    from ._message import Waiting

    class Sendable(Waiting, Protocol):
        """A call that can be sent."""

        number: int
        """Its id on the wire."""
        line: bytes
        """The request."""

        @property
        def ends_task(self) -> bool:
            """True if nobody wants the task of a submission that is given up."""
            ...


class _Abandoned:
    """A submission that was given up."""

    def __init__(self, size: int, answered: asyncio.Future[None], send: Callable[[bytes], None]) -> None:
        self.size = size
        self.answered = answered
        self._send = send

    def succeed(self, result: Any) -> None:
        line = cancellation(result)
        if line is not None:
            self._send(line)
        self._end()

    def fail(self, error: Exception) -> None:
        self._end()

    def _end(self) -> None:
        if not self.answered.done():
            self.answered.set_result(None)


class Owner(Protocol):
    """Something that sends calls over connections."""

    def ended(self, error: DaemonConnectionError, since: float) -> None:
        """A connection ends that was made at this moment. Its calls hear of it next."""

    def changed(self) -> None:
        """Calls may be sent again, or none can be any more."""


class AsyncConnection(asyncio.Protocol):
    """One socket."""

    def __init__(self, path: str, hooks: Hooks, owner: Owner) -> None:
        self.loop = asyncio.get_running_loop()
        self.path = path
        self.members = Members()
        """What is known of the daemon."""
        self._hooks = hooks
        self._owner = owner
        self._lines = Lines()
        self._calls: dict[int, Waiting] = {}
        self._end: str | None = None
        self._since = time.monotonic()
        self._closed: asyncio.Future[None] = self.loop.create_future()
        self._is_paused = False
        """True while the daemon reads more slowly than this sends."""

    @classmethod
    async def open(cls, address: Address, hooks: Hooks, owner: Owner) -> AsyncConnection:
        """Connects."""
        loop = asyncio.get_running_loop()
        connection = await connect(
            address,
            lambda path: loop.create_unix_connection(
                lambda: cls(address.path, hooks, owner), path
            ),
        )
        hooks.connected(address.path)
        return connection

    @property
    def is_open(self) -> bool:
        return self._end is None

    @property
    def is_idle(self) -> bool:
        """True if no call waits for its answer."""
        return not self._calls

    @property
    def is_writable(self) -> bool:
        """True if a call would be sent at once."""
        # One that is lost closes before it says so.
        return self._end is None and not self._is_paused and not self._transport.is_closing()

    def send(self, call: Sendable) -> None:
        """Sends a request. The call hears of its answer, or of the end of the connection."""
        self._calls[call.number] = call
        self._transport.write(call.line)

    def cancel(self, call: Sendable) -> None:
        """Gives a call up, unless it has ended."""
        if self._calls.pop(call.number, None) is None:
            return
        if call.ends_task:
            answered: asyncio.Future[None] = self.loop.create_future()
            self._calls[call.number] = _Abandoned(call.size, answered, self._transport.write)
        else:
            self._transport.write(cancel_line(call.number))

    def drop(self, call: Sendable) -> None:
        """Waits for the answer of a call no more, and says nothing of it."""
        self._calls.pop(call.number, None)

    async def close(self) -> None:
        """Fails what is in flight, and closes, after what is still to be sent.

        What the daemon does not take is not waited for. Tasks that are to be cancelled as soon as their ids are known
        are, for a while.
        """
        abandoned = [call.answered for call in self._calls.values() if isinstance(call, _Abandoned)]
        try:
            if abandoned:
                await asyncio.wait(abandoned, timeout=GRACE)
        finally:
            self._end_now()
        await asyncio.shield(self._closed)

    def _end_now(self) -> None:
        self._finish("the client disconnected")
        if self._is_paused:
            self._transport.abort()
        else:
            self._transport.close()

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
                    dispatch(line, self._calls, self._hooks.notify)
        except UNREADABLE as error:
            self._finish(unreadable(error))
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish("it went away" if exc is None else str(exc), is_lost=True)
        if not self._closed.done():
            self._closed.set_result(None)

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._owner.changed()

    def _finish(self, why: str, is_lost: bool = False) -> None:
        if self._end is not None:
            return
        self._end = why
        calls, self._calls = self._calls, {}
        self._owner.ended(disconnected(self.path, why, is_lost), self._since)
        for call in calls.values():
            # An error of its own for each: a traceback belongs to one raise.
            call.fail(disconnected(self.path, why, is_lost))
        self._hooks.disconnected(self.path, why)
        self._owner.changed()
