"""The choice between an error and the spool, for events that find no daemon. The spool is imported where it is needed."""

from __future__ import annotations

import os

_ENVIRONMENT = "AIWG_OFFLINE"

OFFLINE_TIMEOUT = 10.0
"""Seconds within which a daemon must answer before an event is spooled, where the caller gives no other time."""


def is_offline(given: bool | None) -> bool:
    """True if an event that finds no daemon is to be spooled: as the caller says, or else the environment."""
    if given is not None:
        return given
    return os.environ.get(_ENVIRONMENT) == "1"
