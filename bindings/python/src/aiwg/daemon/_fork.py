"""fork(): a child takes over no connection of its parent.

Both would read from one socket, get each other's answers, and end each other's calls. So the child lets go of
what it has inherited, before anything else runs in it, and connects again when it calls.
"""

from __future__ import annotations

import os
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Inherited(Protocol):
        """Something that a child inherits and cannot use."""

        def forget(self) -> None:
            """Lets go of it, in the child. Locks may be held by threads that the child does not have."""


_inherited: weakref.WeakSet[Inherited] = weakref.WeakSet()


def forget_in_children(thing: Inherited) -> None:
    """Has it forgotten in the children that this process forks from now on."""
    _inherited.add(thing)


def _forget_all() -> None:
    for thing in list(_inherited):
        thing.forget()


os.register_at_fork(after_in_child=_forget_all)


def let_go(descriptor: int) -> None:
    """Takes the socket from a descriptor.

    The number stays taken, so that an event loop that closes it later, or no longer watches it, does so to nothing: what
    it watches with is still its parent's.
    """
    if descriptor < 0:
        return
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(nothing, descriptor, inheritable=False)
    finally:
        os.close(nothing)
