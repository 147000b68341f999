"""Subscriptions for asyncio.

Each has a connection of its own, which is read only as fast as the events are taken: a slow reader
delays no call, and holds nothing in memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Tuple

from ._async_socket import connect, forget_transport
from ._deadline import Deadline
from ._errors import (
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    disconnected,
    timed_out,
)
from ._fork import forget_in_children
from ._generated.types import Event
from ._message import Lines, LineTooLongError, unreadable
from ._progress import CHUNK, METHOD, Progress
from ._subscription import Where

if TYPE_CHECKING:
    from ._deadline import Moment
else:
    from ._hints import hints

    hints(globals(), {"aiwg.daemon._deadline": "Moment"})

_Streams = Tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _streams(path: str) -> tuple[asyncio.BaseTransport, _Streams]:
    reader, writer = await asyncio.open_unix_connection(path)
    return writer.transport, (reader, writer)


class AsyncSubscription(AsyncIterator[Event]):
    """The events of a subscription, one by one, until it is closed.

    It connects at once, where it is made within a running loop; else when it is first waited for.

    Example::

        async with client.subscribe("deployment:*", since=0) as events:
            async for event in events:
                print(event.payload)
                break
    """

    def __init__(self, progress: Progress, timeout: float | None) -> None:
        self._progress = progress
        self._timeout = timeout
        self._is_closed = False
        self._writer: asyncio.StreamWriter | None = None
        self._lost: str | None = None
        """Why the connection is gone, if that was not raised yet."""
        self._opening: asyncio.Task[None] | None = None
        try:
            self._begin()
        except RuntimeError:
            # No loop runs yet.
            pass
        forget_in_children(self)

    async def ready(self) -> None:
        """Waits until the daemon has the subscription: every event that is emitted from then on will come.

        That takes no longer than the client's timeout, or this raises ``DaemonTimeoutError``.
        Who does not wait for it hears of a failure from the iteration.

        Example::

            events = client.subscribe("deployment:*")
            await events.ready()
            await events.aclose()
        """
        # Shielded: others may wait for the same.
        await asyncio.shield(self._begin())

    async def aclose(self) -> None:
        """Ends it. A task that waits for an event hears that there are no more.

        Example::

            events = client.subscribe("deployment:*")
            await events.aclose()
        """
        self.end()

    def end(self) -> None:
        """Ends it, as ``aclose()`` does, in whatever state its loop is.

        Example::

            events = client.subscribe("deployment:*")
            events.end()
        """
        self._is_closed = True
        try:
            if self._opening is not None:
                self._opening.cancel()
            self._drop()
        except RuntimeError:
            # The loop is closed, and its transports with it.
            pass

    def __aiter__(self) -> AsyncSubscription:
        return self

    async def __anext__(self) -> Event:
        try:
            if not self._is_closed:
                await self.ready()
        except asyncio.CancelledError:
            # Of whoever waits here, or of the opening, by who has closed it.
            if not self._is_closed:
                raise
        except BaseException:
            self._is_closed = True
            raise
        while not self._is_closed:
            try:
                event = self._progress.event(await self._line())
            except (DaemonConnectionError, DaemonError) as error:
                if self._is_closed:
                    break
                self._drop()
                pause = self._progress.retry_after(error)
                if pause is None:
                    self._is_closed = True
                    raise
                await asyncio.sleep(pause)
            else:
                if event is not None:
                    return event
        raise StopAsyncIteration

    async def wait_for(
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

            async with client.subscribe("task:*") as events:
                task_id = (await client.task.submit(prompt="Tidy up")).task_id
                await events.wait_for(lambda event: event.payload["taskId"] == task_id, timeout=60)
        """
        return await self.wait_until(where, Deadline.of(timeout, deadline, None).named("wait_for"))

    async def wait_until(self, where: Where, limit: Deadline) -> Event:
        """The same for a time limit that is running already."""
        while True:
            try:
                event = await asyncio.wait_for(self.__anext__(), limit.left())
            except asyncio.TimeoutError as error:
                if isinstance(error, DaemonTimeoutError):
                    raise
                raise limit.late("wait_for") from None
            except StopAsyncIteration:
                raise disconnected(self._progress.path, "the subscription is closed") from None
            if where is None or where(event):
                return event

    async def __aenter__(self) -> AsyncSubscription:
        await self.ready()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if getattr(self, "_writer", None) is not None:
            try:
                self._drop()
            except RuntimeError:
                # The loop is closed, and its transports with it.
                pass

    def forget(self) -> None:
        """In a child made by fork(), it is lost."""
        if self._writer is not None:
            forget_transport(self._writer.transport)
            self._writer = None
            self._lost = "the process was forked"

    def _begin(self) -> asyncio.Task[None]:
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
            # Whoever waits gets its failure; that nobody waits is no fault.
            self._opening.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._opening

    async def _open(self) -> None:
        """Connects and subscribes, from where it stopped, in the time that the client gives."""
        try:
            await asyncio.wait_for(self._subscribe(), self._timeout)
        except asyncio.TimeoutError:
            raise timed_out(METHOD, self._timeout) from None

    async def _subscribe(self) -> None:
        self._reader, writer = await connect(self._progress.address, _streams)
        self._writer = writer
        self._lines = Lines()
        self._waiting: deque[bytes] = deque()
        try:
            writer.write(self._progress.request())
            self._progress.answer(await self._line())
        except BaseException:
            self._drop()
            raise

    async def _line(self) -> bytes:
        """The next line. Cancelling this loses nothing."""
        lost, self._lost = self._lost, None
        if lost is not None:
            raise disconnected(self._progress.path, lost)
        if self._writer is None:
            await self._open()
        while not self._waiting:
            chunk = await self._chunk()
            try:
                self._waiting.extend(filter(None, self._lines.push(chunk)))
            except LineTooLongError as error:
                raise disconnected(self._progress.path, unreadable(error)) from error
        return self._waiting.popleft()

    async def _chunk(self) -> bytes:
        try:
            chunk = await self._reader.read(CHUNK)
        except OSError as error:
            raise disconnected(self._progress.path, str(error)) from error
        if not chunk:
            raise disconnected(self._progress.path, "it went away")
        return chunk

    def _drop(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
