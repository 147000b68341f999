"""A typed program over the package: it must pass mypy and pyright, both strict."""

from __future__ import annotations

from aiwg.daemon import AsyncDaemonClient, DaemonClient, DaemonConnectionError, DaemonError
from aiwg.daemon.types import Event, Task, TaskState


def main() -> int:
    with DaemonClient(timeout=1.0) as client:
        emitted = client.emit("deployment:complete", {"version": "1.2.3"})
        rules: list[str] = emitted.rules
        submitted = client.task.submit(prompt="Fix it", priority=10, env={"CI": "1"}, timeout=5)
        task: Task = client.task.wait(task_id=submitted.task_id)
        agent: str | None = task.agent
        depth: int | None = task.caused_by.depth if task.caused_by else None
        events: list[Event] = client.event.list(topics=["task:*"], since=emitted.seq)
        running: int = client.daemon.status().subsystems.supervisor.running
        state: TaskState = "queued"
        queued = client.task.list(state=state)
        return len([rules, agent, depth]) + len(events) + len(queued) + running


async def main_async() -> str:
    async with AsyncDaemonClient("/tmp/daemon.sock") as client:
        await client.emit("a")
        return (await client.task.get(task_id="task-0001")).prompt


def retry(error: Exception) -> bool:
    if isinstance(error, DaemonConnectionError):
        return error.kind == "disconnected"
    return isinstance(error, DaemonError) and (error.kind == "queue_full" or error.retryable)
