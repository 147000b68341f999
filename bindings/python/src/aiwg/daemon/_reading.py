"""Helpers of the generated types for reading JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ._errors import not_understood
from ._result import Result

T = TypeVar("T")

UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""The errors of reading something that is no message, or none that can be understood."""


class Reading:
    """Around what reads the result of a method: what goes wrong in it is the answer's fault."""

    __slots__ = ("_method",)

    def __init__(self, method: str) -> None:
        self._method = method

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, UNREADABLE):
            raise not_understood(f"it is no result of {self._method} ({error!r})") from error


def maybe(read: Callable[[Any], T], value: Any) -> T | None:
    """Reads what may be null or absent."""
    return None if value is None else read(value)


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
