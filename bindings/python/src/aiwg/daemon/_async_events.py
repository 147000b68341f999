"""The methods of ``event``, with what is made of several of them, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import List

from ._generated.async_methods import AsyncEventMethods
from ._generated.types import Event


class AsyncEvents(AsyncEventMethods):
    """The methods of ``event``."""

    async def iterate(
        self,
        *,
        topics: List[str] | tuple[str, ...] | None = None,
        since: int = 0,
        page: int = 100,
        timeout: float | None = None,
    ) -> AsyncIterator[Event]:
        """All events of the log that match, the oldest first, however many: ``list`` page by page.

        Example::

            async for event in client.event.iterate(topics=["deployment:*"]):
                print(event.seq, event.payload)

        - ``since``: the number of the event before the first one; all that are kept when absent.
        - ``page``: events of one page, from 1 to 1000. Each page is one call.
        - ``timeout``: the time for each call, in seconds.
        """
        while True:
            events = await self.list(topics=topics, since=since, limit=page, timeout=timeout)
            for event in events:
                yield event
            if not events:
                return
            since = events[-1].seq
