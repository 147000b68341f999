"""Answers that several tests give."""

from __future__ import annotations

from typing import Any

from peer import Request

TASK: dict[str, Any] = {
    "id": "task-0001",
    "prompt": "Fix the tests",
    "agent": None,
    "priority": 0,
    "state": "completed",
    "createdAt": "2026-11-23T14:33:23.042Z",
    "startedAt": "2026-11-23T14:33:23.045Z",
    "completedAt": "2026-11-23T14:35:01.730Z",
    "pid": None,
    "exitCode": 0,
    "attempts": 1,
    "result": "All tests pass.\n",
    "error": None,
    "output": "All tests pass.\n",
    "timeoutMinutes": None,
    "metadata": {"ticket": 2**70},
    "causedBy": {"rule": "nightly", "event": 17, "depth": 0},
    "fromTheFuture": {"a": 1},
}


def usual(request: Request, _: object) -> Any:
    """What a well-behaved daemon says."""
    by_method: dict[str, Any] = {
        "ping": {"pong": True, "timestamp": TASK["createdAt"]},
        "event.emit": {"seq": 1, "rules": ["nightly"]},
        "task.submit": {"taskId": "task-0001", "state": "queued"},
        "task.get": TASK,
        "task.list": [TASK, {**TASK, "causedBy": None}],
    }
    return by_method.get(request["method"], request.get("params"))
