"""The base of results: their members are typed attributes, and they are JSON at the same time."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field
    from datetime import datetime
    from typing import Any, ClassVar, Dict, TypeVar, overload

    from typing_extensions import dataclass_transform

    # Type checkers see attributes only: a member is misspelt less easily there than as a key.
    _Json = object

    R = TypeVar("R", bound="Result")
else:
    from ._hints import hints

    hints(globals(), {"datetime": "datetime"})
    _Json = dict

    def overload(function):
        """Tells type checkers alone what a function gives for what."""
        return function

    def dataclass_transform(**_):
        """Tells type checkers alone that subclasses are dataclasses."""
        return lambda cls: cls


class Timestamp(str):
    """A moment: RFC 3339 in UTC with milliseconds, as the daemon says it. ``datetime`` is the same as a ``datetime``.

    Example::

        moment = client.ping().timestamp
        print(moment, moment.datetime.astimezone())
    """

    __slots__ = ()

    @property
    def datetime(self) -> datetime:
        """The moment as an aware ``datetime`` in UTC. Raises ValueError if it is no RFC 3339."""
        from datetime import datetime as kind
        from datetime import timezone

        # Python 3.9 and 3.10 read neither a Z nor any number of digits other than 3 and 6.
        text = self[:-1] + "+00:00" if self[-1:] in ("Z", "z") else str(self)
        return kind.fromisoformat(text).astimezone(timezone.utc)


@overload
def timestamp(value: str) -> Timestamp: ...
@overload
def timestamp(value: object) -> Any: ...
def timestamp(value: object) -> Any:
    """Reads a moment. Raises TypeError if it is no text."""
    if not isinstance(value, str):
        raise TypeError("a moment is a string")
    return Timestamp(value)


def _own_annotations(cls: type) -> Mapping[str, Any]:
    """The annotations of a class without those of its bases. Without ``inspect``, which is slow to import."""
    if sys.version_info >= (3, 10):
        return cls.__annotations__
    annotations: Mapping[str, Any] = cls.__dict__.get("__annotations__", {})
    return annotations


class _DataclassFields:
    """The fields of a result as ``dataclasses`` knows them, made when they are asked for: ``dataclasses`` is slow to import."""

    def __get__(self, _: object, owner: type[Result]) -> Dict[str, Field[Any]]:
        import dataclasses

        kinds: Dict[str, Any] = {}
        for base in reversed(owner.__mro__[: owner.__mro__.index(Result)]):
            kinds.update(_own_annotations(base))
        members = [
            (name, kinds[name], dataclasses.field(default=getattr(owner, name)))
            if hasattr(owner, name)
            else (name, kinds[name], dataclasses.field())
            for name in owner.__match_args__
        ]
        made: Any = dataclasses.make_dataclass(owner.__name__, members)
        fields: Dict[str, Field[Any]] = made.__dataclass_fields__
        return fields


@dataclass_transform(frozen_default=True)
class Result(_Json):
    """A result of the daemon, or a part of one. It cannot be changed.

    Its attributes are the members that this package knows, with their types and in snake case. ``json.dumps`` takes it
    too: it is a dict of what the daemon sent, under the names of the wire and with the members of newer daemons. The
    functions of ``dataclasses`` (``asdict``, ``replace``, ``fields``) take it for a frozen dataclass.

    Example::

        pong = client.ping()
        assert json.loads(json.dumps(pong))["timestamp"] == pong.timestamp
    """

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[Dict[str, Field[Any]]]
        __match_args__: ClassVar[tuple[str, ...]]
    else:
        __dataclass_fields__ = _DataclassFields()

        __match_args__ = ()

        def __init_subclass__(cls) -> None:
            cls.__match_args__ = (*cls.__match_args__, *_own_annotations(cls))

        def __init__(self, *args, **members) -> None:
            names = self.__match_args__
            given = dict(zip(names, args))
            twice = given.keys() & members.keys()
            given.update(members)
            wrong = twice or given.keys() - names
            missing = [name for name in names if name not in given and not hasattr(type(self), name)]
            if len(args) > len(names) or wrong or missing:
                what = ", ".join(sorted(wrong) or missing) or f"at most {len(names)} members"
                raise TypeError(f"{type(self).__name__} has the members {', '.join(names)}; look at {what}")
            self.__dict__.update(given)
            for name in names:
                value = given.get(name)
                # Absent and None are one thing to an attribute that may be absent.
                if value is not None or not hasattr(type(self), name):
                    dict.__setitem__(self, _wire_name(name), value)

        def __setattr__(self, name, value):
            raise AttributeError(f"cannot assign to {name!r}: a result cannot be changed")

        def __delattr__(self, name):
            raise AttributeError(f"cannot delete {name!r}: a result cannot be changed")

        def __eq__(self, other):
            if type(other) is type(self):
                return self._values() == other._values()
            # To a plain dict it is what the daemon sent.
            return NotImplemented if isinstance(other, Result) else dict.__eq__(self, other)

        def __ne__(self, other):
            equal = self.__eq__(other)
            return equal if equal is NotImplemented else not equal

        def __hash__(self):
            return hash(self._values())

        def _unchangeable(self, *_, **__):
            raise TypeError("a result cannot be changed; dict(result) is a copy that can be")

        def __reduce__(self):
            return _restored, (type(self), dict(self), self.__dict__)

        def __replace__(self, **changes):
            return type(self)(**{**dict(zip(self.__match_args__, self._values())), **changes})

        def _values(self):
            return tuple(getattr(self, name) for name in self.__match_args__)

        __setitem__ = __delitem__ = __ior__ = _unchangeable
        update = pop = popitem = clear = setdefault = _unchangeable

    def __repr__(self) -> str:
        members = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__name__}({members})"

    def __bool__(self) -> bool:
        return True

    @classmethod
    def _of(cls: type[R], wire: Mapping[str, Any], /, **members: Any) -> R:
        """A result of what came and of the members that were read from it."""
        made = cls.__new__(cls)
        made.__dict__.update(members)
        if not TYPE_CHECKING:
            dict.update(made, wire)
        return made


def _restored(cls: type[R], wire: Mapping[str, Any], members: Mapping[str, Any]) -> R:
    return cls._of(wire, **members)  # pyright: ignore[reportPrivateUsage]


def _wire_name(name: str) -> str:
    """``created_at`` as ``createdAt``."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
