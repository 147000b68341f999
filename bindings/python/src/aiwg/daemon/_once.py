"""A call that shares nothing with others: for a signal handler that has interrupted one of them."""

from __future__ import annotations

import socket

from ._deadline import Deadline
from ._errors import disconnected
from ._message import UNREADABLE, Lines, dispatch, request_line, unreadable
from ._socket import connect, receive, send

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._discovery import Address
    from ._message import Waiting

_CHUNK = 64 * 1024


class _Answer:
    """The answer, once it has come."""

    size = 0

    def __init__(self) -> None:
        self.has_come = False
        self.result: Any = None
        self.error: Exception | None = None

    def succeed(self, result: Any) -> None:
        self.has_come, self.result = True, result

    def fail(self, error: Exception) -> None:
        self.has_come, self.error = True, error


def call_once(
    address: Address, method: str, params: Mapping[str, object] | None, deadline: Deadline
) -> Any:
    """Calls a method on a connection of its own, without a thread and without a lock."""
    line = request_line(1, method, params)
    answer, lines = _Answer(), Lines()
    calls: dict[int, Waiting] = {1: answer}
    connection = connect(address, deadline, method)
    try:
        send(connection, address.path, line, deadline)
        while not answer.has_come:
            for text in lines.push(receive(connection, address.path, _CHUNK, deadline)):
                if text:
                    dispatch(text, calls, lambda _: None)
    except socket.timeout:
        raise deadline.late(method) from None
    except UNREADABLE as error:
        raise disconnected(address.path, unreadable(error)) from error
    finally:
        connection.close()
    if answer.error is not None:
        raise answer.error
    return answer.result
