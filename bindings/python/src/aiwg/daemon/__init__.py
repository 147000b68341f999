"""Clients of the aiwg daemon.

with DaemonClient() as client:
    client.emit("deployment:complete", {"version": "1.2.3"})

The types of results are in :mod:`aiwg.daemon.types`.
"""

from ._async_client import AsyncDaemonClient
from ._async_subscription import AsyncSubscription
from ._client import DaemonClient
from ._errors import (
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    NoDaemonError,
    NotAllowedError,
    UnreadableError,
)
from ._generated.constants import PROTOCOL_VERSION
from ._generated.errors import ERROR_KINDS, ErrorKind, ErrorKindInfo
from ._message import Notification
from ._progress import Missed
from ._subscription import Subscription

__all__ = [
    "ERROR_KINDS",
    "PROTOCOL_VERSION",
    "AsyncDaemonClient",
    "AsyncSubscription",
    "DaemonClient",
    "DaemonConnectionError",
    "DaemonError",
    "DaemonTimeoutError",
    "ErrorKind",
    "ErrorKindInfo",
    "Missed",
    "NoDaemonError",
    "NotAllowedError",
    "Notification",
    "Subscription",
    "UnreadableError",
]
