"""Events of one event loop that are written to the spool."""

from __future__ import annotations

import asyncio
from typing import Dict, List, Union

from ._discovery import Address
from ._spool import EventSpooled, Spooled, write

_Outcome = Union[EventSpooled, Exception]


class AsyncSpooler:
    """Writes events one after the other, in the order of their calls, in a thread of its own."""

    def __init__(self) -> None:
        self.batches = 0
        """Number of times that it has begun to write."""
        self._waiting: Dict[str, tuple[Address, Spooled, asyncio.Future[EventSpooled]]] = {}
        self._writing: asyncio.Task[None] | None = None

    async def write(self, address: Address, event: Spooled) -> EventSpooled:
        """Writes an event, after all that were made before it. Raises ``SpoolError``."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[EventSpooled] = loop.create_future()
        self._waiting[event.name] = (address, event, future)
        if self._writing is None:
            self.batches += 1
            self._writing = loop.create_task(self._write())
        return await future

    async def idle(self) -> None:
        """Waits until all is written."""
        while self._writing is not None:
            # Shielded: others may wait for it, too.
            await asyncio.shield(self._writing)

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                rows = [self._waiting[name] for name in sorted(self._waiting)]
                self._waiting = {}
                left = [(address, event) for address, event, future in rows if not future.done()]
                outcomes = await loop.run_in_executor(None, _write_all, left)
                for _, event, future in rows:
                    outcome = outcomes.get(event.name)
                    if outcome is None or future.done():
                        continue
                    if isinstance(outcome, EventSpooled):
                        future.set_result(outcome)
                    else:
                        future.set_exception(outcome)
        finally:
            self._writing = None


def _write_all(events: List[tuple[Address, Spooled]]) -> Dict[str, _Outcome]:
    outcomes: Dict[str, _Outcome] = {}
    for address, event in events:
        try:
            outcomes[event.name] = write(address, event)
        except Exception as error:
            outcomes[event.name] = error
    return outcomes
