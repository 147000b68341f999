"""Connecting within an event loop, whichever it is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from typing import Any, Callable, Tuple, TypeVar

from ._discovery import Address, connectable
from ._errors import DaemonConnectionError, not_connected
from ._fork import let_go
from ._trust import check_peer

T = TypeVar("T")

_FIRST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


async def connect(
    address: Address, attempt: Callable[[str], Awaitable[Tuple[asyncio.BaseTransport, T]]]
) -> T:
    """The result of ``attempt(path)``, once there is a connection.

    A daemon with more waiting callers than the system holds for it exists, but is busy: the attempt is repeated.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            transport, made = await attempt(connectable(address))
        except BlockingIOError:
            pass
        except DaemonConnectionError:
            raise
        except OSError as error:
            raise not_connected(address.path, error) from error
        else:
            if _is_connected(transport):
                return _checked(address, transport, made)
            transport_abort(transport)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _is_connected(transport: asyncio.BaseTransport) -> bool:
    """True if it is: asyncio takes a socket that has been put off for one that is connected."""
    connection = _socket_of(transport)
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def _checked(address: Address, transport: asyncio.BaseTransport, made: T) -> T:
    try:
        if address.is_found:
            check_peer(_socket_of(transport), address.path)
    except BaseException:
        transport_abort(transport)
        raise
    return made


def _socket_of(transport: asyncio.BaseTransport) -> Any:
    return transport.get_extra_info("socket")


def transport_abort(transport: Any) -> None:
    """Closes it at once. No loop's transports have a class in common but the most basic."""
    transport.abort()


def forget_transport(transport: asyncio.BaseTransport) -> None:
    """Lets go of a transport's socket, in a child made by fork(), without a word to the loop."""
    connection: socket.socket | None = _socket_of(transport)
    if connection is not None:
        let_go(connection.fileno())
