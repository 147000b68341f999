"""The types of results and notifications, and those within params."""

import sys

from ._generated.notifications import NotificationParams as NotificationParams
from ._generated.types import *  # noqa: F403
from ._result import Result as Result
from ._unknown import UnknownVariant as UnknownVariant

if sys.version_info < (3, 10):
    from ._unions import evaluable

    evaluable()
    del evaluable
