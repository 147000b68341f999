"""The trace that a task belongs to, where the program has OpenTelemetry."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Callable, Dict, cast

_METHOD = "task.submit"
_MEMBERS = ("traceparent", "tracestate")


def traced(method: str, params: Mapping[str, object]) -> Mapping[str, object]:
    """The params with the caller's W3C trace context in the task's ``metadata``.

    Only where the program has imported OpenTelemetry and a span is current: others pay nothing. What the caller has
    put there itself stays.
    """
    if method != _METHOD or "opentelemetry.trace" not in sys.modules:
        return params
    context = _context()
    if not context:
        return params
    given = params.get("metadata")
    if given is not None and not isinstance(given, Mapping):
        return params
    return {**params, "metadata": {**context, **cast("Mapping[str, object]", given or {})}}


def _context() -> Dict[str, str]:
    try:
        from importlib import import_module

        # By name: type checkers need not know a package that this one does not depend on.
        module: Any = import_module("opentelemetry.propagate")
    except ImportError:
        return {}
    inject: Callable[[Dict[str, str]], None] = module.inject
    carrier: Dict[str, str] = {}
    inject(carrier)
    return {name: value for name, value in carrier.items() if name in _MEMBERS}
