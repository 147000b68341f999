# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""What the daemon sends without having been asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from .types import EventMissedNotification, EventNotification
from .._unknown import UnknownVariant

__all__ = ["NotificationParams", "read_notification"]

NotificationParams = Union[EventNotification, EventMissedNotification, UnknownVariant]
"""The content of a notification, of which the class says which it is.

- ``EventNotification`` of ``event``: An event that matches a subscription of this connection.
- ``EventMissedNotification`` of ``event.missed``: Events of a subscription were passed over: the
  subscriber fell too far behind, retention deleted them before they were sent, or the log was
  deleted and restarted.
"""


def read_notification(method: str, wire: Mapping[str, Any]) -> NotificationParams:
    """Reads the params of a notification. One of a newer daemon comes as ``UnknownVariant``."""
    if method == "event":
        return EventNotification.from_wire(wire)
    if method == "event.missed":
        return EventMissedNotification.from_wire(wire)
    return UnknownVariant(method, wire)
