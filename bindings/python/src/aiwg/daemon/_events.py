"""The methods of ``event``, with what is made of several of them."""

from __future__ import annotations

from ._generated.methods import EventMethods
from ._offline import is_offline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Callable, List, Optional

    from ._caller import Caller
    from ._deadline import Moment
    from ._generated.types import Event, EventEmitted

    _EmitOrSpool = Callable[
        [str, Any, Optional[str], Optional[float], Optional[Moment], Optional[bool], Optional[str]], EventEmitted
    ]
    """Emits an event, or spools it: takes topic, payload, key, time-out, deadline, ``retry`` and trace context."""
else:
    from ._hints import Hint, hints

    hints(
        globals(),
        {
            "collections.abc": "Iterator",
            "typing": "Any List",
            "aiwg.daemon._caller": "Caller",
            "aiwg.daemon._deadline": "Moment",
            "aiwg.daemon._generated.types": "Event EventEmitted",
        },
    )
    _EmitOrSpool = Hint("__import__('typing').Any")


class Events(EventMethods):
    """The methods of ``event``."""

    def __init__(self, client: Caller, emit_or_spool: _EmitOrSpool) -> None:
        super().__init__(client)
        self._emit_or_spool = emit_or_spool

    def emit(
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

            client.event.emit(topic="deployment:complete", payload={"version": "1.2.3"})
        """
        if is_offline(offline):
            return self._emit_or_spool(topic, payload, idempotency_key, timeout, deadline, retry, traceparent)
        return super().emit(
            topic=topic,
            payload=payload,
            idempotency_key=idempotency_key,
            timeout=timeout,
            deadline=deadline,
            retry=retry,
            traceparent=traceparent,
        )

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
