"""The methods of ``event``, with what is made of several of them, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Awaitable, Callable, List, Optional

from ._caller import AsyncCaller
from ._generated.async_methods import AsyncEventMethods
from ._generated.types import Event, EventEmitted
from ._offline import is_offline

if TYPE_CHECKING:
    from ._deadline import Moment

    _EmitOrSpool = Callable[
        [str, Any, Optional[str], Optional[float], Optional[Moment], Optional[bool], Optional[str]],
        Awaitable[EventEmitted],
    ]
    """Emits an event, or spools it: takes topic, payload, key, time-out, deadline, ``retry`` and trace context."""
else:
    from ._hints import Hint, hints

    hints(globals(), {"aiwg.daemon._deadline": "Moment"})
    _EmitOrSpool = Hint("__import__('typing').Any")


class AsyncEvents(AsyncEventMethods):
    """The methods of ``event``."""

    def __init__(self, client: AsyncCaller, emit_or_spool: _EmitOrSpool) -> None:
        super().__init__(client)
        self._emit_or_spool = emit_or_spool

    async def emit(
        self,
        *,
        topic: str,
        payload: Any = None,
        idempotency_key: str | None = None,
        offline: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
        traceparent: str | None = None,
    ) -> EventEmitted:
        """Emits an event. The answer comes once it is in the log on disk, with every task that a rule makes of it at once.

        - ``topic``: up to 200 characters of ``A-Z a-z 0-9 _ . : / -``, and none of the daemon's own, such as ``task:x``.
        - ``payload``: the details, any JSON value.
        - ``idempotency_key``: a name for this call, of 1 to 200 characters. Another call with it, within 24 hours, has no
          effect and gets the same answer; one with other params is refused.
        - ``offline``: as of the client's own ``emit``, with ``AIWG_OFFLINE=1`` in its place where it is absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.
        - ``traceparent``: the trace context, as W3C has it; that of the caller where OpenTelemetry is set up.

        Raises ``DaemonError`` of kind ``idempotency_conflict``, ``topic_reserved``, ``unknown_topic``,
        ``invalid_payload``, ``storage_unavailable``, ``queue_full``, ``shutting_down``.

        Example::

            await client.event.emit(topic="deployment:complete", payload={"version": "1.2.3"})
        """
        if is_offline(offline):
            return await self._emit_or_spool(topic, payload, idempotency_key, timeout, deadline, retry, traceparent)
        return await super().emit(
            topic=topic,
            payload=payload,
            idempotency_key=idempotency_key,
            timeout=timeout,
            deadline=deadline,
            retry=retry,
            traceparent=traceparent,
        )

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
