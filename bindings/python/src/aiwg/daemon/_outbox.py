"""The lines that many threads send over one socket."""

from __future__ import annotations

import socket
import threading
from collections import deque

from ._lock import SignalSafeLock
from ._thread import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from queue import SimpleQueue
    from typing import Callable, List, Optional

    Entry = List[bytes]
    """A line that waits for the socket to take it: empty once it is being sent, or withdrawn."""

_STUCK = 1.0
"""Seconds. The lock is held for moments only, except by a thread that a signal has interrupted."""


class Outbox:
    """Sends lines whole and in their order, and has nobody wait for that.

    What the socket takes is sent at once. The rest is sent by a thread of its own, which is only made where a daemon
    reads more slowly than this sends: whoever gives up waiting, or is interrupted by a signal, leaves no half of a line
    behind.
    """

    def __init__(self, connection: socket.socket, on_failure: Callable[[str], None]) -> None:
        self._socket = connection
        self._on_failure = on_failure
        self._lock = SignalSafeLock()
        self._entries: deque[Entry] = deque()
        """The lines still to be sent. The first one stays here until all of it is."""
        self._wake: SimpleQueue[bool] | None = None
        """Made with the thread: few need one, and ``queue`` takes its time to import."""
        self._is_stopped = False

    def send(self, line: bytes) -> Optional[Entry]:
        """Sends a line, now or later; gives it while ``withdraw`` may still take it back.

        Raises OSError, and ``Interrupted`` where this is called in the middle of itself: nothing is sent then. What
        else this raises is a signal handler's, and may leave half of a line behind.
        """
        return self._lock.run(_STUCK, self._send, line)

    @staticmethod
    def withdraw(entry: Entry) -> bool:
        """Takes a line back, unless it is being sent or has been."""
        try:
            entry.pop()
        except IndexError:
            return False
        return True

    def stop(self) -> None:
        """Has the thread end; one that is sending hears of it when the socket is shut down."""
        self._is_stopped = True
        if self._wake is not None:
            self._wake.put(False)

    def _send(self, line: bytes) -> Optional[Entry]:
        sent = 0 if self._entries else self._now(line)
        if sent == len(line):
            return None
        entry = self._later(line[sent:])
        return entry if sent == 0 else None

    def _now(self, line: bytes) -> int:
        try:
            return self._socket.send(line, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0

    def _later(self, line: bytes) -> Entry:
        entry = [line]
        self._entries.append(entry)
        if self._wake is None:
            from queue import SimpleQueue

            self._wake = SimpleQueue()
            writer = threading.Thread(
                target=self._write, args=(self._wake,), name="aiwg-writer", daemon=True
            )
            start(writer)
        self._wake.put(True)
        if self._is_stopped:
            # By another thread, just when this one was made.
            self._wake.put(False)
        return entry

    def _write(self, wake: SimpleQueue[bool]) -> None:
        while wake.get():
            try:
                self._write_next()
            except OSError as error:
                return self._on_failure(str(error))

    def _write_next(self) -> None:
        try:
            line = self._entries[0].pop()
        except IndexError:
            # It was withdrawn.
            pass
        else:
            self._socket.sendall(line)
        self._entries.popleft()
