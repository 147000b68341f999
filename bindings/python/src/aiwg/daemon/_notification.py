"""What listeners for notifications are called with."""

from __future__ import annotations

from ._generated.notifications import NotificationParams
from ._result import Result


class Notification(Result):
    """A message that the daemon sends without a request.

    Example::

        client.on_notification(lambda notification: print(notification.method, notification.params))
    """

    method: str
    """Its name on the wire."""
    params: NotificationParams
    """Its content: ``isinstance`` shows which it is."""
