"""The call vectors through the packaged Python clients, blocking and asyncio."""

import asyncio
import json
import sys
from typing import Any

from aiwg.daemon import AsyncDaemonClient, DaemonClient, DaemonError


def pick(value: Any, wanted: Any) -> Any:
    """What the vector tells of the result: members that it does not name may be anything."""
    if isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        return [pick(item, of) for item, of in zip(value, wanted)]
    if isinstance(wanted, dict) and isinstance(value, dict):
        return {key: pick(value.get(key), of) for key, of in wanted.items()}
    return value


def check(vector: dict, result: Any, error: "DaemonError | None") -> None:
    name = vector["name"]
    if vector.get("accepted"):
        assert error is None or error.kind != "invalid_params", f"{name}: {error}"
    elif "error" in vector:
        assert error is not None, f"{name}: {result}"
        got = {"code": error.code, "kind": error.kind, "member": error.member}
        assert got == {"member": None, **vector["error"]}, f"{name}: {got}"
    else:
        assert error is None, f"{name}: {error}"
        got = pick(result, vector["result"])
        assert got == vector["result"], f"{name}: {got}"


def blocking(vectors: list) -> None:
    with DaemonClient() as client:
        for vector in vectors:
            result, error = None, None
            try:
                result = client.request(vector["method"], vector.get("params"))
            except DaemonError as raised:
                error = raised
            check(vector, result, error)


async def with_asyncio(vectors: list) -> None:
    async with AsyncDaemonClient() as client:
        for vector in vectors:
            result, error = None, None
            try:
                result = await client.request(vector["method"], vector.get("params"))
            except DaemonError as raised:
                error = raised
            check(vector, result, error)


def main() -> None:
    vectors = []
    for file in sys.argv[1:]:
        with open(file, encoding="utf-8") as text:
            vectors += json.load(text)
    blocking(vectors)
    asyncio.run(with_asyncio(vectors))
    print(f"{len(vectors)} calls are as they should be")


main()
