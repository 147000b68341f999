# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""The types of the answer to `event.emit`: many scripts meet no others, and to make all takes its time."""

from __future__ import annotations

from .._reading import maybe
from .._result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
else:
    from .._hints import hints

    hints(globals(), {"collections.abc": "Mapping", "typing": "Any"})

__all__ = [
    "EventEmitted",
    "RefusedMatch",
]


class EventEmitted(Result):
    """The answer to `event.emit`: the event is in the log, and its tasks in the queue."""

    seq: int
    """The event's number."""
    rules: list[str]
    """The ids of the rules that took it up: that have made a task of it, or will."""
    waiting: list[str] | None = None
    """The part of `rules` that has not made a task of it yet: they wait for quiet, for their own
    task to end, or for room in the queue. Absent if there are none.
    """
    refused: list[RefusedMatch] | None = None
    """The rules that it matched as well and that made nothing of it; absent where there are none.
    """

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> EventEmitted:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            seq=wire["seq"],
            rules=wire["rules"],
            waiting=wire.get("waiting"),
            refused=maybe(
                lambda value: [RefusedMatch.from_wire(item) for item in value],
                wire.get("refused"),
            ),
        )


class RefusedMatch(Result):
    """A rule that an event matched and that made nothing of it."""

    rule: str
    """The rule's id."""
    reason: str
    """The reason, for people."""

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> RefusedMatch:
        """Reads it from JSON. Members that this package does not know are no attributes."""
        return cls._of(
            wire,
            rule=wire["rule"],
            reason=wire["reason"],
        )
