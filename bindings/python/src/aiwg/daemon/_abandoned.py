"""Submissions that were given up without an answer.

What was sent takes effect, be it late: so the task of one that is a part of ``task.run`` is cancelled as soon as the
answer tells which one it is.
"""

from __future__ import annotations

from typing import Any

from ._message import notification_line

GRACE = 5.0
"""Seconds for which a connection that is closed waits for such an answer."""


def cancellation(result: Any) -> bytes | None:
    """The line that cancels the task that was submitted; None where the answer tells of none."""
    task_id = result.get("taskId") if isinstance(result, dict) else None
    return notification_line("task.cancel", {"taskId": task_id}) if isinstance(task_id, str) else None
