"""Subscriptions: events as an iterator, blocking and asynchronous.

Each has a connection of its own, which is read only as fast as the events are taken: a slow reader
delays no call, and holds nothing in memory.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ._connection import connect
from ._discovery import connectable
from ._errors import DaemonConnectionError, disconnected, no_daemon
from ._generated.notifications import read_notification
from ._generated.types import Event, EventMissedNotification, EventNotification
from ._message import Lines, error_of, request_line

_CHUNK = 64 * 1024

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True)
class Missed:
    """So many events came that some were passed over: ``event.list`` with ``since`` replays them."""

    missed: int
    """How many."""
    since: int
    """The number of the last event before them."""


OnMissed = Optional[Callable[[Missed], object]]


class Progress:
    """How far a subscription has come, whatever it is read with."""

    def __init__(
        self,
        path: str,
        topics: str | Sequence[str] | None,
        since: int | None,
        reconnect: bool,
        on_missed: OnMissed,
    ) -> None:
        self.path = path
        self._topics = [topics] if isinstance(topics, str) else topics
        self._since = since
        self._reconnect = reconnect
        self._on_missed = on_missed
        self._was_open = False
        self._pause = _FIRST_PAUSE

    def request(self) -> bytes:
        """The request that subscribes from where it stopped."""
        params: dict[str, object] = {}
        if self._topics is not None:
            params["topics"] = list(self._topics)
        if self._since is not None:
            params["since"] = self._since
        return request_line(1, "event.subscribe", params)

    def take(self, line: bytes) -> Event | None:
        """What a line brings."""
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise error_of(message["error"])
        if "result" in message:
            self._since = message["result"]["since"]
            self._was_open = True
            self._pause = _FIRST_PAUSE
            return None
        pushed = read_notification(message["method"], message.get("params", {}))
        if isinstance(pushed, EventNotification):
            self._since = pushed.event.seq
            return pushed.event
        if isinstance(pushed, EventMissedNotification):
            self._since = pushed.since + pushed.missed
            if self._on_missed is not None:
                self._on_missed(Missed(pushed.missed, pushed.since))
        return None

    def retry_after(self) -> float | None:
        """How long to wait before connecting again, in seconds; None where that is not to be done.

        The first time, a daemon that is not there is a mistake; later it is one that is being restarted.
        """
        if not (self._reconnect and self._was_open):
            return None
        pause = self._pause
        self._pause = min(pause * 2, _LONGEST_PAUSE)
        return pause


def events(progress: Progress) -> Iterator[Event]:
    """The events, one by one."""
    while True:
        try:
            yield from _connected(progress)
        except DaemonConnectionError:
            pause = progress.retry_after()
            if pause is None:
                raise
            time.sleep(pause)


def _connected(progress: Progress) -> Iterator[Event]:
    with connect(progress.path, None) as socket:
        lines = Lines()
        try:
            socket.sendall(progress.request())
            while chunk := socket.recv(_CHUNK):
                for line in lines.push(chunk):
                    event = progress.take(line)
                    if event is not None:
                        yield event
        except OSError as error:
            raise disconnected(progress.path, str(error)) from error
    raise disconnected(progress.path, "it went away")


async def async_events(progress: Progress) -> AsyncIterator[Event]:
    """The events, one by one."""
    while True:
        try:
            async for event in _async_connected(progress):
                yield event
        except DaemonConnectionError:
            pause = progress.retry_after()
            if pause is None:
                raise
            await asyncio.sleep(pause)


async def _async_connected(progress: Progress) -> AsyncIterator[Event]:
    try:
        reader, writer = await asyncio.open_unix_connection(connectable(progress.path))
    except OSError as error:
        raise no_daemon(progress.path, error) from error
    try:
        lines = Lines()
        writer.write(progress.request())
        while chunk := await reader.read(_CHUNK):
            for line in lines.push(chunk):
                event = progress.take(line)
                if event is not None:
                    yield event
    except OSError as error:
        raise disconnected(progress.path, str(error)) from error
    finally:
        writer.close()
    raise disconnected(progress.path, "it went away")
