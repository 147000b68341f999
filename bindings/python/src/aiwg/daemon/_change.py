"""What listeners for connections are called with."""

from __future__ import annotations

from typing import Literal

from ._result import Result


class ConnectionChange(Result):
    """A connection of a client was made, or has ended.

    Example::

        changes = []
        client.on_connection(changes.append)
        client.close()
        assert changes[-1].state == "disconnected"
    """

    state: Literal["connected", "disconnected"]
    """The state from now on."""
    path: str
    """The daemon's socket."""
    reason: str | None = None
    """The reason for which it ended, for people. None when it was made."""
