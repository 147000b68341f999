"""The position in a task's output, independent of the way in which it is read."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._deadline import Deadline
    from ._generated.types import TaskOutput

_WAIT = 10.0
"""Seconds that one call waits for output."""


class Follower:
    """A reader of a task's output, over all of its attempts."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        """The byte to go on at."""
        self.is_over = False
        """True once no more will follow."""
        self._attempt: int | None = None

    def wait_ms(self, limit: Deadline) -> int:
        """The time for which the daemon may wait for output, in milliseconds."""
        left = limit.left()
        return round((_WAIT if left is None else min(left, _WAIT)) * 1000)

    def take(self, chunk: TaskOutput) -> str:
        """The text of a chunk; none where it is of another attempt, which is then read from its beginning."""
        before, self._attempt = self._attempt, chunk.attempt
        if before is not None and before != chunk.attempt and chunk.offset > 0:
            self.offset = 0
            return ""
        self.offset = chunk.next_offset
        self.is_over = chunk.ended
        return chunk.data
