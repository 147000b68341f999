# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""What clients and daemons agree on beyond methods and types."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Final, Literal, Tuple

PROTOCOL_VERSION: Final[str] = "1.0"
"""The version of the wire contract."""

PROJECT_DIR: Final[str] = ".aiwg"
"""The directory that makes the one it is in a project."""

SOCKET_PATH: Final[str] = ".aiwg/daemon/daemon.sock"
"""Where the daemon's socket is, relative to the project's directory."""

SOCKET_ENV: Final[str] = "AIWG_DAEMON_SOCKET"
"""The environment variable that names the socket to use, whatever the working directory."""

SAFE_DIRECTORY_ENV: Final[str] = "AIWG_SAFE_DIRECTORY"
"""The environment variable that lists projects that may belong to anyone, as PATH lists
directories.
"""

START_COMMAND: Final[str] = "aiwg daemon start"
"""The command that starts the daemon."""

RESERVED_TOPICS: Final[Tuple[str, ...]] = (
    "agent:",
    "approval:",
    "automation:",
    "budget:",
    "chat:",
    "daemon:",
    "file:",
    "health:",
    "schedule:",
    "task:",
)
"""The beginnings of the topics that only the daemon may publish."""

MAX_SOCKET_PATH: Final[int] = 100
"""The longest socket path that every system takes, in bytes. A longer one is a symbolic link to a
shorter one, which is the one to connect to.
"""

MAX_ANSWER_BYTES: Final[int] = 67108864
"""The longest line that a client takes from a daemon, in bytes. Whoever sends a longer one is none.
"""

REPEATABLE: Final[Dict[str, Literal["safe", "key"]]] = {
    "ping": "safe",
    "rpc.discover": "safe",
    "daemon.status": "safe",
    "daemon.logs": "safe",
    "automation.status": "safe",
    "automation.test": "safe",
    "event.emit": "key",
    "topic.list": "safe",
    "event.list": "safe",
    "chat.send": "key",
    "chat.history": "safe",
    "account.list": "safe",
    "report.get": "safe",
    "schedule.list": "safe",
    "task.submit": "key",
    "task.list": "safe",
    "task.get": "safe",
    "task.why": "safe",
    "task.stats": "safe",
    "task.wait": "safe",
    "task.output": "safe",
    "task.diff": "safe",
    "workspace.list": "safe",
    "host.list": "safe",
    "task.retry": "key",
    "budget.status": "safe",
    "metrics.get": "safe",
    "messaging.status": "safe",
    "approval.list": "safe",
    "approval.get": "safe",
}
"""The methods whose calls may be sent again when an answer was lost: ``safe`` as they are, ``key``
with the same ``idempotencyKey``.
"""
