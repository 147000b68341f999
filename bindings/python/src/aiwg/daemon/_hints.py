"""The names in annotations, for whoever asks for type hints at run time.

They are imported for type checkers alone: the modules that have them take longer to import than an event takes to be
emitted. In their places ``typing.get_type_hints`` finds these.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Hint(str):
    """A type, as the expression that imports it. ``get_type_hints`` evaluates it, as it does any text in an annotation."""

    def __getitem__(self, item: Any) -> Any:
        # A number is for a character of the text, at which ``typing`` looks.
        if isinstance(item, int):
            return super().__getitem__(item)
        # Python 3.9 and 3.10 leave a text as it is that stands in the brackets of a ``Mapping``.
        several: list[Any] = [item]
        if isinstance(item, tuple):
            several = [*item]
        found = tuple(map(_evaluated, several))
        return self.found()[found if isinstance(item, tuple) else found[0]]

    def __or__(self, other: Any) -> Any:
        return self.found() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.found()

    def found(self) -> Any:
        """The type."""
        return eval(self)


def _evaluated(value: Any) -> Any:
    return value.found() if isinstance(value, Hint) else value


def hints(namespace: dict[str, Any], names: Mapping[str, str]) -> None:
    """Puts the names of other modules into the namespace of one, unless it has them: by module, apart by spaces."""
    for module, listed in names.items():
        for name in listed.split():
            namespace.setdefault(name, Hint(f"__import__({module!r}, None, None, [{name!r}]).{name}"))
