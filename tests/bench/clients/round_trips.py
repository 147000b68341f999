"""How long the packaged Python client takes for a call, beside plain sockets to a raw echo: round_trips.py DAEMON ECHO"""

import asyncio
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable

from aiwg.daemon import AsyncDaemonClient, DaemonClient

LINE = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
SEQUENTIAL = 3000
BATCHES = 200
IN_FLIGHT = 64


def rate(calls: int, run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return calls / (time.perf_counter() - began)


async def async_rate(calls: int, run: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await run()
    return calls / (time.perf_counter() - began)


def sequential(daemon: str, raw: socket.socket) -> list[tuple[float, float]]:
    with DaemonClient(daemon) as client:

        def pings() -> None:
            for _ in range(SEQUENTIAL):
                client.ping()

        def echoes() -> None:
            for _ in range(SEQUENTIAL):
                echoed(raw, LINE)

        pings()
        return [(rate(SEQUENTIAL, pings), rate(SEQUENTIAL, echoes)) for _ in range(3)]


async def pipelined(daemon: str, raw: socket.socket) -> list[tuple[float, float]]:
    calls = BATCHES * IN_FLIGHT
    async with AsyncDaemonClient(daemon) as client:

        async def pings() -> None:
            for _ in range(BATCHES):
                await asyncio.gather(*(client.ping() for _ in range(IN_FLIGHT)))

        def echoes() -> None:
            for _ in range(BATCHES):
                echoed(raw, LINE * IN_FLIGHT)

        await pings()
        return [(await async_rate(calls, pings), rate(calls, echoes)) for _ in range(3)]


def echoed(raw: socket.socket, text: bytes) -> None:
    raw.sendall(text)
    left = len(text)
    while left > 0:
        left -= len(raw.recv(65536))


def main(daemon: str, echo: str) -> None:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(echo)
        rates = {"sequential": sequential(daemon, raw), "pipelined": asyncio.run(pipelined(daemon, raw))}
    print(json.dumps(rates))


if __name__ == "__main__":
    main(*sys.argv[1:])
