"""The members of params that a daemon may be too old to know."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set
    from typing import Protocol

    class Following(Protocol):
        """A call that is to be sent."""

        @property
        def optional(self) -> Set[str]:
            """Those of its members that a daemon may be too old to know."""
            ...

        @property
        def is_safe(self) -> bool:
            """True if it changes nothing."""
            ...


class Members:
    """The knowledge of which of them the daemon of a connection takes.

    A call that is refused for one is sent again without it. So that no order changes, a call is not sent while one is in
    flight that may come back like that, and would then take effect after it.
    """

    def __init__(self) -> None:
        self._is_known: dict[str, bool] = {}
        self._in_flight: dict[str, int] = {}
        """Number of calls in flight that have each."""

    def lacks(self, member: str) -> bool:
        """True if the daemon is too old for a member."""
        return self._is_known.get(member) is False

    @property
    def is_waiting(self) -> bool:
        """True while calls are in flight that are about to be refused: nothing is sent before they are sent again."""
        return any(count > 0 and self.lacks(member) for member, count in self._in_flight.items())

    def may_follow(self, call: Following) -> bool:
        """True if a call may be sent now. One that changes nothing may, and one that would come back like those before."""
        return call.is_safe or all(
            count == 0 or self._is_known.get(member) is True or member in call.optional
            for member, count in self._in_flight.items()
        )

    def count(self, optional: Set[str], change: int) -> None:
        """Takes notice that a call with these is in flight, or no longer is."""
        for member in optional:
            self._in_flight[member] = self._in_flight.get(member, 0) + change

    def took(self, optional: Set[str]) -> None:
        """Takes notice that the daemon has carried out a call with these."""
        for member in optional:
            self._is_known[member] = True

    def refused(self, optional: Set[str], member: str | None) -> bool:
        """Takes notice that a call with these was refused for one. True if the daemon is too old for it."""
        if member is None or member not in optional or self._is_known.get(member) is True:
            return False
        self._is_known[member] = False
        return True
