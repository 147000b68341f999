"""Submissions that were given up without an answer.

What was sent takes effect, be it late: so the task of one that is a part of ``task.run`` is cancelled as soon as the
answer tells which one it is.
"""

from __future__ import annotations

from ._message import notification_line
from ._reading import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GRACE = 5.0
"""Seconds for which a connection that is closed waits for such an answer."""


def cancellation(result: Any) -> bytes | None:
    """The line that cancels the task that was submitted; None where the answer tells of none."""
    members = cast("dict[str, Any]", result) if isinstance(result, dict) else {}
    task_id = members.get("taskId")
    return notification_line("task.cancel", {"taskId": task_id}) if isinstance(task_id, str) else None
