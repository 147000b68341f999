"""Wrong uses: each of them must be a type error, which mypy --strict --warn-unused-ignores checks."""

from __future__ import annotations

from aiwg.daemon import DaemonClient, DaemonError
from aiwg.daemon.types import Task


def wrong(client: DaemonClient, error: DaemonError, task: Task) -> None:
    client.emit(1)  # type: ignore[arg-type]
    client.task.submit()  # type: ignore[call-arg]
    client.task.submit(prompt="x", promtp="y")  # type: ignore[call-arg]
    client.task.list(state="finished")  # type: ignore[arg-type]
    client.event.list(topics="task:*")  # type: ignore[arg-type]
    client.ping(loud=True)  # type: ignore[call-arg]
    if error.kind == "task_missing":  # type: ignore[comparison-overlap]
        return
    task.agent.upper()  # type: ignore[union-attr]
    task.attempts = 2  # type: ignore[misc]
