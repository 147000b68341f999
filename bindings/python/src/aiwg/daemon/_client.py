"""The blocking client."""

from __future__ import annotations

import os
import time
from weakref import WeakSet

from ._connection import Connection
from ._deadline import NO_DEADLINE, Deadline, checked
from ._discovery import discover
from ._errors import DaemonConnectionError, DaemonError, is_lost, timed_out
from ._events import Events
from ._fork import forget_in_children
from ._generated.methods import Methods
from ._hooks import Hooks, Logged
from ._lock import Interrupted, SignalSafeLock
from ._offline import OFFLINE_TIMEOUT
from ._reading import Reading
from ._repeat import TRACE, Patience, has_trace, knows_no_keys, knows_no_traces, may_repeat, with_key, without
from ._tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any, Callable, Final

    from ._change import ConnectionChange
    from ._deadline import Moment
    from ._discovery import Address
    from ._generated.types import Event, EventEmitted
    from ._notification import Notification
    from ._progress import OnMissed, Progress
    from ._subscription import Subscription, Where
else:
    from ._hints import hints

    hints(
        globals(),
        {
            "collections.abc": "Mapping Sequence",
            "types": "TracebackType",
            "typing": "Any Callable",
            "aiwg.daemon._change": "ConnectionChange",
            "aiwg.daemon._deadline": "Moment",
            "aiwg.daemon._generated.types": "Event EventEmitted",
            "aiwg.daemon._notification": "Notification",
            "aiwg.daemon._progress": "OnMissed",
            "aiwg.daemon._subscription": "Subscription Where",
        },
    )

_CONNECTING = 30.0
"""Maximum time that a thread waits for another one that connects, in seconds."""


class DaemonClient(Methods):
    """A client of the daemon.

    Example::

        with DaemonClient() as client:
            client.emit("deployment:complete", {"version": "1.2.3"})

    It connects with its first call, or by ``connect()``, or as a context manager. Threads may share
    it: their calls go over one connection and do not wait for each other. So may the children that
    fork() makes: they connect again, and parent and child never share a connection. A signal handler
    may call, too: where it has interrupted a call of its own thread, it gets a connection of its own.

    A call whose answer was lost, because the daemon was restarted or killed, is sent again until its
    time is over, or 30 seconds long; it takes effect once. Calls that the daemon cannot tell from
    others, such as ``task.cancel``, are not: they raise ``DaemonConnectionError``.

    Each call takes ``timeout``, in seconds, and ``deadline``, a moment: a ``datetime`` with a time
    zone, or what ``time.monotonic()`` will say then. The earlier one counts.

    The logger ``aiwg.daemon`` of ``logging`` hears of every call and connection at the level DEBUG.
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
        self.task: Final = Tasks(self)
        self.event: Final = Events(self, self._emit_or_spool)
        self._given_path = socket_path
        self._cwd = cwd
        self._timeout = checked(timeout)
        self._retry = retry
        self._hooks = Hooks()
        self._connecting = SignalSafeLock()
        self._connection: Connection | None = None
        self._left: list[Connection] = []
        """Connections on which calls of other threads wait for their answers. They get no more."""
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self._was_connected = False
        self._has_keys = self._has_traces = True
        """False where the daemon that is connected to is too old to know of them."""
        forget_in_children(self)

    def forget(self) -> None:
        """Drops the connection in a child made by fork(), so that the child connects again."""
        self._connecting = SignalSafeLock()
        self._connection = None
        self._left = []

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
                client.connect()
        """
        connection = self._connection
        return connection is not None and connection.is_open

    def connect(self) -> None:
        """Connects, unless it is connected already. Raises ``NoDaemonError``.

        Example::

            client.connect()
        """
        self._connected(self._find(), Deadline(self._timeout))

    def close(self, *, drain: bool = False, timeout: float | None = None) -> None:
        """Disconnects. Calls in flight in other threads raise ``DaemonConnectionError``, and subscriptions end.

        With ``drain`` it waits until they have their answers, for ``timeout`` seconds at the most, and raises
        ``DaemonTimeoutError`` if some have none yet. It is disconnected in either case.

        Example::

            client.close(drain=True, timeout=10)
        """
        limit = Deadline(timeout)
        for subscription in list(self._subscriptions):
            subscription.close()
        connection, self._connection = self._connection, None
        left, self._left = self._left, []
        connections = left if connection is None else [connection, *left]
        self._was_connected = False
        try:
            is_drained = not drain or all([connection.drain(limit) for connection in connections])
        finally:
            for connection in connections:
                connection.close()
        if not is_drained:
            raise timed_out("some of the calls in flight", limit.timeout)

    def request(
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

            client.request("event.emit", {"topic": "deployment:complete"}, timeout=10)
        """
        limit = Deadline.of(timeout, deadline, self._timeout)
        with Logged(method):
            if not may_repeat(method, self._retry if retry is None else retry):
                return self._request(method, params, limit)
            return self._repeated(method, params, limit)

    def emit(
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

            client.emit("deployment:complete", {"version": "1.2.3"}, offline=True)
        """
        return self.event.emit(
            topic=topic,
            payload=payload,
            idempotency_key=idempotency_key,
            offline=offline,
            timeout=timeout,
            deadline=deadline,
            retry=retry,
        )

    def wait_for(
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

            done = client.wait_for("task:*", where=lambda event: event.payload["taskId"] == "task-0001", timeout=60)

        To wait for what a call will bring about, subscribe before it: ``Subscription.wait_for`` then waits.
        """
        from ._progress import Progress

        limit = Deadline.of(timeout, deadline, None).named("wait_for")
        progress = Progress(discover(self._given_path, self._cwd), topics, since, True, None)
        with self._subscribed(progress, limit) as events:
            return events.wait_until(where, limit)

    def subscribe(
        self,
        topics: str | Sequence[str] | None = None,
        *,
        since: int | None = None,
        reconnect: bool = False,
        on_missed: OnMissed = None,
    ) -> Subscription:
        """Every event from now on whose topic matches one of the globs (all when there are none), or
        from ``since`` on, without a gap or a repeat.

        It has a connection of its own, which is made at once: all events that are emitted after this
        has returned will come. The connection is closed with the iterator, or with the client. When the connection is lost it raises
        ``DaemonConnectionError``, or with ``reconnect`` connects again and goes on where it stopped.
        ``on_missed`` is called when events were passed over: the subscription could not keep up,
        retention deleted them, or the log was deleted and restarted.

        Example::

            with client.subscribe("task:*", reconnect=True) as events:
                client.task.submit(prompt="Write the release notes")
                for event in events:
                    if event.topic == "task:completed":
                        break
        """
        from ._progress import Progress

        address = discover(self._given_path, self._cwd)
        return self._subscribed(Progress(address, topics, since, reconnect, on_missed), NO_DEADLINE)

    def on_notification(self, listener: Callable[[Notification], object]) -> Callable[[], None]:
        """Calls the listener for each notification, until the returned function is called.

        It is called in the thread that reads, and must neither block nor call the daemon.

        Example::

            stop = client.on_notification(lambda notification: print(notification.method))
            client.event.subscribe(topics=["deployment:*"])
            stop()
        """
        self._hooks.notifications.append(listener)
        return lambda: self._hooks.notifications.remove(listener)

    def on_connection(self, listener: Callable[[ConnectionChange], object]) -> Callable[[], None]:
        """Calls the listener when a connection was made or has ended, until the returned function is called.

        It is called in whichever thread notices, and must neither block nor call the daemon.

        Example::

            client.on_connection(lambda change: print(change.state, change.reason))
        """
        self._hooks.connections.append(listener)
        return lambda: self._hooks.connections.remove(listener)

    def __enter__(self) -> DaemonClient:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        for connection in (getattr(self, "_connection", None), *getattr(self, "_left", ())):
            if connection is not None:
                connection.abandon()

    def _subscribed(self, progress: Progress, limit: Deadline) -> Subscription:
        from ._subscription import Subscription

        subscription = Subscription(progress, self._timeout, limit)
        self._subscriptions.add(subscription)
        return subscription

    def _find(self) -> Address:
        address = discover(self._given_path, self._cwd)
        self._hooks.path = address.path
        return address

    def _emit_or_spool(
        self,
        topic: str,
        payload: Any,
        key: str | None,
        timeout: float | None,
        deadline: Moment | None,
        retry: bool | None,
        trace: str | None,
    ) -> EventEmitted:
        from ._generated.emitted import EventEmitted
        from ._spool import finds_no_daemon, spooled, write

        limit = Deadline.of(timeout, deadline, self._timeout or OFFLINE_TIMEOUT)
        event = spooled(topic, payload, key, trace)
        method, params = "event.emit", event.params()
        try:
            with Logged(method):
                if may_repeat(method, self._retry if retry is None else retry):
                    received = self._repeated(method, params, limit, waits=False)
                else:
                    received = self._request(method, params, limit)
        except (DaemonError, DaemonConnectionError) as error:
            if finds_no_daemon(error):
                written = write(self._find(), event)
                self._leave()
                return written
            if not (event.has_own_key and knows_no_keys(error)):
                raise
            # It is older than the keys: what is lost now stays lost.
            received = self._request(method, event.params(has_key=False), limit)
        with Reading(method):
            return EventEmitted.from_wire(received)

    def _leave(self) -> None:
        """Makes later calls on a new connection: a daemon takes in what is spooled before it serves the next one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._left.append(connection)
        for one in list(self._left):
            if one.is_idle or not one.is_open:
                self._left.remove(one)
                one.abandon()

    def _repeated(
        self, method: str, params: Mapping[str, object] | None, limit: Deadline, waits: bool = True
    ) -> Any:
        """Calls a method, again and again while the answer is lost.

        Unless it waits, a daemon that is not there, or that is about to end, is an error at once.
        """
        patience = Patience()
        # The next daemon may be newer.
        keyed = with_key(method, params) if self._has_keys or not self.is_connected else params
        while True:
            began = time.monotonic()
            try:
                return self._request(method, keyed, limit)
            except (DaemonError, DaemonConnectionError) as error:
                patience.saw(error, began)
                if keyed is not params and knows_no_keys(error):
                    self._has_keys = False
                    return self._request(method, params, limit)
                if not waits and not is_lost(error):
                    raise
                pause = patience.again(error, self._was_connected, limit)
                if pause is None:
                    raise
                if pause == 0.0:
                    raise limit.late(method) from error
                time.sleep(pause)

    def _request(self, method: str, params: Mapping[str, object] | None, limit: Deadline) -> Any:
        if not has_trace(method, params):
            return self._sent(method, params, limit)
        if self._has_traces:
            try:
                return self._sent(method, params, limit)
            except DaemonError as error:
                if not knows_no_traces(error):
                    raise
                self._has_traces = False
        return self._sent(method, without(TRACE, params), limit)

    def _sent(self, method: str, params: Mapping[str, object] | None, limit: Deadline) -> Any:
        address: Address | None = None
        try:
            connection = self._connection
            if connection is None or not connection.is_open:
                address = self._find()
                connection = self._connected(address, limit)
            return connection.call(method, params, limit)
        except Interrupted:
            pass
        from ._once import call_once

        # A signal handler calls, in the middle of a call of its own thread.
        return call_once(address or self._find(), method, params, limit)

    def _connected(self, address: Address, deadline: Deadline) -> Connection:
        def connected() -> Connection:
            connection = self._connection
            if connection is None or not connection.is_open:
                connection = self._connection = Connection(address, deadline, self._hooks)
                self._was_connected = self._has_keys = self._has_traces = True
            return connection

        left = deadline.left()
        seconds = _CONNECTING if left is None else min(left, _CONNECTING)
        return self._connecting.run(seconds, connected)
