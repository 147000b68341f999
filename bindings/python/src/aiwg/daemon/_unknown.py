"""What a newer daemon says that this package does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._result import Result


class UnknownVariant(Result):
    """One of a choice that this package, being older than the daemon, does not know.

    Example::

        newer = UnknownVariant("future", {"type": "future"})
        assert newer["type"] == newer.tag
    """

    tag: str
    """Its own name for its kind."""
    wire: Mapping[str, Any]
    """All of it, as it came. As a dict, this is the same."""

    if not TYPE_CHECKING:

        def __init__(self, tag, wire):
            self.__dict__.update(tag=tag, wire=wire)
            dict.update(self, wire)
