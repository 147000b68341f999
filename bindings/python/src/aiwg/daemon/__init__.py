"""Clients of the aiwg daemon.

Example::

    with DaemonClient() as client:
        client.emit("deployment:complete", {"version": "1.2.3"})

The types of results are in :mod:`aiwg.daemon.types`.
"""

from typing import TYPE_CHECKING, Any

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
from ._hooks import ConnectionChange
from ._message import Notification
from ._progress import Missed
from ._subscription import Subscription

if TYPE_CHECKING:
    from ._async_client import AsyncDaemonClient
    from ._async_subscription import AsyncSubscription
    from ._spool import EventSpooled

_LATER = {
    "AsyncDaemonClient": "._async_client",
    "AsyncSubscription": "._async_subscription",
    "EventSpooled": "._spool",
}
"""The names that most programs have no use for, and their modules: asyncio above all is slow to import."""


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(module, __name__), name)
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
