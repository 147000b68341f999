"""Helpers of the generated types for reading JSON."""

from __future__ import annotations

from ._errors import not_understood

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, TypeVar
    from typing import cast as cast

    T = TypeVar("T")
else:

    def cast(_, value):
        """The function of ``typing``, which is slow to import."""
        return value


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
