"""Answers that several tests give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from peer import Request

OPENRPC = Path(__file__).parents[3] / "schema" / "openrpc.json"


def example(method: str) -> Any:
    """The result of the definition's own first example."""
    methods = json.loads(OPENRPC.read_text())["methods"]
    return next(m for m in methods if m["name"] == method)["examples"][0]["result"]["value"]


TASK: dict[str, Any] = {
    **example("task.get"),
    "prompt": "Fix the tests",
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
