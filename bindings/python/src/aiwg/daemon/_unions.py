"""Annotations for Python 3.9, which cannot evaluate ``int | None``: ``typing.get_type_hints`` finds ``Union`` there."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_UNION = "__import__('typing').Union"
_PACKAGE = __name__.rpartition(".")[0] + "."

_seen: set[str] = set()
"""The modules of which all annotations can be evaluated."""

_known: dict[str, str] = {}
"""What became of annotations: most are there many times."""


def evaluable() -> None:
    """Has the annotations of all modules of this package that are imported by now such that Python 3.9 can evaluate them."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGE) and name not in _seen:
            _seen.add(name)
            for value in list(vars(module).values()):
                if getattr(value, "__module__", None) == name:
                    for owner in _owners(value):
                        _mend(owner)


def _owners(value: Any) -> Iterator[Any]:
    """A function; or a class, and its functions: whatever may have annotations."""
    yield value
    if isinstance(value, type):
        for member in vars(value).values():
            for function in (member, getattr(member, "__func__", None), getattr(member, "fget", None)):
                if hasattr(function, "__code__"):
                    yield function


def _mend(owner: Any) -> None:
    # A class has those of its base where it has none of its own.
    own = vars(owner) if isinstance(owner, type) else {"__annotations__": getattr(owner, "__annotations__", None)}
    annotations: dict[str, Any] = own.get("__annotations__") or {}
    for name, text in annotations.items():
        if isinstance(text, str) and "|" in text:
            if text not in _known:
                _known[text] = with_unions(text)
            annotations[name] = _known[text]


def with_unions(text: str) -> str:
    """An annotation with ``Union[A, B]`` in place of each ``A | B``."""
    before, kinds = "", [""]
    outer: list[tuple[str, list[str]]] = []
    quote = ""
    for character in text:
        if quote or character in "\"'":
            quote = "" if character == quote else quote or character
            kinds[-1] += character
        elif character == "|":
            kinds.append("")
        elif character in "[(":
            outer.append((before, kinds))
            before, kinds = character, [""]
        elif character in "])":
            inner = before + _union(kinds) + character
            before, kinds = outer.pop()
            kinds[-1] += inner
        elif character == ",":
            before, kinds = before + _union(kinds) + character, [""]
        else:
            kinds[-1] += character
    return before + _union(kinds)


def _union(kinds: list[str]) -> str:
    if len(kinds) == 1:
        return kinds[0]
    first = kinds[0]
    blank = first[: len(first) - len(first.lstrip())]
    return f"{blank}{_UNION}[{', '.join(kind.strip() for kind in kinds)}]"
