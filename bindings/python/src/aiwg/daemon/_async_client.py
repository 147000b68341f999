"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
import warnings
from collections.abc import Awaitable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Final
from weakref import WeakSet

from ._async_calls import AsyncCalls, Call, Terms
from ._async_connection import AsyncConnection
from ._async_events import AsyncEvents
from ._async_subscription import AsyncSubscription
from ._async_tasks import AsyncTasks
from ._deadline import Deadline, checked
from ._discovery import discover
from ._errors import DaemonConnectionError, DaemonError, timed_out
from ._generated.async_methods import AsyncMethods
from ._generated.types import Event, EventEmitted
from ._change import ConnectionChange
from ._hooks import Hooks, Logged
from ._notification import Notification
from ._progress import OnMissed, Progress
from ._offline import OFFLINE_TIMEOUT
from ._reading import Reading
from ._repeat import may_repeat
from ._subscription import Where

if TYPE_CHECKING:
    from ._deadline import Moment
else:
    from ._hints import hints

    hints(globals(), {"aiwg.daemon._deadline": "Moment"})


class AsyncDaemonClient(AsyncMethods):
    """A client of the daemon, for asyncio.

    Example::

        async with AsyncDaemonClient() as client:
            await client.emit("deployment:complete", {"version": "1.2.3"})

    It connects with its first call, or by ``connect()``, or as a context manager. Tasks share one
    connection and need not wait for each other; their calls take effect in the order in which they
    were made. Cancelling a task that waits for an answer cancels the call in the daemon too. What
    ``DaemonClient`` says of lost answers, time limits and the log holds here as well.
    """

    def __init__(
        self,
        socket_path: str | os.PathLike[str] | None = None,
        *,
        cwd: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        retry: bool = True,
    ) -> None:
        """
        - ``socket_path``: the daemon's socket. Without it, ``AIWG_DAEMON_SOCKET`` names it, or else
          it is that of the project that ``cwd`` is in: the nearest directory upwards that
          has a ``.aiwg``.
        - ``cwd``: the directory from which to look upwards. Default: the working directory.
        - ``timeout``: maximum time of each call, in seconds, connecting and sending included; a
          call may set its own. No limit when None or ``math.inf``. A value that is not above 0 is
          a ``ValueError``.
        - ``retry``: False to send no call again whose answer was lost.
        """
        super().__init__()
        self.task: Final = AsyncTasks(self)
        self.event: Final = AsyncEvents(self, self._emit_or_spool)
        self._given_path = socket_path
        self._cwd = cwd
        self._timeout = checked(timeout)
        self._retry = retry
        self._hooks = Hooks()
        self._calls: AsyncCalls | None = None
        self._subscriptions: WeakSet[AsyncSubscription] = WeakSet()

    @property
    def socket_path(self) -> str | None:
        """The socket that was last connected to, or tried.

        Example::

            print(client.socket_path)
        """
        return self._hooks.path

    @property
    def is_connected(self) -> bool:
        """True if the connection stands.

        Example::

            if not client.is_connected:
                await client.connect()
        """
        connection = self._connection
        return connection is not None and connection.is_open

    async def connect(self) -> None:
        """Connects, unless it is connected already. Raises ``NoDaemonError``.

        Example::

            await client.connect()
        """
        await self._in_loop().connected()

    async def close(self, *, drain: bool = False, timeout: float | None = None) -> None:
        """Disconnects, or gives up connecting. Calls in flight in other tasks raise ``DaemonConnectionError``, and
        subscriptions end.

        With ``drain`` it waits until they have their answers, for ``timeout`` seconds at the most, and raises
        ``DaemonTimeoutError`` if some have none yet. It is disconnected in either case.

        Example::

            await client.close(drain=True, timeout=10)
        """
        seconds, calls = checked(timeout), self._calls
        for subscription in list(self._subscriptions):
            subscription.end()
        if calls is None or calls.loop is not asyncio.get_running_loop():
            self._calls = None
            return
        try:
            is_drained = not drain or await calls.drain(seconds)
        finally:
            await calls.close()
        if not is_drained:
            raise timed_out("some of the calls in flight", seconds)

    async def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Any:
        """Calls a method by its name on the wire; one that this package does not know, too.

        Example::

            await client.request("event.emit", {"topic": "deployment:complete"}, timeout=10)
        """
        return await self._request(
            method, params, Deadline.of(timeout, deadline, self._timeout), retry
        )

    async def emit(
        self,
        topic: str,
        payload: Any = None,
        *,
        idempotency_key: str | None = None,
        offline: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> EventEmitted:
        """Emits an event: ``event.emit``.

        With ``offline``, or where the environment says ``AIWG_OFFLINE=1``, an event that no daemon takes is written to
        ``.aiwg/spool`` of the project, and the next daemon takes it in, once, in order and with the time of this call.
        The answer is an ``EventSpooled`` then. A daemon that answers nothing for 10 seconds counts as none, where
        there is no other time-out. Raises ``SpoolError`` where the event cannot be written there either, or where no
        daemon would take its topic or its key, and ``NoDaemonError`` where there is no project.

        Example::

            await client.emit("deployment:complete", {"version": "1.2.3"}, offline=True)
        """
        return await self.event.emit(
            topic=topic,
            payload=payload,
            idempotency_key=idempotency_key,
            offline=offline,
            timeout=timeout,
            deadline=deadline,
            retry=retry,
        )

    async def wait_for(
        self,
        topics: str | Sequence[str] | None = None,
        *,
        where: Where = None,
        since: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
    ) -> Event:
        """Waits for the first event whose topic matches one of the globs, and for which ``where`` is true.

        Events from now on count, or those after the number ``since``. A daemon that is restarted meanwhile is no
        end. Raises ``DaemonTimeoutError`` when the time is over; the client's time-out does not count here.

        Example::

            done = await client.wait_for("task:*", where=lambda event: event.payload["taskId"] == "task-0001", timeout=60)

        To wait for what a call will bring about, subscribe before it: ``AsyncSubscription.wait_for`` then waits.
        """
        limit = Deadline.of(timeout, deadline, None).named("wait_for")
        events = self.subscribe(topics, since=since, reconnect=True)
        try:
            return await events.wait_until(where, limit)
        finally:
            await events.aclose()

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
        come. It is closed with the iterator, or with the client. When the connection is lost it raises
        ``DaemonConnectionError``, or with ``reconnect`` connects again and goes on where it stopped.
        ``on_missed`` is called when events were passed over: the subscription could not keep up,
        retention deleted them, or the log was deleted and restarted.

        Example::

            async with client.subscribe("task:*", reconnect=True) as events:  # waits until it is ready
                await client.task.submit(prompt="Write the release notes")
                async for event in events:
                    if event.topic == "task:completed":
                        break
        """
        address = discover(self._given_path, self._cwd)
        progress = Progress(address, topics, since, reconnect, on_missed)
        subscription = AsyncSubscription(progress, self._timeout)
        self._subscriptions.add(subscription)
        return subscription

    def on_notification(self, listener: Callable[[Notification], object]) -> Callable[[], None]:
        """Calls the listener for each notification, until the function that this gives is called.

        Example::

            stop = client.on_notification(lambda notification: print(notification.method))
            await client.event.subscribe(topics=["deployment:*"])
            stop()
        """
        self._hooks.notifications.append(listener)
        return lambda: self._hooks.notifications.remove(listener)

    def on_connection(self, listener: Callable[[ConnectionChange], object]) -> Callable[[], None]:
        """Calls the listener when a connection was made or has ended, until the function that this gives is called.

        Example::

            client.on_connection(lambda change: print(change.state, change.reason))
        """
        self._hooks.connections.append(listener)
        return lambda: self._hooks.connections.remove(listener)

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

    async def _request(
        self,
        method: str,
        params: Mapping[str, object] | None,
        limit: Deadline,
        retry: bool | None,
    ) -> Any:
        with Logged(method):
            return await self._outcome(self._begun(method, params, limit, retry), limit)

    def _begun(
        self,
        method: str,
        params: Mapping[str, object] | None,
        limit: Deadline,
        retry: bool | None,
        waits: bool = True,
        has_own_key: bool = False,
    ) -> Call:
        """Has a method called. Unless it waits, a daemon that is gone, or about to end, is an error at once."""
        repeats = may_repeat(method, self._retry if retry is None else retry)
        is_patient = limit.timeout is not None
        terms = Terms(repeats, is_patient, waits, limit.ends_task, has_own_key)
        return self._in_loop().add(method, params, terms)

    async def _outcome(self, call: Call, limit: Deadline) -> Any:
        try:
            return await call.outcome(limit.left())
        except asyncio.TimeoutError:
            raise limit.late(call.method) from None

    async def _emit_or_spool(
        self,
        topic: str,
        payload: Any,
        key: str | None,
        timeout: float | None,
        deadline: Moment | None,
        retry: bool | None,
        trace: str | None,
    ) -> EventEmitted:
        from ._spool import finds_no_daemon, spooled

        limit = Deadline.of(timeout, deadline, self._timeout or OFFLINE_TIMEOUT)
        event, method = spooled(topic, payload, key, trace), "event.emit"
        call = self._begun(method, event.params(), limit, retry, False, event.has_own_key)
        try:
            with Logged(method):
                received = await self._outcome(call, limit)
        except (DaemonError, DaemonConnectionError) as error:
            if not finds_no_daemon(error) or not call.may_spool(error):
                raise
            return await self._in_loop().spool(discover(self._given_path, self._cwd), event)
        with Reading(method):
            return EventEmitted.from_wire(received)

    @property
    def _connection(self) -> AsyncConnection | None:
        calls: AsyncCalls | None = getattr(self, "_calls", None)
        return None if calls is None else calls.connection

    def __del__(self) -> None:
        connection = self._connection
        if connection is not None and connection.is_open:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=1)
            connection.abandon()

    def _in_loop(self) -> AsyncCalls:
        """The calls of the loop that runs."""
        loop, calls = asyncio.get_running_loop(), self._calls
        if calls is None or calls.loop is not loop:
            calls = self._calls = AsyncCalls(self._opener())
        return calls

    def _opener(self) -> Callable[[AsyncCalls], Awaitable[AsyncConnection]]:
        """The function that connects. It knows nothing of this object, which an open connection would keep alive."""
        given, cwd, hooks = self._given_path, self._cwd, self._hooks

        async def connected(calls: AsyncCalls) -> AsyncConnection:
            address = discover(given, cwd)
            hooks.path = calls.path = address.path
            return await AsyncConnection.open(address, hooks, calls)

        return connected
