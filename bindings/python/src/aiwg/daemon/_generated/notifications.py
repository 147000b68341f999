# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""What the daemon sends without having been asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from .._reading import UnknownVariant
from .types import EventMissedNotification, EventNotification

__all__ = ["NotificationParams", "read_notification"]

NotificationParams = Union[EventNotification, EventMissedNotification, UnknownVariant]
"""What a notification brings; its class tells which it is.

- ``EventNotification`` of ``event``: Something happened that a subscription of this connection
  waits for.
- ``EventMissedNotification`` of ``event.missed``: A subscriber has fallen so far behind that events
  were passed over, the log was begun anew since it last looked, or retention has deleted what it
  was not sent.
"""


def read_notification(method: str, wire: Mapping[str, Any]) -> NotificationParams:
    """Reads the params of a notification. One of a newer daemon comes as ``UnknownVariant``."""
    if method == "event":
        return EventNotification.from_wire(wire)
    if method == "event.missed":
        return EventMissedNotification.from_wire(wire)
    return UnknownVariant(method, wire)
