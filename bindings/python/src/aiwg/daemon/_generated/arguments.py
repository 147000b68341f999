# Generated from the definition in protocol/ by scripts/generate. Do not edit.
"""The params of a method as a type, for type checkers alone: they are the arguments of others too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, List

from typing_extensions import Required, TypedDict

from .types import ApprovalTerms, RetryPolicy, Span, Verify, Workspace


class TaskSubmitArguments(TypedDict, total=False):
    """Arguments by name."""

    prompt: Required[str]
    agent: str | None
    priority: int | None
    timeout_minutes: float | None
    env: Mapping[str, str] | None
    metadata: Mapping[str, Any] | None
    after: List[str] | tuple[str, ...] | None
    lane: str | None
    runs_on: List[str] | tuple[str, ...] | None
    delay: Span | None
    start_at: str | datetime | None
    expires: Span | None
    retry: RetryPolicy | None
    ignore_budget: bool | None
    verify: Verify | None
    approval: ApprovalTerms | None
    workspace: Workspace | None
    idempotency_key: str | None
