"""The client for asyncio, under the event loop that is named: loops.py asyncio|uvloop"""

import asyncio
import importlib
import sys

from aiwg.daemon import AsyncDaemonClient, DaemonConnectionError, NoDaemonError


async def clients() -> int:
    async with AsyncDaemonClient() as client:
        return (await client.daemon.status()).subsystems.ipc.clients


async def calls() -> None:
    async with AsyncDaemonClient(timeout=60) as client:
        assert (await client.ping()).pong
        async with client.subscribe("a:*") as events:
            await asyncio.gather(*(client.emit("a:b", "x" * 300_000) for _ in range(20)))
            seqs = [(await events.__anext__()).seq for _ in range(20)]
            assert seqs == sorted(seqs)
        waiting = asyncio.ensure_future(client.task.wait(task_id="task-0001"))
        assert not isinstance((await asyncio.gather(waiting, return_exceptions=True))[0], AssertionError)
    assert not client.is_connected
    try:
        await AsyncDaemonClient("/nowhere/s").ping()
    except NoDaemonError:
        pass
    else:
        raise AssertionError("there is no daemon")


async def closes_while_it_connects() -> None:
    for _ in range(5):
        client = AsyncDaemonClient()
        try:
            await asyncio.wait_for(client.connect(), 0)
        except (asyncio.TimeoutError, TimeoutError):
            pass
        await client.close()
        assert not client.is_connected
    for steps in range(4):
        client = AsyncDaemonClient()
        call = asyncio.ensure_future(client.ping())
        for _ in range(steps):
            await asyncio.sleep(0)
        await client.close()
        (outcome,) = await asyncio.gather(call, return_exceptions=True)
        if steps > 0:
            assert isinstance(outcome, DaemonConnectionError), repr(outcome)
            assert not client.is_connected
        await client.close()
    while await clients() != 1:
        await asyncio.sleep(0.01)


async def main() -> None:
    await calls()
    await closes_while_it_connects()
    print("as under asyncio")


importlib.import_module(sys.argv[1]).run(main())
