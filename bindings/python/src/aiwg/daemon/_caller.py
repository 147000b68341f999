"""The interface of a client that the generated methods need."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


def given(params: Mapping[str, object]) -> dict[str, object]:
    """The params that are given: None stands for those that are not."""
    return {name: value for name, value in params.items() if value is not None}


class Caller(ABC):
    """Something that calls methods by their names on the wire."""

    def call_method(self, method: str, wire: Mapping[str, object], timeout: float | None) -> Any:
        """Calls a method with those params that are not None."""
        return self.request(method, given(wire), timeout=timeout)

    @abstractmethod
    def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Calls a method by its name on the wire."""


class AsyncCaller(ABC):
    """The same for asyncio."""

    async def call_method(
        self, method: str, wire: Mapping[str, object], timeout: float | None
    ) -> Any:
        """Calls a method with those params that are not None."""
        return await self.request(method, given(wire), timeout=timeout)

    @abstractmethod
    async def request(
        self,
        method: str,
        params: Mapping[str, object] | None = None,
        *,
        timeout: float | None = None,
    ) -> Any:
        """Calls a method by its name on the wire."""
