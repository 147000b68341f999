"""Wrong uses: each of them must be a type error, of mypy and of pyright, both strict.

Each wrong line names the errors that it is. A line that stops being one has a comment that is not needed, and that is an
error too.
"""

from __future__ import annotations

from aiwg.daemon import (
    AsyncDaemonClient,
    DaemonClient,
    DaemonError,
    ErrorKind,
    Missed,
    Notification,
)
from aiwg.daemon.types import Event, Task, TaskState


def calls(client: DaemonClient) -> None:
    client.emit(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.emit()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.submit()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.submit("by name only")  # type: ignore[misc]  # pyright: ignore[reportCallIssue]
    client.task.submit(prompt="x", promtp="y")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.submit(prompt=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.submit(prompt="x", env={"RETRIES": 3})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    client.task.submit(prompt="x", timeout_minutes="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.list(state="finished")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.get(taskId="task-0001")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.wait(task_id=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.wait(task_id="task-0001", timeout="10s")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.output(task_id="task-0001", stream="stdin")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.run()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.run(prompt="x", promtp="y")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.run(prompt="x", priority="high")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.task.iterate(state="finished")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.ping(deadline="tomorrow")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.emit("a", offline="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.event.list(topics="task:*")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.event.unsubscribe()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.ping(loud=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task.remove(task_id="task-0001")  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    client.tasks.list()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    DaemonClient(socket="/tmp/daemon.sock")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    client.task = DaemonClient().task  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    DaemonClient("/tmp/daemon.sock", "/tmp")  # type: ignore[misc]  # pyright: ignore[reportCallIssue]


def results(task: Task, event: Event) -> None:
    task.agent.upper()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    task.caused_by.depth  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    task.attempts = 2  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    task.createdAt  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    pid: int = task.pid  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    state: TaskState = "done"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    print(state)
    event.name  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    print(pid)


async def asyncio_client(client: AsyncDaemonClient) -> None:
    client.ping().pong  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    await client.task.submit()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await client.task.list(state="finished")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with client:  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues]
        pass
    for _ in client.subscribe():  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
        pass


def subscriptions(client: DaemonClient) -> None:
    def on_missed(missed: int) -> int:
        return missed

    client.subscribe("task:*", since="task-0001")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.subscribe("task:*", on_missed=on_missed)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    client.subscribe("task:*", True)  # type: ignore[misc]  # pyright: ignore[reportCallIssue]
    print(Missed(1))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def notifications(client: DaemonClient, notification: Notification) -> None:
    def listener(method: str) -> str:
        return method

    client.on_notification(listener)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    notification.params.event  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    notification.params["event"]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    notification.method = "event"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def errors(error: DaemonError) -> None:
    kind: ErrorKind = "task_missing"  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    print(kind)
    error.member.upper()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    error.retryable = True  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    raise DaemonError("queue_full")  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
