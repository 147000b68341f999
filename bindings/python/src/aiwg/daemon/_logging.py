"""The logger of this package, without importing ``logging`` where nobody uses it: that is slow."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Optional

_NAME = "aiwg.daemon"

_DEBUG = 10
"""``logging.DEBUG``."""

_logger: Optional[Logger] = None


def logger() -> Logger:
    """The logger ``aiwg.daemon``."""
    global _logger
    if _logger is None:
        import logging

        _logger = logging.getLogger(_NAME)
    return _logger


def debug_logger() -> Logger | None:
    """The same where somebody wants to hear of requests and answers; None otherwise."""
    if _logger is None and "logging" not in sys.modules:
        return None
    named = logger()
    return named if named.isEnabledFor(_DEBUG) else None
