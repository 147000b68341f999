# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""Every method of the daemon, for `AsyncDaemonClient`."""

from __future__ import annotations

from .._caller import AsyncCaller
from .._reading import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any, Final, List

    from .._deadline import Moment
    from .types import (
        AccountList,
        AccountResumed,
        Approval,
        ApprovalOutcome,
        ApprovalPermission,
        ApprovalState,
        ApprovalSummary,
        ApprovalTerms,
        AutomationStatus,
        AutomationSwitched,
        AutomationTested,
        BudgetStatus,
        ChatCleared,
        ChatSent,
        ChatTurn,
        DaemonLogs,
        DaemonReloaded,
        DaemonRestarting,
        DaemonStatus,
        Event,
        EventEmitted,
        EventSubscribed,
        EventUnsubscribed,
        HostList,
        HostLost,
        HostStatus,
        MessagingStatus,
        MessagingTested,
        Metrics,
        MetricsFormat,
        OpenRpcDocument,
        OutputEncoding,
        OutputStream,
        PermissionStep,
        Pong,
        QueuePaused,
        QueueResumed,
        Report,
        RetryPolicy,
        ScheduledJob,
        ScheduleRun,
        Span,
        StopAcknowledged,
        Task,
        TaskApplied,
        TaskCancelled,
        TaskDiff,
        TaskEdited,
        TaskGiven,
        TaskHeld,
        TaskOrder,
        TaskOutput,
        TaskReleased,
        TasksCancelled,
        TaskSent,
        TasksRetried,
        TaskState,
        TaskStats,
        TaskSubmitted,
        TaskTaken,
        TopicInfo,
        Verify,
        Why,
        WhyDirection,
        Workspace,
        WorkspaceList,
        WorkspacePruned,
    )
else:
    from .._hints import hints

    hints(
        globals(),
        {
            "collections.abc": "Mapping",
            "datetime": "datetime",
            "typing": "Any List Literal",
            "aiwg.daemon._deadline": "Moment",
        },
    )
    for name in (
        "AccountList",
        "AccountResumed",
        "Approval",
        "ApprovalOutcome",
        "ApprovalPermission",
        "ApprovalState",
        "ApprovalSummary",
        "ApprovalTerms",
        "AutomationStatus",
        "AutomationSwitched",
        "AutomationTested",
        "BudgetStatus",
        "ChatCleared",
        "ChatSent",
        "ChatTurn",
        "DaemonLogs",
        "DaemonReloaded",
        "DaemonRestarting",
        "DaemonStatus",
        "Event",
        "EventEmitted",
        "EventSubscribed",
        "EventUnsubscribed",
        "HostList",
        "HostLost",
        "HostStatus",
        "MessagingStatus",
        "MessagingTested",
        "Metrics",
        "MetricsFormat",
        "OpenRpcDocument",
        "OutputEncoding",
        "OutputStream",
        "PermissionStep",
        "Pong",
        "QueuePaused",
        "QueueResumed",
        "Report",
        "RetryPolicy",
        "ScheduledJob",
        "ScheduleRun",
        "Span",
        "StopAcknowledged",
        "Task",
        "TaskApplied",
        "TaskCancelled",
        "TaskDiff",
        "TaskEdited",
        "TaskGiven",
        "TaskHeld",
        "TaskOrder",
        "TaskOutput",
        "TaskReleased",
        "TasksCancelled",
        "TaskSent",
        "TasksRetried",
        "TaskState",
        "TaskStats",
        "TaskSubmitted",
        "TaskTaken",
        "TopicInfo",
        "Verify",
        "Why",
        "WhyDirection",
        "Workspace",
        "WorkspaceList",
        "WorkspacePruned",
    ):
        hints(globals(), {"aiwg.daemon._generated.types": name})


class AsyncRpcMethods:
    """The methods of ``rpc``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def discover(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> OpenRpcDocument:
        """Gives the OpenRPC document of this API.

        The document describes every method, type and error, and is enough to write a client from.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.rpc.discover()
        """
        received: OpenRpcDocument = await self._caller.call_method("rpc.discover", {}, timeout, deadline, retry)
        return received


class AsyncDaemonMethods:
    """The methods of ``daemon``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def status(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> DaemonStatus:
        """Reports the state of the daemon and all its subsystems.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.daemon.status()
        """
        from .types import DaemonStatus

        received = await self._caller.call_method("daemon.status", {}, timeout, deadline, retry)
        with Reading("daemon.status"):
            return DaemonStatus.from_wire(received)

    async def stop(
        self,
        *,
        keep_agents: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> StopAcknowledged:
        """Stops the daemon.

        The answer comes first. Queued tasks stay queued for the next start. Running ones get
        SIGTERM, 15 seconds, then SIGKILL, every process they started included, and end as
        `cancelled`. With `keepAgents` they go on, and the next daemon supervises them.

        - ``keep_agents``: True if running agents go on without the daemon; the next start finds
          them again. False when absent: they are ended.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.daemon.stop()
        """
        wire = {"keepAgents": keep_agents}
        from .types import StopAcknowledged

        received = await self._caller.call_method("daemon.stop", wire, timeout, deadline, retry)
        with Reading("daemon.stop"):
            return StopAcknowledged.from_wire(received)

    async def restart(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> DaemonRestarting:
        """Restarts the daemon in place, as the same process: it reads its program and its
        configuration again. Running agents go on, queued tasks stay queued.

        A bad configuration is refused, and nothing is restarted. The answer comes before the
        restart; afterwards `daemon.status` has another `started_at`. The daemon keeps its
        environment.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``shutting_down``.

        Example::

            await client.daemon.restart()
        """
        from .types import DaemonRestarting

        received = await self._caller.call_method("daemon.restart", {}, timeout, deadline, retry)
        with Reading("daemon.restart"):
            return DaemonRestarting.from_wire(received)

    async def reload(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> DaemonReloaded:
        """Reads the configuration again, and applies it as a whole or not at all.

        The queue, running tasks and connections are not disturbed. SIGHUP does the same.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.daemon.reload()
        """
        from .types import DaemonReloaded

        received = await self._caller.call_method("daemon.reload", {}, timeout, deadline, retry)
        with Reading("daemon.reload"):
            return DaemonReloaded.from_wire(received)

    async def pause(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> QueuePaused:
        """Pauses the queue: nothing is started until `daemon.resume`, over restarts as well.
        Running tasks go on.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.daemon.pause()
        """
        from .types import QueuePaused

        received = await self._caller.call_method("daemon.pause", {}, timeout, deadline, retry)
        with Reading("daemon.pause"):
            return QueuePaused.from_wire(received)

    async def resume(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> QueueResumed:
        """Resumes a queue that was paused or drained.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.daemon.resume()
        """
        from .types import QueueResumed

        received = await self._caller.call_method("daemon.resume", {}, timeout, deadline, retry)
        with Reading("daemon.resume"):
            return QueueResumed.from_wire(received)

    async def drain(
        self,
        *,
        exit: bool | None = None,
        wait_ms: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> QueuePaused:
        """Drains the queue: nothing is started, and running tasks go on to their ends. With `exit`
        the daemon ends after the last of them.

        Without `exit` it is the same as `daemon.pause`, of which all hosts of a store take notice;
        with `exit` it is of this host only. With `waitMs` the answer waits until no task runs any
        more, or someone resumes the queue: one with 0 as `running` says that the queue has drained.
        A daemon that ends before that answers `shutting_down`; one that restarts drains on.

        - ``exit``: True if the daemon is to end once no task runs any more. It does not pause the
          queue at the next start; a `daemon.pause` before it does. Default: false.
        - ``wait_ms``: How long to wait until no task runs any more, in milliseconds. From 0 to
          60000; `0` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``, ``shutting_down``,
        ``too_many_waits``.

        Example::

            await client.daemon.drain(exit=True)
        """
        wire = {"exit": exit, "waitMs": wait_ms}
        from .types import QueuePaused

        received = await self._caller.call_method("daemon.drain", wire, timeout, deadline, retry)
        with Reading("daemon.drain"):
            return QueuePaused.from_wire(received)

    async def logs(
        self,
        *,
        lines: int | None = None,
        cursor: str | None = None,
        wait_ms: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> DaemonLogs:
        """Gives lines of the daemon's log: the last ones, or those after an earlier answer.

        With `waitMs` the answer waits until there is something: to follow the log, over rotations
        and restarts, ask again from `cursor`.

        - ``lines``: Number of last lines to give, if there is no `cursor`. From 0 to 10000; `100`
          when absent.
        - ``cursor``: The `cursor` of an earlier answer: what comes after it. Length at most 200.
        - ``wait_ms``: With a `cursor`, if there is nothing yet: how long to wait for something, in
          milliseconds. From 0 to 60000; `0` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``too_many_waits``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.daemon.logs(lines=1)
        """
        wire = {"lines": lines, "cursor": cursor, "waitMs": wait_ms}
        from .types import DaemonLogs

        received = await self._caller.call_method("daemon.logs", wire, timeout, deadline, retry)
        with Reading("daemon.logs"):
            return DaemonLogs.from_wire(received)


class AsyncAutomationMethods:
    """The methods of ``automation``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def status(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> AutomationStatus:
        """Reports the state of all rules.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.automation.status()
        """
        from .types import AutomationStatus

        received = await self._caller.call_method("automation.status", {}, timeout, deadline, retry)
        with Reading("automation.status"):
            return AutomationStatus.from_wire(received)

    async def enable(
        self,
        *,
        rule_id: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> AutomationSwitched:
        """Switches a rule on, or all of automation. The switch outlasts restarts.

        A rule that has tripped starts to count its firings from zero. Switching on all of
        automation does not switch on single rules.

        - ``rule_id``: The rule; all of automation when absent. Length at most 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``rule_not_found``, ``storage_unavailable``.

        Example::

            await client.automation.enable()
        """
        wire = {"ruleId": rule_id}
        from .types import AutomationSwitched

        received = await self._caller.call_method("automation.enable", wire, timeout, deadline, retry)
        with Reading("automation.enable"):
            return AutomationSwitched.from_wire(received)

    async def disable(
        self,
        *,
        rule_id: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> AutomationSwitched:
        """Switches a rule off, or all of automation. It lasts over restarts.

        Pending matches, which have made no task yet, are kept until it is switched on again. Queued
        and running tasks stay.

        - ``rule_id``: The rule; all of automation when absent. Length at most 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``rule_not_found``, ``storage_unavailable``.

        Example::

            await client.automation.disable()
        """
        wire = {"ruleId": rule_id}
        from .types import AutomationSwitched

        received = await self._caller.call_method("automation.disable", wire, timeout, deadline, retry)
        with Reading("automation.disable"):
            return AutomationSwitched.from_wire(received)

    async def test(
        self,
        *,
        topic: str | None = None,
        payload: Any = None,
        file: str | None = None,
        schedule: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> AutomationTested:
        """Reports what the rules would do with an event, and changes nothing.

        - ``topic``: As if an event of this topic were emitted. Length at most 200.
        - ``payload``: The event's payload; `null` when absent.
        - ``file``: As if this file were modified: its path relative to the project, or absolute and
          within it. Length at most 4096.
        - ``schedule``: As if this schedule job fired, or the rule of this id whose trigger is a
          schedule. Length at most 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``job_not_found``, ``storage_unavailable``.

        Example::

            await client.automation.test(topic="deployment:complete", payload={"version": "1.2.3"})
        """
        wire = {"topic": topic, "payload": payload, "file": file, "schedule": schedule}
        from .types import AutomationTested

        received = await self._caller.call_method("automation.test", wire, timeout, deadline, retry)
        with Reading("automation.test"):
            return AutomationTested.from_wire(received)


class AsyncEventMethods:
    """The methods of ``event``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def emit(
        self,
        *,
        topic: str,
        payload: Any = None,
        idempotency_key: str | None = None,
        traceparent: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> EventEmitted:
        """Emits an event.

        The answer comes once the event is in the log on disk, together with every task that a rule
        makes of it at once: no crash or power cut after it loses them.

        - ``topic``: Up to 200 characters of `A-Z a-z 0-9 _ . : / -`. The daemon's own topics
          (`task:`, `agent:`, `approval:`, `budget:`, `file:`, `schedule:`, `daemon:`,
          `automation:`, `health:`, `chat:`) are refused. Matches `^[A-Za-z0-9_.:/-]{1,200}$`.
        - ``payload``: The details: any JSON value that can be read. It may hold no half of a
          surrogate pair, no number beyond a double's range, no object that has a member twice, and
          at most 120 levels.
        - ``idempotency_key``: A name for this call, any text of the caller's own: another call with
          it, of the same caller within 24 hours, has no effect and gets the same answer. So a call
          whose answer was lost can be repeated. If its params or its method differ, it is an error.
          Length from 1 to 200.
        - ``traceparent``: The trace context of the caller, as the header `traceparent` of W3C has
          it: 55 characters, and none of its ids may be all zeros. The event has it, and each task
          that a rule makes of it (`metadata`). With a key, a call that has another one is still the
          same. Matches `^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``idempotency_conflict``, ``topic_reserved``,
        ``unknown_topic``, ``invalid_payload``, ``storage_unavailable``, ``queue_full``,
        ``shutting_down``.

        Example::

            await client.event.emit(topic="deployment:complete", payload={"version": "1.2.3"})
        """
        wire = {
            "topic": topic,
            "payload": payload,
            "idempotencyKey": idempotency_key,
            "traceparent": traceparent,
        }
        from .emitted import EventEmitted

        received = await self._caller.call_method("event.emit", wire, timeout, deadline, retry)
        with Reading("event.emit"):
            return EventEmitted.from_wire(received)

    async def list(
        self,
        *,
        topics: List[str] | tuple[str, ...] | None = None,
        since: int | None = None,
        limit: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> List[Event]:
        """Lists events, the oldest first.

        - ``topics``: Only events whose topic matches one of these globs: `*` and `?` match within
          it, `{a,b}` either. All when absent or empty. Length at most 100.
        - ``since``: The number of the last event seen: the answer starts with the next one. Without
          it, the answer holds the newest. Nothing comes after a number that the log has not
          reached, such as one of a log that was deleted since.
        - ``limit``: Maximum number of events. The answer has fewer if they exceed 8 MiB together.
          From 1 to 1000; `100` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.event.list(topics=["deployment:*"], since=16, limit=1)
        """
        wire = {"topics": topics, "since": since, "limit": limit}
        from .types import Event

        received = await self._caller.call_method("event.list", wire, timeout, deadline, retry)
        with Reading("event.list"):
            return [Event.from_wire(item) for item in received]

    async def subscribe(
        self,
        *,
        topics: List[str] | tuple[str, ...] | None = None,
        since: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> EventSubscribed:
        """Pushes events to this connection as they happen.

        They come as `event` notifications, in the order of their numbers. With `since`, the events
        after that number come first. A subscriber that does not read delays nobody: if it falls
        behind, up to 10,000 events are read for it from the log. Beyond that, events are passed
        over, and `event.missed` reports their number. `event.missed` also comes if retention has
        deleted events before they were sent, and if the log was deleted and restarted, so that it
        does not reach `since`. The subscription ends with its connection.

        - ``topics``: Only events whose topic matches one of these globs: `*` and `?` match within
          it, `{a,b}` either. All when absent or empty. Length at most 100.
        - ``since``: The number of the last event seen: those after it come first, then the live
          ones, without a gap or a repeat. Only live ones when absent; 0 stands for the whole log. A
          number that the log has not reached is one of a log that was deleted since: an
          `event.missed` comes first.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``too_many_subscriptions``, ``storage_unavailable``.

        Example::

            await client.event.subscribe(topics=["task:*"], since=16)
        """
        wire = {"topics": topics, "since": since}
        from .types import EventSubscribed

        received = await self._caller.call_method("event.subscribe", wire, timeout, deadline, retry)
        with Reading("event.subscribe"):
            return EventSubscribed.from_wire(received)

    async def unsubscribe(
        self,
        *,
        subscription: int,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> EventUnsubscribed:
        """Ends a subscription of this connection.

        - ``subscription``: The subscription's number.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.event.unsubscribe(subscription=1)
        """
        wire = {"subscription": subscription}
        from .types import EventUnsubscribed

        received = await self._caller.call_method("event.unsubscribe", wire, timeout, deadline, retry)
        with Reading("event.unsubscribe"):
            return EventUnsubscribed.from_wire(received)


class AsyncTopicMethods:
    """The methods of ``topic``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def list(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> List[TopicInfo]:
        """Lists the topics that the configuration declares, by name, then the daemon's own, with
        the schemas of their payloads.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.topic.list()
        """
        from .types import TopicInfo

        received = await self._caller.call_method("topic.list", {}, timeout, deadline, retry)
        with Reading("topic.list"):
            return [TopicInfo.from_wire(item) for item in received]


class AsyncChatMethods:
    """The methods of ``chat``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def send(
        self,
        *,
        message: str,
        priority: int | None = None,
        conversation: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> ChatSent:
        """Sends a message to an agent: a task of higher priority, whose output is the answer.

        `task.output` streams the answer and `task.wait` waits for it.

        - ``message``: The text of the message; up to 1 MiB. Length from 1 to 1048576.
        - ``priority``: Higher ones start first. From -1000 to 1000; `5` when absent.
        - ``conversation``: The conversation that it belongs to, by any name of up to 200
          characters. The agent gets what was said in it before, and answers one message after the
          other. Without one the message stands alone. Length from 1 to 200.
        - ``idempotency_key``: A name for this call, any text of the caller's own: another call with
          it, of the same caller within 24 hours, has no effect and gets the same answer. So a call
          whose answer was lost can be repeated. If its params or its method differ, it is an error.
          Length from 1 to 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``idempotency_conflict``, ``queue_full``, ``chain_too_deep``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.chat.send(message="And which of them are slow?", conversation="tests")
        """
        wire = {
            "message": message,
            "priority": priority,
            "conversation": conversation,
            "idempotencyKey": idempotency_key,
        }
        from .types import ChatSent

        received = await self._caller.call_method("chat.send", wire, timeout, deadline, retry)
        with Reading("chat.send"):
            return ChatSent.from_wire(received)

    async def history(
        self,
        *,
        conversation: str,
        limit: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> List[ChatTurn]:
        """Gives the last turns of a conversation, the oldest first; none if there is no such
        conversation.

        - ``conversation``: The conversation. Length from 1 to 200.
        - ``limit``: Maximum number of turns, the latest. The answer has fewer if they exceed 8 MiB
          together. From 1 to 1000; `20` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.chat.history(conversation="tests", limit=1)
        """
        wire = {"conversation": conversation, "limit": limit}
        from .types import ChatTurn

        received = await self._caller.call_method("chat.history", wire, timeout, deadline, retry)
        with Reading("chat.history"):
            return [ChatTurn.from_wire(item) for item in received]

    async def clear(
        self,
        *,
        conversation: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> ChatCleared:
        """Forgets a conversation: agents no longer get what was said in it. Its tasks stay.

        - ``conversation``: The conversation. Length from 1 to 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.chat.clear(conversation="tests")
        """
        wire = {"conversation": conversation}
        from .types import ChatCleared

        received = await self._caller.call_method("chat.clear", wire, timeout, deadline, retry)
        with Reading("chat.clear"):
            return ChatCleared.from_wire(received)


class AsyncAccountMethods:
    """The methods of ``account``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def list(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> AccountList:
        """Lists the accounts that agents work with, as far as the user's daemons know something of
        them: limits, refused logins, what is used up.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.account.list()
        """
        from .types import AccountList

        received = await self._caller.call_method("account.list", {}, timeout, deadline, retry)
        with Reading("account.list"):
            return AccountList.from_wire(received)

    async def resume(
        self,
        *,
        account: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> AccountResumed:
        """Lifts what holds an account back: a limit, a share that is left to people, a refused
        login. Its tasks start, here and in the user's other projects.

        - ``account``: The account's id, or the beginning of it; the accounts of this project when
          absent. Length from 1 to 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``account_not_found``, ``shutting_down``.

        Example::

            await client.account.resume()
        """
        wire = {"account": account}
        from .types import AccountResumed

        received = await self._caller.call_method("account.resume", wire, timeout, deadline, retry)
        with Reading("account.resume"):
            return AccountResumed.from_wire(received)


class AsyncReportMethods:
    """The methods of ``report``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def get(
        self,
        *,
        since: str | datetime | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Report:
        """Reports what has happened since some moment: which tasks completed, failed and were
        cancelled, why, and what they cost; and which run or wait, and for what.

        - ``since``: The moment from which on things are reported; 24 hours ago when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.report.get(since="2026-11-23T18:00:00.000Z")
        """
        wire = {"since": since}
        from .types import Report

        received = await self._caller.call_method("report.get", wire, timeout, deadline, retry)
        with Reading("report.get"):
            return Report.from_wire(received)


class AsyncScheduleMethods:
    """The methods of ``schedule``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def list(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> List[ScheduledJob]:
        """Lists the schedules, each with its last and its next firing.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.schedule.list()
        """
        from .types import ScheduledJob

        received = await self._caller.call_method("schedule.list", {}, timeout, deadline, retry)
        with Reading("schedule.list"):
            return [ScheduledJob.from_wire(item) for item in received]

    async def run(
        self,
        *,
        job: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> ScheduleRun:
        """Fires a schedule now, whether or not schedules are switched on.

        Its own times stay as they are.

        - ``job``: The job's name, or the id of a rule whose trigger is a schedule. Length at most
          200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``job_not_found``, ``queue_full``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.schedule.run(job="daily-audit")
        """
        wire = {"job": job}
        from .types import ScheduleRun

        received = await self._caller.call_method("schedule.run", wire, timeout, deadline, retry)
        with Reading("schedule.run"):
            return ScheduleRun.from_wire(received)


class AsyncTaskMethods:
    """The methods of ``task``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def submit(
        self,
        *,
        prompt: str,
        agent: str | None = None,
        priority: int | None = None,
        timeout_minutes: float | None = None,
        env: Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        after: List[str] | tuple[str, ...] | None = None,
        lane: str | None = None,
        runs_on: List[str] | tuple[str, ...] | None = None,
        delay: Span | None = None,
        start_at: str | datetime | None = None,
        expires: Span | None = None,
        retry: RetryPolicy | None = None,
        ignore_budget: bool | None = None,
        verify: Verify | None = None,
        approval: ApprovalTerms | None = None,
        workspace: Workspace | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry_call: bool | None = None,
    ) -> TaskSubmitted:
        """Submits a task.

        The answer comes once the task is stored on disk.

        - ``prompt``: The agent's prompt, at most 1 MiB of UTF-8; not blank. Length from 1 to
          1048576, matches `\\S`.
        - ``agent``: The agent that is to do it: a profile of `agents` of the configuration, or else
          a role, which its command gets as `--agent`. The default one when absent. Length at most
          200, matches `^[^-\\x00][^\\x00]*$`.
        - ``priority``: Higher ones start first. From -1000 to 1000; `0` when absent.
        - ``timeout_minutes``: The time limit in minutes, a year at the most;
          `daemon.action_timeout_minutes` of the configuration when absent. At most 525600, more
          than 0.
        - ``env``: Added to the agent's environment. `${NAME}` in a value is resolved from the
          daemon's environment when the process starts, and is written nowhere. Names match
          `^[^=\\x00]+$`.
        - ``metadata``: The submitter's own notes, kept with the task.
        - ``after``: The ids of tasks that must have completed before it starts, 100 at the most.
          When one of them ends in another way, it is cancelled. Length at most 100.
        - ``lane``: The lane in which it runs, one of `lanes` of the configuration; none when
          absent. Length from 1 to 100.
        - ``runs_on``: The labels that its host must have, where several share the project's store:
          `host.labels` of that one's configuration. Length at most 50.
        - ``delay``: Time before which it does not start, from now on.
        - ``start_at``: Moment before which it does not start. With `delay`, the later of the two.
        - ``expires``: Time, from now on, after which it is no longer wanted, if it has not been
          started by then: it is cancelled, with the reason `expired`.
        - ``retry``: The policy by which it is carried out again by itself before it counts as
          failed; not at all when absent.
        - ``ignore_budget``: True if it starts whatever is left of the budgets. It still counts
          towards them, and `budget.task_usd` still ends it. Agents may not ask for that.
        - ``verify``: The check by which it counts as done; none when absent. `{}` stands for
          `defaults.verify` of the configuration.
        - ``approval``: A person must approve it before it starts: `true`, or how long that may
          take. Nobody is asked when absent.
        - ``workspace``: The place in which its agent works; `workspace` of the configuration when
          absent.
        - ``idempotency_key``: A name for this call, any text of the caller's own: another call with
          it, of the same caller within 24 hours, has no effect and gets the same answer. So a call
          whose answer was lost can be repeated. If its params or its method differ, it is an error.
          Length from 1 to 200.
        - ``timeout``, ``deadline``, ``retry_call``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``idempotency_conflict``, ``queue_full``, ``chain_too_deep``,
        ``dependency_not_found``, ``dependency_on_itself``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.task.submit(prompt="Fix critical security bug", priority=10)
        """
        wire = {
            "prompt": prompt,
            "agent": agent,
            "priority": priority,
            "timeoutMinutes": timeout_minutes,
            "env": env,
            "metadata": metadata,
            "after": after,
            "lane": lane,
            "runsOn": runs_on,
            "delay": delay,
            "startAt": start_at,
            "expires": expires,
            "retry": None if retry is None else retry.to_wire(),
            "ignoreBudget": ignore_budget,
            "verify": None if verify is None else verify.to_wire(),
            "approval": None if approval is None else approval if isinstance(approval, bool) else approval.to_wire(),
            "workspace": None if workspace is None else workspace if isinstance(workspace, str) else workspace.to_wire(),
            "idempotencyKey": idempotency_key,
        }
        from .types import TaskSubmitted

        received = await self._caller.call_method("task.submit", wire, timeout, deadline, retry_call)
        with Reading("task.submit"):
            return TaskSubmitted.from_wire(received)

    async def cancel(
        self,
        *,
        task_id: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskCancelled:
        """Cancels a task that has not ended.

        A queued task is cancelled at once. A running one is ended with every process it started:
        SIGTERM, 15 seconds, then SIGKILL; the answer does not wait for that.

        - ``task_id``: The task's id. Length at most 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_ended``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.task.cancel(task_id="task-0002")
        """
        wire = {"taskId": task_id}
        from .types import TaskCancelled

        received = await self._caller.call_method("task.cancel", wire, timeout, deadline, retry)
        with Reading("task.cancel"):
            return TaskCancelled.from_wire(received)

    async def cancel_many(
        self,
        *,
        task_ids: List[str] | tuple[str, ...] | None = None,
        state: TaskState | None = None,
        agent: str | None = None,
        rule: str | None = None,
        within_minutes: float | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TasksCancelled:
        """Cancels many tasks in one step: the named ones, or all that match and have not ended.

        Each is cancelled as by `task.cancel`. A named task that has already ended is reported with
        its state, and is no error. One answer holds at most 1000 tasks.

        - ``task_ids``: These tasks, by their ids, 1000 at the most, whatever else is said. Length
          at most 1000.
        - ``state``: Only tasks in this state.
        - ``agent``: Only tasks for this agent. Length at most 200.
        - ``rule``: Only tasks that this rule has made. Length at most 200.
        - ``within_minutes``: Only tasks that have ended within so many minutes, or were submitted
          within them and have not ended. At most 5256000, more than 0.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.task.cancel_many(state="queued", rule="auto-test")
        """
        wire = {
            "taskIds": task_ids,
            "state": state,
            "agent": agent,
            "rule": rule,
            "withinMinutes": within_minutes,
        }
        from .types import TasksCancelled

        received = await self._caller.call_method("task.cancelMany", wire, timeout, deadline, retry)
        with Reading("task.cancelMany"):
            return TasksCancelled.from_wire(received)

    async def hold(
        self,
        *,
        task_id: str,
        until: str | datetime | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskHeld:
        """Holds a queued task back until `task.release`, or until a moment.

        - ``task_id``: The task's id. Length at most 200.
        - ``until``: Time at which it is released by itself; never when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_not_queued``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.hold(task_id="task-0002")
        """
        wire = {"taskId": task_id, "until": until}
        from .types import TaskHeld

        received = await self._caller.call_method("task.hold", wire, timeout, deadline, retry)
        with Reading("task.hold"):
            return TaskHeld.from_wire(received)

    async def release(
        self,
        *,
        task_id: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskReleased:
        """Releases a task that is held by `task.hold`, that is to start later, or that has met a
        limit with a login of its own. What else it waits for stays.

        - ``task_id``: The task's id. Length at most 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_not_queued``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.release(task_id="task-0002")
        """
        wire = {"taskId": task_id}
        from .types import TaskReleased

        received = await self._caller.call_method("task.release", wire, timeout, deadline, retry)
        with Reading("task.release"):
            return TaskReleased.from_wire(received)

    async def edit(
        self,
        *,
        task_id: str,
        prompt: str | None = None,
        priority: int | None = None,
        lane: str | None = None,
        expires: Span | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskEdited:
        """Changes a queued task: its prompt, priority, lane, or the time after which it is no
        longer wanted.

        - ``task_id``: The task's id. Length at most 200.
        - ``prompt``: Another prompt, at most 1 MiB of UTF-8; not blank. Length from 1 to 1048576,
          matches `\\S`.
        - ``priority``: Another priority. From -1000 to 1000.
        - ``lane``: Another lane, of those in `lanes`; empty for none. Length at most 100.
        - ``expires``: Time, from now on, after which it is no longer wanted, if it has not been
          started by then.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_not_queued``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.edit(task_id="task-0002", priority=10)
        """
        wire = {
            "taskId": task_id,
            "prompt": prompt,
            "priority": priority,
            "lane": lane,
            "expires": expires,
        }
        from .types import TaskEdited

        received = await self._caller.call_method("task.edit", wire, timeout, deadline, retry)
        with Reading("task.edit"):
            return TaskEdited.from_wire(received)

    async def send(
        self,
        *,
        task_id: str,
        message: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskSent:
        """Sends a message to the agent of a task that has not ended.

        An agent that runs gets it in its session: while it works, if its program takes messages
        then (`agent.steer`), or when its run has ended, as a further run. One that is queued gets
        it with what it is asked. `task.get` tells in `messages` what has become of it. An agent may
        send to the tasks that it caused.

        - ``task_id``: The task's id. Length at most 200.
        - ``message``: The message, at most 64 KiB of UTF-8; not blank. Length from 1 to 65536,
          matches `\\S`.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_ended``, ``too_many_messages``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.send(task_id="task-0002", message="Leave the public API as it is.")
        """
        wire = {"taskId": task_id, "message": message}
        from .types import TaskSent

        received = await self._caller.call_method("task.send", wire, timeout, deadline, retry)
        with Reading("task.send"):
            return TaskSent.from_wire(received)

    async def take(
        self,
        *,
        task_id: str,
        now: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskTaken:
        """Takes a task over for a person: its session is the person's from when its agent has
        ended.

        One in whose session nobody could go on is refused, and stays as it is: its program tells no
        session, or has no command for that, or it has not begun. Until `task.give` the task is
        queued, and waits for `taken`. `task.get` then tells in `takeover` how to go on in its
        session.

        - ``task_id``: The task's id. Length at most 200.
        - ``now``: True to end the run that is under way, in place of waiting for its end.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_elsewhere``, ``task_ended``,
        ``task_is_taken``, ``task_has_no_session``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.take(task_id="task-0002")
        """
        wire = {"taskId": task_id, "now": now}
        from .types import TaskTaken

        received = await self._caller.call_method("task.take", wire, timeout, deadline, retry)
        with Reading("task.take"):
            return TaskTaken.from_wire(received)

    async def give(
        self,
        *,
        task_id: str,
        done: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskGiven:
        """Gives a task back that was taken over: its agent goes on in its session, or the task has
        completed.

        If its agent has not ended yet, the task goes on; one that is `done` completes when its
        agent has been ended for that.

        - ``task_id``: The task's id. Length at most 200.
        - ``done``: True if nothing is left to do: the task has completed, or completes when its
          agent has been ended. Otherwise its agent goes on.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_ended``, ``task_is_not_taken``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.give(task_id="task-0002")
        """
        wire = {"taskId": task_id, "done": done}
        from .types import TaskGiven

        received = await self._caller.call_method("task.give", wire, timeout, deadline, retry)
        with Reading("task.give"):
            return TaskGiven.from_wire(received)

    async def list(
        self,
        *,
        state: TaskState | None = None,
        agent: str | None = None,
        rule: str | None = None,
        lane: str | None = None,
        text: str | None = None,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        sort: TaskOrder | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> List[Task]:
        """Lists tasks, the newest first.

        In a list, `result` and `output` hold the last 4 KiB only: `task.get` has more.

        - ``state``: Only tasks in this state.
        - ``agent``: Only tasks for this agent. Length at most 200.
        - ``rule``: Only tasks that this rule has made. Length at most 200.
        - ``lane``: Only tasks in this lane. Length at most 100.
        - ``text``: Only tasks whose prompt holds this text, whatever its case in ASCII. Length from
          1 to 1000.
        - ``since``: Only tasks that were submitted at this moment or later.
        - ``until``: Only tasks that were submitted before this moment.
        - ``sort``: The order of the answer. Default: `newest`.
        - ``limit``: Maximum number of tasks. The answer has fewer if they exceed 8 MiB together.
          From 1 to 1000; `20` when absent.
        - ``cursor``: The id of the last task of the page before: the answer goes on with the next
          older one. Only with the order `newest`. Length at most 200, matches `^task-[0-9]{4,}$`.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.task.list(state="running", limit=1)
        """
        wire = {
            "state": state,
            "agent": agent,
            "rule": rule,
            "lane": lane,
            "text": text,
            "since": since,
            "until": until,
            "sort": sort,
            "limit": limit,
            "cursor": cursor,
        }
        from .types import Task

        received = await self._caller.call_method("task.list", wire, timeout, deadline, retry)
        with Reading("task.list"):
            return [Task.from_wire(item) for item in received]

    async def get(
        self,
        *,
        task_id: str,
        whole: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Task:
        """Gives one task.

        - ``task_id``: The task's id. Length at most 200.
        - ``whole``: True to have each message to its agent as a whole. Default: false, the first
          1,000 bytes of each.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``storage_unavailable``.

        Example::

            await client.task.get(task_id="task-0001")
        """
        wire = {"taskId": task_id, "whole": whole}
        from .types import Task

        received = await self._caller.call_method("task.get", wire, timeout, deadline, retry)
        with Reading("task.get"):
            return Task.from_wire(received)

    async def why(
        self,
        *,
        id: str,
        direction: WhyDirection | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Why:
        """Explains a task or an event: what led to it, from what came from outside on; or all that
        it led to.

        The chain goes over events, the rules that matched them, tasks and their runs, with times
        and costs. Matches that came to nothing are in it, with the reasons, and so is what queued
        tasks wait for now. It is answered from what is stored, for as long as retention keeps it;
        of lanes, budgets and accounts it says what the engine found when it last looked for a task
        to start.

        - ``id``: A task's id, as `task-0004`, or an event's, as `event-17`.
        - ``direction``: The direction. Default: `causes`.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``event_not_found``,
        ``storage_unavailable``.

        Example::

            await client.task.why(id="task-0001")
        """
        wire = {"id": id, "direction": direction}
        from .types import Why

        received = await self._caller.call_method("task.why", wire, timeout, deadline, retry)
        with Reading("task.why"):
            return Why.from_wire(received)

    async def stats(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskStats:
        """Counts the tasks by state, and sums up the usage of their agents.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.task.stats()
        """
        from .types import TaskStats

        received = await self._caller.call_method("task.stats", {}, timeout, deadline, retry)
        with Reading("task.stats"):
            return TaskStats.from_wire(received)

    async def wait(
        self,
        *,
        task_id: str,
        timeout_ms: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Task:
        """Waits until a task has ended, in whatever state, and gives it.

        The daemon measures `timeoutMs`: when it has passed, the answer is the error `wait_timeout`.
        A time-out that a client sets for the call runs in the client, which sends `rpc.cancel` when
        it has passed. Whichever passes first ends the wait. Neither ends the task. What it has
        changed in a work tree has come back by then, unless that takes a minute.

        - ``task_id``: The task's id. Length at most 200.
        - ``timeout_ms``: Time after which the daemon answers with `wait_timeout`, in milliseconds;
          no limit when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``wait_timeout``, ``too_many_waits``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.wait(task_id="task-0001", timeout_ms=60000)
        """
        wire = {"taskId": task_id, "timeoutMs": timeout_ms}
        from .types import Task

        received = await self._caller.call_method("task.wait", wire, timeout, deadline, retry)
        with Reading("task.wait"):
            return Task.from_wire(received)

    async def output(
        self,
        *,
        task_id: str,
        stream: OutputStream | None = None,
        offset: int | None = None,
        wait_ms: int | None = None,
        encoding: OutputEncoding | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskOutput:
        """Gives what a task's agent has written, from any byte on.

        With `waitMs` the answer waits until there is something, or the task has ended: to follow a
        task, ask again from `nextOffset` until `ended` is true. Of what has run on another host
        there are the beginning and the end, 8 MiB together.

        - ``task_id``: The task's id. Length at most 200.
        - ``stream``: The stream. `"stdout"` when absent.
        - ``offset``: From which byte on: 0 is the beginning. `0` when absent.
        - ``wait_ms``: If there is nothing there yet: how long to wait for something, in
          milliseconds. From 0 to 60000; `0` when absent.
        - ``encoding``: The encoding of the bytes. `"utf8"` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``too_many_waits``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.output(task_id="task-0001")
        """
        wire = {
            "taskId": task_id,
            "stream": stream,
            "offset": offset,
            "waitMs": wait_ms,
            "encoding": encoding,
        }
        from .types import TaskOutput

        received = await self._caller.call_method("task.output", wire, timeout, deadline, retry)
        with Reading("task.output"):
            return TaskOutput.from_wire(received)

    async def diff(
        self,
        *,
        task_id: str,
        launch: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskDiff:
        """Gives what a task has changed in its work tree, as a unified diff.

        A diff of more than 1 MiB is cut after a line. What is no UTF-8 is replaced.

        - ``task_id``: The task's id. Length at most 200.
        - ``launch``: The number of the run that is meant; the latest one when absent. At least 1.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_elsewhere``,
        ``task_has_no_result``, ``workspace_unusable``, ``storage_unavailable``.

        Example::

            await client.task.diff(task_id="task-0001")
        """
        wire = {"taskId": task_id, "launch": launch}
        from .types import TaskDiff

        received = await self._caller.call_method("task.diff", wire, timeout, deadline, retry)
        with Reading("task.diff"):
            return TaskDiff.from_wire(received)

    async def apply(
        self,
        *,
        task_id: str,
        launch: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskApplied:
        """Applies what a task has changed in its work tree to the project's own files.

        All of them or none: a conflict is answered with its files, and leaves no markers. Nothing
        is committed.

        - ``task_id``: The task's id. Length at most 200.
        - ``launch``: The number of the run that is meant; the latest one when absent. At least 1.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_elsewhere``,
        ``task_has_no_result``, ``workspace_unusable``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.apply(task_id="task-0001")
        """
        wire = {"taskId": task_id, "launch": launch}
        from .types import TaskApplied

        received = await self._caller.call_method("task.apply", wire, timeout, deadline, retry)
        with Reading("task.apply"):
            return TaskApplied.from_wire(received)

    async def retry(
        self,
        *,
        task_id: str,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TaskSubmitted:
        """Submits a new task with the specification of an earlier one.

        The new task waits for no other task, even if the earlier one did. Tasks that were cancelled
        because they were to start after the earlier one are submitted again as well, and start
        after the new one.

        - ``task_id``: The id of the task whose order is to be carried out again. Length at most
          200.
        - ``idempotency_key``: A name for this call, any text of the caller's own: another call with
          it, of the same caller within 24 hours, has no effect and gets the same answer. So a call
          whose answer was lost can be repeated. If its params or its method differ, it is an error.
          Length from 1 to 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``idempotency_conflict``, ``task_not_found``, ``queue_full``,
        ``chain_too_deep``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.retry(task_id="task-0001")
        """
        wire = {"taskId": task_id, "idempotencyKey": idempotency_key}
        from .types import TaskSubmitted

        received = await self._caller.call_method("task.retry", wire, timeout, deadline, retry)
        with Reading("task.retry"):
            return TaskSubmitted.from_wire(received)

    async def retry_many(
        self,
        *,
        task_ids: List[str] | tuple[str, ...] | None = None,
        state: TaskState | None = None,
        agent: str | None = None,
        rule: str | None = None,
        within_minutes: float | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> TasksRetried:
        """Retries many tasks in one step: the named ones, or all that match, did not end as
        `completed`, and were not retried before.

        Each is retried as by `task.retry`: all of them, or none. It takes at most 1000 tasks, not
        counting the dependent tasks that are submitted again with them.

        - ``task_ids``: These tasks, by their ids, 1000 at the most, whatever else is said. Length
          at most 1000.
        - ``state``: Only tasks in this state.
        - ``agent``: Only tasks for this agent. Length at most 200.
        - ``rule``: Only tasks that this rule has made. Length at most 200.
        - ``within_minutes``: Only tasks that have ended within so many minutes, or were submitted
          within them and have not ended. At most 5256000, more than 0.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``queue_full``, ``chain_too_deep``,
        ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.task.retry_many(state="failed", within_minutes=60)
        """
        wire = {
            "taskIds": task_ids,
            "state": state,
            "agent": agent,
            "rule": rule,
            "withinMinutes": within_minutes,
        }
        from .types import TasksRetried

        received = await self._caller.call_method("task.retryMany", wire, timeout, deadline, retry)
        with Reading("task.retryMany"):
            return TasksRetried.from_wire(received)


class AsyncWorkspaceMethods:
    """The methods of ``workspace``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def list(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> WorkspaceList:
        """Lists the project's work trees.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.workspace.list()
        """
        from .types import WorkspaceList

        received = await self._caller.call_method("workspace.list", {}, timeout, deadline, retry)
        with Reading("workspace.list"):
            return WorkspaceList.from_wire(received)

    async def prune(
        self,
        *,
        results: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> WorkspacePruned:
        """Removes the work trees that no open task has. What was made there is kept.

        - ``results``: True if the results of all tasks that have ended are forgotten as well.
          Branches stay.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``workspace_unusable``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.workspace.prune()
        """
        wire = {"results": results}
        from .types import WorkspacePruned

        received = await self._caller.call_method("workspace.prune", wire, timeout, deadline, retry)
        with Reading("workspace.prune"):
            return WorkspacePruned.from_wire(received)


class AsyncHostMethods:
    """The methods of ``host``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def list(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> HostList:
        """Lists the hosts that share the project's store.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.host.list()
        """
        from .types import HostList

        received = await self._caller.call_method("host.list", {}, timeout, deadline, retry)
        with Reading("host.list"):
            return HostList.from_wire(received)

    async def drain(
        self,
        *,
        host: str,
        resume: bool | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> HostStatus:
        """Gives a host no new tasks, or gives it new ones again. What runs there goes on.

        - ``host``: The host's id, the beginning of it, or its name. Length from 1 to 200.
        - ``resume``: True to give it new tasks again. `false` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``host_not_found``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.host.drain(host="build-1")
        """
        wire = {"host": host, "resume": resume}
        from .types import HostStatus

        received = await self._caller.call_method("host.drain", wire, timeout, deadline, retry)
        with Reading("host.drain"):
            return HostStatus.from_wire(received)

    async def lost(
        self,
        *,
        host: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> HostLost:
        """Gives a host up: what ran there is interrupted at once, and goes on elsewhere.

        Its agents have to be gone: nobody can end those of a machine that does not answer, and they
        would be at work twice.

        - ``host``: The host's id, the beginning of it, or its name. Length from 1 to 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``host_not_found``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.host.lost(host="5b0e7c9e")
        """
        wire = {"host": host}
        from .types import HostLost

        received = await self._caller.call_method("host.lost", wire, timeout, deadline, retry)
        with Reading("host.lost"):
            return HostLost.from_wire(received)


class AsyncBudgetMethods:
    """The methods of ``budget``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def status(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> BudgetStatus:
        """Gives what agents have cost and what is left of the budgets: by day, rule and agent.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.budget.status()
        """
        from .types import BudgetStatus

        received = await self._caller.call_method("budget.status", {}, timeout, deadline, retry)
        with Reading("budget.status"):
            return BudgetStatus.from_wire(received)


class AsyncMetricsMethods:
    """The methods of ``metrics``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def get(
        self,
        *,
        format: MetricsFormat | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Metrics:
        """Gives the daemon's metrics, as Prometheus and others read them.

        - ``format``: The format. `"openmetrics"` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.metrics.get()
        """
        wire = {"format": format}
        from .types import Metrics

        received = await self._caller.call_method("metrics.get", wire, timeout, deadline, retry)
        with Reading("metrics.get"):
            return Metrics.from_wire(received)


class AsyncMessagingMethods:
    """The methods of ``messaging``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def status(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> MessagingStatus:
        """Gives how each messaging platform stands whose token the daemon has.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``storage_unavailable``.

        Example::

            await client.messaging.status()
        """
        from .types import MessagingStatus

        received = await self._caller.call_method("messaging.status", {}, timeout, deadline, retry)
        with Reading("messaging.status"):
            return MessagingStatus.from_wire(received)

    async def test(
        self,
        *,
        platform: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> MessagingTested:
        """Sends a message to try out whether messages arrive, and says what is missing where it
        does not.

        - ``platform``: The platform; all whose token the daemon has when absent. Length at most
          200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.messaging.test()
        """
        wire = {"platform": platform}
        from .types import MessagingTested

        received = await self._caller.call_method("messaging.test", wire, timeout, deadline, retry)
        with Reading("messaging.test"):
            return MessagingTested.from_wire(received)


class AsyncApprovalMethods:
    """The methods of ``approval``."""

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def list(
        self,
        *,
        state: ApprovalState | None = None,
        task_id: str | None = None,
        limit: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> List[ApprovalSummary]:
        """Lists what people are asked for, the oldest first.

        - ``state``: Only approvals in this state; `pending` when absent.
        - ``task_id``: Only those that this task waits for. Length at most 200.
        - ``limit``: Maximum number of approvals. From 1 to 1000; `100` when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``storage_unavailable``.

        Example::

            await client.approval.list()
        """
        wire = {"state": state, "taskId": task_id, "limit": limit}
        from .types import ApprovalSummary

        received = await self._caller.call_method("approval.list", wire, timeout, deadline, retry)
        with Reading("approval.list"):
            return [ApprovalSummary.from_wire(item) for item in received]

    async def get(
        self,
        *,
        approval_id: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Approval:
        """Gives one of them, with the request and the decision.

        - ``approval_id``: The approval's id. Length at most 200.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``approval_not_found``, ``storage_unavailable``.

        Example::

            await client.approval.get(approval_id="approval-0002")
        """
        wire = {"approvalId": approval_id}
        from .types import Approval

        received = await self._caller.call_method("approval.get", wire, timeout, deadline, retry)
        with Reading("approval.get"):
            return Approval.from_wire(received)

    async def approve(
        self,
        *,
        approval_id: str,
        reason: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Approval:
        """Approves a task, which may start then, or permits the use of a tool.

        The first decision counts, and is kept with who made it. No agent may call it, whatever the
        configuration says.

        - ``approval_id``: The approval's id. Length at most 200.
        - ``reason``: The reason, up to 4,096 characters: it is kept, and an agent whose request is
          rejected gets it. Length at most 4096.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``approval_not_found``, ``approval_decided``,
        ``approval_expired``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.approval.approve(approval_id="approval-0001")
        """
        wire = {"approvalId": approval_id, "reason": reason}
        from .types import Approval

        received = await self._caller.call_method("approval.approve", wire, timeout, deadline, retry)
        with Reading("approval.approve"):
            return Approval.from_wire(received)

    async def reject(
        self,
        *,
        approval_id: str,
        reason: str | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Approval:
        """Rejects a task, which is cancelled then, refuses the use of a tool, or refuses to answer
        a question.

        The first decision counts, and is kept with who made it. No agent may call it, whatever the
        configuration says.

        - ``approval_id``: The approval's id. Length at most 200.
        - ``reason``: The reason, up to 4,096 characters: it is kept, and an agent whose request is
          rejected gets it. Length at most 4096.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``approval_not_found``, ``approval_decided``,
        ``approval_expired``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.approval.reject(approval_id="approval-0001", reason="not on a Friday")
        """
        wire = {"approvalId": approval_id, "reason": reason}
        from .types import Approval

        received = await self._caller.call_method("approval.reject", wire, timeout, deadline, retry)
        with Reading("approval.reject"):
            return Approval.from_wire(received)

    async def answer(
        self,
        *,
        approval_id: str,
        answer: str,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Approval:
        """Answers the question of an agent.

        The first answer counts, and is kept with who gave it. No agent may call it, whatever the
        configuration says.

        - ``approval_id``: The id of the question. Length at most 200.
        - ``answer``: The answer: one of the question's options, if it has some. Length from 1 to
          65536.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``approval_not_found``, ``approval_decided``,
        ``approval_expired``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.approval.answer(approval_id="approval-0003", answer="SQLite")
        """
        wire = {"approvalId": approval_id, "answer": answer}
        from .types import Approval

        received = await self._caller.call_method("approval.answer", wire, timeout, deadline, retry)
        with Reading("approval.answer"):
            return Approval.from_wire(received)

    async def ask(
        self,
        *,
        question: str,
        options: List[str] | tuple[str, ...] | None = None,
        timeout_minutes: float | None = None,
        wait_ms: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> ApprovalOutcome:
        """Asks a person a question, and waits for the answer. Only the agent of a task can ask.

        While it waits, the agent's slot is lent to other tasks, and its task's time does not run. A
        question that the task has asked in the same words before is not asked again: its answer
        comes at once, if there is one. So an agent whose wait was cut off asks once more, and loses
        nothing.

        - ``question``: The question. Length from 1 to 16384, matches `\\S`.
        - ``options``: The answers to choose from, 20 at the most; any answer when absent. Length at
          most 20.
        - ``timeout_minutes``: Time to answer, in minutes, at most a year; no limit when absent. At
          most 525600, more than 0.
        - ``wait_ms``: Time after which the daemon answers that nobody has answered yet, in
          milliseconds: the question stays. No limit when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``task_not_found``, ``task_ended``, ``too_many_approvals``,
        ``too_many_waits``, ``storage_unavailable``, ``shutting_down``.

        Example::

            await client.approval.ask(
                question="Which of the two?",
                options=["SQLite", "PostgreSQL"],
            )
        """
        wire = {
            "question": question,
            "options": options,
            "timeoutMinutes": timeout_minutes,
            "waitMs": wait_ms,
        }
        from .types import ApprovalOutcome

        received = await self._caller.call_method("approval.ask", wire, timeout, deadline, retry)
        with Reading("approval.ask"):
            return ApprovalOutcome.from_wire(received)

    async def permission(
        self,
        *,
        step: PermissionStep,
        tool: str,
        input: Any,
        tool_use_id: str | None = None,
        subagent: bool | None = None,
        wait_ms: int | None = None,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> ApprovalPermission:
        """Asks whether a tool may be used: first what was decided before, then a person. Only the
        agent of a task can ask, about its own calls.

        The hooks of an agent's program call it, where `agent.ask_permissions` is set. An approval
        counts for one call, of exactly this input. While a person is waited for, the agent's slot
        is lent to other tasks, and its task's time does not run.

        - ``step``: The step.
        - ``tool``: The name of the tool. Length from 1 to 200.
        - ``input``: Its input, up to 262,144 bytes of JSON. A decision counts for exactly this
          input; the order of members does not matter.
        - ``tool_use_id``: With the step `use`: the agent's own name for this use of the tool, by
          which it is the same one when the agent goes on in its session. Length from 1 to 200.
        - ``subagent``: True if a subagent makes the call, which cannot be put off. Default: false.
        - ``wait_ms``: With the step `ask`: time to wait for the decision, in milliseconds. After
          that the answer is `deny`, with a message that tells the agent how it comes to be asked
          about still; the approval stays. No limit when absent.
        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Raises ``DaemonError`` of kind ``too_many_waits``, ``storage_unavailable``,
        ``shutting_down``.

        Example::

            await client.approval.permission(
                step="use",
                tool="Bash",
                input={"command": "git push"},
                tool_use_id="toolu_01",
            )
        """
        wire = {
            "step": step,
            "tool": tool,
            "input": input,
            "toolUseId": tool_use_id,
            "subagent": subagent,
            "waitMs": wait_ms,
        }
        from .types import ApprovalPermission

        received = await self._caller.call_method("approval.permission", wire, timeout, deadline, retry)
        with Reading("approval.permission"):
            return ApprovalPermission.from_wire(received)


class AsyncMethods(AsyncCaller):
    """Every method of the daemon, by namespace; the clients add those namespaces that they extend."""

    def __init__(self) -> None:
        self.rpc: Final[AsyncRpcMethods] = AsyncRpcMethods(self)
        self.daemon: Final[AsyncDaemonMethods] = AsyncDaemonMethods(self)
        self.automation: Final[AsyncAutomationMethods] = AsyncAutomationMethods(self)
        self.topic: Final[AsyncTopicMethods] = AsyncTopicMethods(self)
        self.chat: Final[AsyncChatMethods] = AsyncChatMethods(self)
        self.account: Final[AsyncAccountMethods] = AsyncAccountMethods(self)
        self.report: Final[AsyncReportMethods] = AsyncReportMethods(self)
        self.schedule: Final[AsyncScheduleMethods] = AsyncScheduleMethods(self)
        self.workspace: Final[AsyncWorkspaceMethods] = AsyncWorkspaceMethods(self)
        self.host: Final[AsyncHostMethods] = AsyncHostMethods(self)
        self.budget: Final[AsyncBudgetMethods] = AsyncBudgetMethods(self)
        self.metrics: Final[AsyncMetricsMethods] = AsyncMetricsMethods(self)
        self.messaging: Final[AsyncMessagingMethods] = AsyncMessagingMethods(self)
        self.approval: Final[AsyncApprovalMethods] = AsyncApprovalMethods(self)

    async def ping(
        self,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Pong:
        """Answers at once, which shows that the daemon is alive.

        - ``timeout``, ``deadline``, ``retry``: as for every call: see ``DaemonClient``.

        Example::

            await client.ping()
        """
        from .types import Pong

        received = await self.call_method("ping", {}, timeout, deadline, retry)
        with Reading("ping"):
            return Pong.from_wire(received)
