"""The blocking client."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Callable

from ._connection import Connection, Listeners
from ._deadline import Deadline, checked
from ._discovery import Address, discover
from ._fork import forget_in_children
from ._generated.methods import Methods
from ._generated.types import EventEmitted
from ._message import Notification
from ._once import call_once
from ._progress import OnMissed, Progress
from ._subscription import Subscription
from ._lock import Interrupted, SignalSafeLock

_CONNECTING = 30.0
"""Maximum time that a thread waits for another one that connects, in seconds."""


class DaemonClient(Methods):
    """A client of the daemon.

    with DaemonClient() as client:
        client.emit("deployment:complete", {"version": "1.2.3"})

    It connects with its first call, or by ``connect()``, or as a context manager. Threads may share
    it: their calls go over one connection and do not wait for each other. When the daemon goes away,
    calls in flight raise ``DaemonConnectionError``, and the next call connects again. So does the
    first call in a child made by fork(): parent and child never share a connection. A signal handler
    may call, too: where it has interrupted a call of its own thread, it gets a connection of its own.
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
        self._connecting = SignalSafeLock()
        self._connection: Connection | None = None
        self._path: str | None = None
        forget_in_children(self)

    def forget(self) -> None:
        """Drops the connection in a child made by fork(), so that the child connects again."""
        self._connecting = SignalSafeLock()
        self._connection = None

    @property
    def socket_path(self) -> str | None:
        """The socket that was last connected to, or tried."""
        return self._path

    @property
    def is_connected(self) -> bool:
        """True if the connection stands."""
        connection = self._connection
        return connection is not None and connection.is_open

    def connect(self) -> None:
        """Connects, unless it is connected already. Raises ``NoDaemonError``."""
        self._connected(self._find(), Deadline(self._timeout))

    def close(self) -> None:
        """Disconnects. Calls in flight in other threads raise ``DaemonConnectionError``."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Calls a method by its name on the wire; one that this package does not know, too."""
        deadline = Deadline.after(self._timeout if timeout is None else timeout)
        address: Address | None = None
        try:
            connection = self._connection
            if connection is None or not connection.is_open:
                address = self._find()
                connection = self._connected(address, deadline)
            return connection.call(method, params, deadline)
        except Interrupted:
            pass
        # A signal handler calls, in the middle of a call of its own thread.
        return call_once(address or self._find(), method, params, deadline)

    def emit(
        self, topic: str, payload: Any = None, *, timeout: float | None = None
    ) -> EventEmitted:
        """Emits an event: ``event.emit``."""
        return self.event.emit(topic=topic, payload=payload, timeout=timeout)

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
        has returned will come. The connection is closed with the iterator. When the connection is lost it raises
        ``DaemonConnectionError``, or with ``reconnect`` connects again and goes on where it stopped.
        ``on_missed`` is called when events were passed over: the subscription could not keep up,
        retention deleted them, or the log was deleted and restarted.

        events = client.subscribe("task:*", reconnect=True)
        submitted = client.task.submit(prompt="Write the release notes")
        for event in events: ...
        """
        address = discover(self._given_path, self._cwd)
        return Subscription(Progress(address, topics, since, reconnect, on_missed), self._timeout)

    def on_notification(self, listener: Callable[[Notification], object]) -> Callable[[], None]:
        """Calls the listener for each notification, until the returned function is called.

        It is called in the thread that reads, and must neither block nor call the daemon.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

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
        connection = getattr(self, "_connection", None)
        if connection is not None:
            connection.abandon()

    def _find(self) -> Address:
        address = discover(self._given_path, self._cwd)
        self._path = address.path
        return address

    def _connected(self, address: Address, deadline: Deadline) -> Connection:
        def connected() -> Connection:
            connection = self._connection
            if connection is None or not connection.is_open:
                connection = self._connection = Connection(address, deadline, self._listeners)
            return connection

        left = deadline.left()
        seconds = _CONNECTING if left is None else min(left, _CONNECTING)
        return self._connecting.run(seconds, connected)
