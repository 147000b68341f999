"""The interface of a client that the generated methods need."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ._tracing import traced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._deadline import Moment
else:
    from ._hints import hints

    hints(
        globals(),
        {
            "collections.abc": "Mapping",
            "typing": "Any",
            "aiwg.daemon._deadline": "Moment",
        },
    )


def given(method: str, params: Mapping[str, object]) -> Mapping[str, object]:
    """The params that are given: None stands for those that are not."""
    return traced(method, {name: value for name, value in params.items() if value is not None})


class Caller(ABC):
    """Something that calls methods by their names on the wire."""

    def call_method(
        self,
        method: str,
        wire: Mapping[str, object],
        timeout: float | None,
        deadline: Moment | None,
        retry: bool | None,
    ) -> Any:
        """Calls a method with those params that are not None."""
        params = given(method, wire)
        return self.request(method, params, timeout=timeout, deadline=deadline, retry=retry)

    @abstractmethod
    def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Any:
        """Calls a method by its name on the wire."""


class AsyncCaller(ABC):
    """The same for asyncio."""

    async def call_method(
        self,
        method: str,
        wire: Mapping[str, object],
        timeout: float | None,
        deadline: Moment | None,
        retry: bool | None,
    ) -> Any:
        """Calls a method with those params that are not None."""
        params = given(method, wire)
        return await self.request(method, params, timeout=timeout, deadline=deadline, retry=retry)

    @abstractmethod
    async def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
        deadline: Moment | None = None,
        retry: bool | None = None,
    ) -> Any:
        """Calls a method by its name on the wire."""
