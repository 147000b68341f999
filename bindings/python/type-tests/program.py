"""A typed program over the package: every method, the members of every result, errors and subscriptions.

It must pass mypy and pyright, both strict. ``exactly`` says of each value what its type is to be.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable, Optional, Union

from aiwg.daemon import (
    ERROR_KINDS,
    PROTOCOL_VERSION,
    AsyncDaemonClient,
    AsyncSubscription,
    ConnectionChange,
    DaemonClient,
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    ErrorKind,
    ErrorKindInfo,
    EventSpooled,
    Missed,
    NoDaemonError,
    NotAllowedError,
    Notification,
    SpoolError,
    Subscription,
    UnreadableError,
)
from aiwg.daemon.types import (
    Cause,
    DaemonStatus,
    Event,
    EventEmitted,
    EventMissedNotification,
    EventNotification,
    EventSource,
    Health,
    Issue,
    NotificationParams,
    OutputEncoding,
    OutputStream,
    QueuedTaskSummary,
    RetryPolicy,
    RunningTaskSummary,
    Task,
    TaskOutput,
    TaskState,
    TaskStats,
    TaskSubmitted,
    Timestamp,
    UnknownVariant,
)

if sys.version_info >= (3, 11):
    from typing import assert_type as exactly
else:
    from typing_extensions import assert_type as exactly


def connecting() -> Iterator[DaemonClient]:
    yield DaemonClient()
    yield DaemonClient("/tmp/daemon.sock")
    yield DaemonClient(Path("/tmp/daemon.sock"), timeout=1)
    yield DaemonClient(retry=False)
    with DaemonClient(cwd=Path("/tmp"), timeout=1.5) as client:
        client.connect()
        exactly(client, DaemonClient)
        exactly(client.is_connected, bool)
        exactly(client.socket_path, Optional[str])
        client.close()
        client.close(drain=True, timeout=1)
        yield client


def events(client: DaemonClient) -> None:
    exactly(client.emit("deployment:complete", {"version": "1.2.3"}), EventEmitted)
    client.emit("no:payload", timeout=1)
    emitted = client.event.emit(topic="any:payload", payload=["anything", 1, None])
    exactly(emitted.seq, int)
    exactly(emitted.rules, list[str])
    exactly(client.event.list(), list[Event])
    for event in client.event.list(topics=("task:*",), since=emitted.seq, limit=10):
        event_members(event)
    subscribed = client.event.subscribe(topics=["*"], since=0)
    exactly(subscribed.since, int)
    gone = client.event.unsubscribe(subscription=subscribed.subscription)
    exactly(gone.unsubscribed, bool)


def offline(client: DaemonClient) -> str:
    answer = client.emit("deployment:complete", idempotency_key="mine", offline=True)
    exactly(answer, EventEmitted)
    if isinstance(answer, EventSpooled):
        exactly(answer.path, str)
        return answer.path
    return str(answer.seq)


def whole_tasks(client: DaemonClient) -> Iterator[str]:
    exactly(client.task.run(prompt="x", priority=1, on_output=print, timeout=60), Task)
    client.task.run(prompt="x", retry=RetryPolicy(max=2), start_at=datetime.now(timezone.utc))
    for task in client.task.iterate(state="failed", page=10):
        exactly(task, Task)
    for event in client.event.iterate(topics=["task:*"], since=5):
        exactly(event, Event)
    for piece in client.task.follow(task_id="task-0001", stream="stderr"):
        exactly(piece, str)
        yield piece


def limits(client: DaemonClient) -> None:
    client.ping(deadline=datetime.now(timezone.utc), retry=False)
    client.ping(timeout=1, deadline=5.5)
    client.task.submit(prompt="x", retry=RetryPolicy(max=2), retry_call=False)
    client.emit("a", deadline=5.5, retry=True)
    client.request("not.known.yet", deadline=5.5, retry=False)


def changes(client: DaemonClient) -> None:
    def changed(change: ConnectionChange) -> None:
        exactly(change.path, str)
        exactly(change.reason, Optional[str])
        assert change.state == "connected" or change.state == "disconnected"

    client.on_connection(changed)()


def waiting(client: DaemonClient) -> None:
    exactly(client.wait_for("task:*", where=lambda event: event.seq > 3, timeout=1), Event)
    with client.subscribe() as events:
        exactly(events.wait_for(timeout=1), Event)


def event_members(event: Event) -> None:
    exactly(event.seq, int)
    exactly(event.topic, str)
    exactly(event.payload, Any)
    exactly(event.source, Union[EventSource, str])
    exactly(event.at, Timestamp)
    exactly(event.at.datetime, datetime)
    as_text: str = event.at
    exactly(json.dumps([event, as_text]), str)
    exactly(event.caused_by, Optional[Cause])
    if event.caused_by is not None:
        exactly(event.caused_by.depth, int)
        exactly(event.caused_by.task, Optional[str])


def tasks(client: DaemonClient) -> None:
    submitted = client.task.submit(
        prompt="Fix it",
        agent="tester",
        priority=10,
        timeout_minutes=0.5,
        env={"CI": "1"},
        metadata={"ticket": 42, "labels": ["a"]},
        timeout=5,
    )
    exactly(submitted, TaskSubmitted)
    exactly(submitted.state, Union[TaskState, str])
    task_id = submitted.task_id
    client.task.submit(prompt="The least that is needed", agent=None)
    client.task.submit(prompt="Later", start_at=datetime.now(timezone.utc) + timedelta(hours=1))
    client.task.submit(prompt="Later", start_at=client.ping().timestamp)
    task_members(client.task.get(task_id=task_id))
    task_members(client.task.wait(task_id=task_id, timeout_ms=60_000, timeout=61.5))
    state: TaskState = "queued"
    exactly(client.task.list(), list[Task])
    exactly(client.task.list(state=state, agent="x", limit=1, cursor=task_id), list[Task])
    exactly(client.task.cancel(task_id=task_id).state, Union[TaskState, str])
    exactly(client.task.retry(task_id=task_id).task_id, str)
    stats = client.task.stats()
    exactly(stats, TaskStats)
    exactly(stats.total + stats.queued + stats.running + stats.completed, int)
    exactly(stats.failed + stats.cancelled + stats.timeout, int)
    stream: OutputStream = "stderr"
    encoding: OutputEncoding = "base64"
    chunk = client.task.output(
        task_id=task_id, stream=stream, offset=0, wait_ms=10, encoding=encoding
    )
    exactly(chunk, TaskOutput)
    exactly(chunk.data, str)
    exactly(chunk.offset + chunk.next_offset, int)
    exactly(chunk.ended, bool)


def task_members(task: Task) -> None:
    exactly(task.id + task.prompt + task.created_at, str)
    exactly(task.priority + task.attempts, int)
    exactly(task.agent, Optional[str])
    exactly(task.started_at, Optional[Timestamp])
    exactly(task.completed_at, Optional[Timestamp])
    exactly(replace(task, state="queued"), Task)
    exactly(asdict(task), dict[str, Any])
    exactly(task.pid, Optional[int])
    exactly(task.exit_code, Optional[int])
    exactly(task.result, Optional[str])
    exactly(task.error, Optional[str])
    exactly(task.output, Optional[str])
    exactly(task.timeout_minutes, Optional[float])
    exactly(task.metadata, dict[str, Any])
    exactly(task.caused_by, Optional[Cause])
    exactly(described(task.state), str)


def described(state: Union[TaskState, str]) -> str:
    """A newer daemon may send a state that this package does not know."""
    if state == "queued" or state == "running":
        return "under way"
    if state == "completed":
        return "done"
    if state == "failed" or state == "cancelled" or state == "timeout":
        return "not done"
    return f"something new: {state}"


def daemon(client: DaemonClient) -> None:
    exactly(client.ping().pong, bool)
    exactly(client.ping(timeout=1).timestamp, Timestamp)
    exactly(client.rpc.discover(), dict[str, Any])
    exactly(client.daemon.stop().running, int)
    status = client.daemon.status()
    exactly(status, DaemonStatus)
    exactly(status.health, Union[Health, str])
    exactly(status.issues, list[Issue])
    exactly(status.config, Optional[str])
    subsystems = status.subsystems
    exactly(subsystems.ipc.clients + subsystems.automation.rule_count, int)
    exactly(subsystems.file_watcher.events_received + subsystems.scheduler.jobs, int)
    exactly(subsystems.messaging.adapters, list[str])
    exactly(subsystems.supervisor.max_concurrency, int)
    exactly(subsystems.supervisor.tasks.running, list[RunningTaskSummary])
    exactly(subsystems.supervisor.tasks.queued, list[QueuedTaskSummary])


def by_name(client: DaemonClient) -> None:
    exactly(client.request("not.known.yet", {"any": "thing"}, timeout=1), Any)


def subscriptions(client: DaemonClient) -> Event | None:
    def on_missed(missed: Missed) -> None:
        exactly(missed.missed + missed.since, int)

    exactly(client.subscribe("task:*"), Subscription)
    as_iterator: Iterator[Event] = client.subscribe("task:*")
    exactly(next(as_iterator), Event)
    with client.subscribe("task:*") as events:
        exactly(next(events), Event)
    events.close()
    topics = ["task:*", "file:*"]
    for event in client.subscribe(topics, since=16, reconnect=True, on_missed=on_missed):
        exactly(event, Event)
        if event.topic == "task:completed":
            return event
    return None


def notifications(client: DaemonClient) -> Callable[[], None]:
    def listener(notification: Notification) -> None:
        exactly(notification.method, str)
        exactly(notification.params, NotificationParams)
        about(notification.params)

    return client.on_notification(listener)


def about(pushed: NotificationParams) -> str:
    """Complete, as :func:`described` is."""
    if isinstance(pushed, EventNotification):
        exactly(pushed.event, Event)
        return pushed.event.topic
    if isinstance(pushed, EventMissedNotification):
        exactly(pushed.missed + pushed.since + pushed.subscription, int)
        return "missed"
    exactly(pushed, UnknownVariant)
    return pushed.tag


async def asyncio_client() -> AsyncIterator[Event]:
    async with AsyncDaemonClient("/tmp/daemon.sock", timeout=1) as client:
        exactly(client, AsyncDaemonClient)
        exactly(await client.emit("a", timeout=1), EventEmitted)
        exactly((await client.task.get(task_id="task-0001")).prompt, str)
        exactly(await client.task.list(state="running"), list[Task])
        exactly(await client.event.list(), list[Event])
        exactly((await client.ping()).pong, bool)
        exactly(await client.task.run(prompt="x", agent="tester", on_output=print), Task)
        exactly([task.id async for task in client.task.iterate(page=5)], list[str])
        exactly([event.seq async for event in client.event.iterate()], list[int])
        exactly([piece async for piece in client.task.follow(task_id="task-0001")], list[str])
        exactly(await client.wait_for("task:*", timeout=1), Event)
        exactly(await client.emit("a", offline=True, retry=False, deadline=5.5), EventEmitted)
        await client.close(drain=True, timeout=5)
        exactly(await client.request("not.known.yet"), Any)
        exactly(client.subscribe(["task:*"], since=1), AsyncSubscription)
        as_iterator: AsyncIterator[Event] = client.subscribe()
        exactly(await as_iterator.__anext__(), Event)
        async with client.subscribe() as events:
            await events.ready()
        await events.aclose()
        client.on_notification(lambda notification: exactly(notification, Notification))
        async for event in client.subscribe("task:*", reconnect=True):
            exactly(event, Event)
            yield event


def errors(error: Exception) -> bool:
    if isinstance(error, DaemonTimeoutError):
        as_built_in: TimeoutError = error
        return bool(as_built_in)
    if isinstance(error, (NoDaemonError, NotAllowedError)):
        exactly(error.path, str)
        return False
    if isinstance(error, (SpoolError, UnreadableError)):
        return error.kind == "spool"
    if isinstance(error, DaemonConnectionError):
        return error.is_lost or error.kind == "disconnected" and bool(error.message)
    if not isinstance(error, DaemonError):
        return False
    exactly(error.kind, Union[ErrorKind, str])
    exactly(error.member, Optional[str])
    exactly(error.data["errors"], Any)
    if error.kind == "invalid_params":
        return error.member is not None and error.member.startswith("env.")
    info: Union[ErrorKindInfo, None] = ERROR_KINDS.get(error.kind)
    known = info is not None and info.retryable and info.code < 0
    return known and error.retryable and error.code < 0 and bool(PROTOCOL_VERSION)
