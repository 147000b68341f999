"""JSON text. The package ``json`` and ``re``, which it needs, take longer to import than an event takes to be emitted: so this
calls what ``json`` itself calls where Python has that, and ``json`` where it has not, or where something is wrong.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def _moment(value: object) -> str:
    """A ``datetime`` as the daemon reads it; JSON has nothing for other values."""
    # Who has one has imported it: it is too slow to import for the others.
    if "datetime" in sys.modules:
        from datetime import datetime, timezone

        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"{value!r} has no time zone, and may be any moment of a day; give it one")
            text = value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
            return text.replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} is no JSON, and no datetime either: {value!r:.100}")


def _no_number(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


class _Reading:
    """How ``json`` reads by itself, but for the constants that it adds to JSON."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_no_number)


_native: Any
_scan: Any
try:
    _native = __import__("_json")
    _scan = _native.make_scanner(_Reading)
except Exception:
    # Another Python does this in its own way.
    _native = _scan = None


def _write(value: object) -> str:
    """JSON, as ``json`` has it written."""
    write = _native.make_encoder({}, _moment, _native.encode_basestring, None, ":", ",", False, False, False)
    return "".join(write(value, 0))


def _works() -> bool:
    try:
        text = _write({"a": [1, None]})
        return text == '{"a":[1,null]}' and _scan(text, 0) == ({"a": [1, None]}, len(text))
    except Exception:
        return False


_is_native = _works()


def encode(message: Mapping[str, object]) -> bytes:
    """JSON. Raises TypeError or ValueError for what JSON cannot hold."""
    # A lone surrogate is no Unicode text: as an escape it still passes.
    try:
        if _is_native:
            return _write(message).encode()
        import json

        text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_moment)
        return text.encode()
    except UnicodeEncodeError:
        import json

        return json.dumps(message, allow_nan=False, default=_moment).encode()


def decode(text: str) -> Any:
    """The value of a JSON text. Raises ValueError or RecursionError where it is none."""
    if _is_native:
        try:
            value, end = _scan(text, 0)
        except (Exception, StopIteration):
            # ``json`` says what is wrong with it, or reads past the white space before it.
            pass
        else:
            if end == len(text):
                return value
    import json

    return json.loads(text, parse_constant=_no_number)
