"""Sockets that block, but never for longer than the caller has time."""

from __future__ import annotations

import socket
import time

from ._deadline import Deadline
from ._discovery import Address, connectable
from ._errors import DaemonConnectionError, disconnected, not_connected
from ._trust import check_peer

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


def connect(address: Address, deadline: Deadline, method: str = "connect") -> socket.socket:
    """A connected socket, which blocks."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        _connect(connection, connectable(address), deadline)
        if address.is_found:
            check_peer(connection, address.path)
        connection.setblocking(True)
    except socket.timeout:
        connection.close()
        raise deadline.late(method) from None
    except DaemonConnectionError:
        connection.close()
        raise
    except OSError as error:
        connection.close()
        raise not_connected(address.path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(connection: socket.socket, path: str, deadline: Deadline) -> None:
    """Connects. A daemon that has more callers waiting than the system holds for it is there, if busy: it is asked again."""
    pause = _FIRST_PAUSE
    while True:
        try:
            return connection.connect(path)
        except BlockingIOError:
            left = deadline.left()
            if left == 0.0:
                raise socket.timeout from None
            time.sleep(pause if left is None else min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)


def send(connection: socket.socket, path: str, line: bytes, deadline: Deadline) -> None:
    """Sends a line. Raises ``socket.timeout`` when the time is over."""
    rest = memoryview(line)
    try:
        while rest:
            _limit(connection, deadline)
            rest = rest[connection.send(rest) :]
    except socket.timeout:
        raise
    except OSError as error:
        raise disconnected(path, str(error), is_lost=True) from error


def receive(connection: socket.socket | None, path: str, size: int, deadline: Deadline) -> bytes:
    """The next bytes, be they a part of a line. Raises ``socket.timeout`` when the time is over."""
    try:
        if connection is None:
            chunk = b""
        else:
            _limit(connection, deadline)
            chunk = connection.recv(size)
    except socket.timeout:
        raise
    except OSError as error:
        raise disconnected(path, str(error), is_lost=True) from error
    if not chunk:
        raise disconnected(path, "it went away", is_lost=True)
    return chunk


def _limit(connection: socket.socket, deadline: Deadline) -> None:
    left = deadline.left()
    if left == 0.0:
        raise socket.timeout
    connection.settimeout(left)
