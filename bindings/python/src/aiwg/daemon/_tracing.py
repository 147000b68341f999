"""The trace that a task or an event belongs to, where the program has OpenTelemetry."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ._reading import cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict

_SUBMIT = "task.submit"
_EMIT = "event.emit"
_MEMBERS = ("traceparent", "tracestate")

# As the daemon takes it.
_TRACEPARENT = r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z"


def traced(method: str, params: Mapping[str, object]) -> Mapping[str, object]:
    """The params with the caller's W3C trace context: in the task's ``metadata``, or as the event's ``traceparent``.

    Only where the program has imported OpenTelemetry and a span is current: others pay nothing. What the caller has
    put there itself stays.
    """
    if method == _EMIT:
        trace = None if "traceparent" in params else current_trace()
        return params if trace is None else {**params, "traceparent": trace}
    if method != _SUBMIT or "opentelemetry.trace" not in sys.modules:
        return params
    context = _context()
    if not context:
        return params
    given = params.get("metadata")
    if given is not None and not isinstance(given, Mapping):
        return params
    return {**params, "metadata": {**context, **cast("Mapping[str, object]", given or {})}}


def current_trace() -> str | None:
    """The trace context that events of this moment carry."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    trace = _context().get("traceparent")
    return trace if is_traceparent(trace) else None


def is_traceparent(trace: object) -> bool:
    """True if the daemon takes this for a trace context."""
    if not isinstance(trace, str):
        return False
    import re

    return re.match(_TRACEPARENT, trace) is not None


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
