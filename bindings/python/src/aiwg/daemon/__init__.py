"""Clients of the aiwg daemon.

Example::

    with DaemonClient() as client:
        client.emit("deployment:complete", {"version": "1.2.3"})

The types of results are in :mod:`aiwg.daemon.types`.
"""

from __future__ import annotations

import sys
from _thread import RLock
from posix import register_at_fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._async_client import AsyncDaemonClient
    from ._async_subscription import AsyncSubscription
    from ._change import ConnectionChange
    from ._client import DaemonClient
    from ._errors import (
        DaemonConnectionError,
        DaemonError,
        DaemonTimeoutError,
        NoDaemonError,
        NotAllowedError,
        SpoolError,
        UnreadableError,
    )
    from ._generated.constants import PROTOCOL_VERSION
    from ._generated.errors import ERROR_KINDS, ErrorKind, ErrorKindInfo
    from ._notification import Notification
    from ._progress import Missed
    from ._spool import EventSpooled
    from ._subscription import Subscription

_MODULES = {
    "ERROR_KINDS": "_generated.errors",
    "PROTOCOL_VERSION": "_generated.constants",
    "AsyncDaemonClient": "_async_client",
    "AsyncSubscription": "_async_subscription",
    "ConnectionChange": "_change",
    "DaemonClient": "_client",
    "DaemonConnectionError": "_errors",
    "DaemonError": "_errors",
    "DaemonTimeoutError": "_errors",
    "ErrorKind": "_generated.errors",
    "ErrorKindInfo": "_generated.errors",
    "EventSpooled": "_spool",
    "Missed": "_progress",
    "NoDaemonError": "_errors",
    "NotAllowedError": "_errors",
    "Notification": "_notification",
    "SpoolError": "_errors",
    "Subscription": "_subscription",
    "UnreadableError": "_errors",
}
"""The names and their modules, each of which is imported when a program asks for it: to import them all takes longer than
to emit an event.
"""

_importing = RLock()
"""Held while a module is imported: several threads may ask for names at once."""


def _forget() -> None:
    """In a child made by fork() nobody holds it."""
    global _importing
    _importing = RLock()


register_at_fork(after_in_child=_forget)


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _importing:
        # Nearly all modules need it. Where several threads are the first to import it at once, Python 3.13.0 gives some of them half of it.
        __import__("collections.abc")
        # ``importlib`` does the same, and has to be imported for it.
        value = getattr(__import__(module, globals(), None, (name,), 1), name)
        if sys.version_info < (3, 10):
            from ._unions import evaluable

            evaluable()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "ERROR_KINDS",
    "PROTOCOL_VERSION",
    "AsyncDaemonClient",
    "AsyncSubscription",
    "ConnectionChange",
    "DaemonClient",
    "DaemonConnectionError",
    "DaemonError",
    "DaemonTimeoutError",
    "ErrorKind",
    "ErrorKindInfo",
    "EventSpooled",
    "Missed",
    "NoDaemonError",
    "NotAllowedError",
    "Notification",
    "SpoolError",
    "Subscription",
    "UnreadableError",
]
