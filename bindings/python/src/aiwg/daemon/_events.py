"""The methods of ``event``, with what is made of several of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import List

from ._generated.methods import EventMethods
from ._generated.types import Event


class Events(EventMethods):
    """The methods of ``event``."""

    def iterate(
        self,
        *,
        topics: List[str] | tuple[str, ...] | None = None,
        since: int = 0,
        page: int = 100,
        timeout: float | None = None,
    ) -> Iterator[Event]:
        """All events of the log that match, the oldest first, however many: ``list`` page by page.

        Example::

            for event in client.event.iterate(topics=["deployment:*"]):
                print(event.seq, event.payload)

        - ``since``: the number of the event before the first one; all that are kept when absent.
        - ``page``: events of one page, from 1 to 1000. Each page is one call.
        - ``timeout``: the time for each call, in seconds.
        """
        while True:
            events = self.list(topics=topics, since=since, limit=page, timeout=timeout)
            yield from events
            if not events:
                return
            since = events[-1].seq
