"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Callable

from ._async_connection import AsyncConnection
from ._async_subscription import AsyncSubscription
from ._connection import Listeners
from ._deadline import checked
from ._discovery import discover
from ._errors import disconnected, timed_out
from ._generated.async_methods import AsyncMethods
from ._generated.types import EventEmitted
from ._message import Notification
from ._progress import OnMissed, Progress


class AsyncDaemonClient(AsyncMethods):
    """A client of the daemon, for asyncio.

    async with AsyncDaemonClient() as client:
        await client.emit("deployment:complete", {"version": "1.2.3"})

    It connects with its first call, or by ``connect()``, or as a context manager. Tasks share one
    connection and need not wait for each other. Cancelling a task that waits for an answer cancels
    the call in the daemon too. When the daemon goes away, calls in flight raise
    ``DaemonConnectionError``, and the next call connects again.
    """

    def __init__(
        self,
        socket_path: str | os.PathLike[str] | None = None,
        *,
        cwd: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
    ) -> None:
        """
        - ``socket_path``: the daemon's socket. Without it, ``AIWG_DAEMON_SOCKET`` names it, or else
          it is that of the project that ``cwd`` is in: the nearest directory upwards that
          has a ``.aiwg``.
        - ``cwd``: the directory from which to look upwards. Default: the working directory.
        - ``timeout``: maximum time of each call, in seconds, connecting and sending included; a
          call may set its own. No limit when None or ``math.inf``. A value that is not above 0 is
          a ``ValueError``.
        """
        super().__init__()
        self._given_path = socket_path
        self._cwd = cwd
        self._timeout = checked(timeout)
        self._listeners: Listeners = []
        self._connection: AsyncConnection | None = None
        self._connecting: asyncio.Task[AsyncConnection] | None = None
        self._path: str | None = None

    @property
    def socket_path(self) -> str | None:
        """The socket that was last connected to, or tried."""
        return self._path

    @property
    def is_connected(self) -> bool:
        """True if the connection stands."""
        return self._connection is not None and self._connection.is_open

    async def connect(self) -> None:
        """Connects, unless it is connected already. Raises ``NoDaemonError``."""
        await self._connected()

    async def close(self) -> None:
        """Disconnects, or gives up connecting. Calls in flight in other tasks raise ``DaemonConnectionError``."""
        loop = asyncio.get_running_loop()
        connecting, self._connecting = self._connecting, None
        if connecting is not None and connecting.get_loop() is loop:
            # One that has not begun yet would be cancelled without a word to those who wait for it.
            await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.wait([connecting])
        connection, self._connection = self._connection, None
        if connection is not None and connection.loop is loop:
            await connection.close()

    async def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Calls a method by its name on the wire; one that this package does not know, too."""
        timeout = self._timeout if timeout is None else checked(timeout)
        if timeout is None:
            return await self._call(method, params)
        try:
            return await asyncio.wait_for(self._call(method, params), timeout)
        except asyncio.TimeoutError:
            raise timed_out(method, timeout) from None

    async def emit(
        self, topic: str, payload: Any = None, *, timeout: float | None = None
    ) -> EventEmitted:
        """Emits an event: ``event.emit``."""
        return await self.event.emit(topic=topic, payload=payload, timeout=timeout)

    def subscribe(
        self,
        topics: str | Sequence[str] | None = None,
        *,
        since: int | None = None,
        reconnect: bool = False,
        on_missed: OnMissed = None,
    ) -> AsyncSubscription:
        """Every event from now on whose topic matches one of the globs (all when there are none), or
        from ``since`` on, without a gap or a repeat.

        It has a connection of its own, which is made at once: what is emitted after ``ready()`` will
        come. It is closed with the iterator. When the connection is lost it raises
        ``DaemonConnectionError``, or with ``reconnect`` connects again and goes on where it stopped.
        ``on_missed`` is called when events were passed over: the subscription could not keep up,
        retention deleted them, or the log was deleted and restarted.

        async with client.subscribe("task:*", reconnect=True) as events:  # waits until it is ready
            await client.task.submit(prompt="Write the release notes")
            async for event in events: ...
        """
        address = discover(self._given_path, self._cwd)
        progress = Progress(address, topics, since, reconnect, on_missed)
        return AsyncSubscription(progress, self._timeout)

    def on_notification(self, listener: Callable[[Notification], object]) -> Callable[[], None]:
        """Calls the listener for each notification, until the function that this gives is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def __aenter__(self) -> AsyncDaemonClient:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        connection = getattr(self, "_connection", None)
        if connection is not None and connection.is_open:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=1)
            connection.abandon()

    async def _call(self, method: str, params: Mapping[str, object] | None) -> Any:
        connection = await self._connected()
        return await connection.call(method, params)

    async def _connected(self) -> AsyncConnection:
        loop = asyncio.get_running_loop()
        connection = self._connection
        if connection is not None and connection.is_open and connection.loop is loop:
            return connection
        connecting = self._connecting
        if connecting is None or connecting.done() or connecting.get_loop() is not loop:
            connecting = self._connecting = loop.create_task(self._open())
            # Whoever waits gets its failure; that nobody waits is no fault.
            connecting.add_done_callback(lambda task: task.cancelled() or task.exception())
        # Shielded: others may wait for the same connection.
        return await asyncio.shield(connecting)

    async def _open(self) -> AsyncConnection:
        address = discover(self._given_path, self._cwd)
        self._path = address.path
        try:
            connection = await AsyncConnection.open(address, self._listeners)
        except asyncio.CancelledError:
            if self._connecting is asyncio.current_task():
                # By the end of the loop, and not by close().
                raise
            raise disconnected(address.path, "the client disconnected") from None
        self._connection = connection
        return connection
