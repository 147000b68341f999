"""What the generated types need to read JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, TypeVar

T = TypeVar("T")


def maybe(read: Callable[[Any], T], value: Any) -> T | None:
    """Reads what may be null or absent."""
    return None if value is None else read(value)


@dataclass(frozen=True)
class UnknownVariant:
    """One of a choice that this package, being older than the daemon, does not know."""

    tag: str
    """What it calls itself."""
    wire: Mapping[str, Any]
    """All of it, as it came."""
