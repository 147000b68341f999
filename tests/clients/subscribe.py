"""Subscriptions of the packaged Python clients, over a restart of the daemon. Takes the path of aiwg."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

from aiwg.daemon import AsyncDaemonClient, DaemonClient, DaemonConnectionError, DaemonTimeoutError, Missed


def restart(client: DaemonClient) -> None:
    with open(".aiwg/daemon.pid", encoding="utf-8") as file:
        os.kill(int(file.read()), signal.SIGKILL)
    while client.is_connected:
        time.sleep(0.005)
    subprocess.run([sys.argv[1], "daemon", "start"], check=True, stdout=subprocess.DEVNULL)


def blocking() -> None:
    with DaemonClient() as client:
        missed = [client.emit(topic).seq for topic in ("a:1", "b:1", "a:2")]
        events = client.subscribe("a:*", since=0, reconnect=True)
        assert [next(events).seq, next(events).seq] == [missed[0], missed[2]]
        plain, everything = client.subscribe(["a:*"]), client.subscribe([])
        live = client.emit("a:3").seq
        other = client.emit("b:2").seq
        assert [next(events).seq, next(plain).seq] == [live, live]
        assert [next(everything).seq, next(everything).seq] == [live, other]
        assert client.event.list(topics=[], limit=1)[0].seq == other
        everything.close()

        told: "list[Missed]" = []
        of_another_log = client.subscribe("a:*", since=other + 500, on_missed=told.append)
        afresh = client.emit("a:3").seq
        assert next(of_another_log).seq == afresh
        assert told == [Missed(other, 0)], told
        assert [next(events).seq, next(plain).seq] == [afresh, afresh]
        restart(client)
        after = [client.emit("a:4").seq, client.emit("a:5").seq]
        assert [next(events).seq, next(events).seq] == after
        try:
            next(plain)
        except DaemonConnectionError as error:
            assert error.kind == "disconnected"
        else:
            raise AssertionError("it went on by itself")

        task_id = client.task.submit(prompt="do: sleep 1000").task_id
        try:
            client.task.wait(task_id=task_id, timeout=0.02)
        except DaemonTimeoutError:
            pass
        else:
            raise AssertionError("the wait had no time-out")
        failed = []

        def wait() -> None:
            try:
                client.task.wait(task_id=task_id, retry=False)
            except DaemonConnectionError as error:
                failed.append(error.kind)

        def wait_on() -> None:
            failed.append(client.task.wait(task_id=task_id).state)

        threads = [threading.Thread(target=target) for target in (wait, wait_on)]
        for thread in threads:
            thread.start()
        client.ping()
        restart(client)
        threads[0].join()
        assert failed == ["disconnected"], failed
        assert client.task.get(task_id=task_id).state == "running"
        # A wait that may be repeated goes on with the next daemon.
        client.task.cancel(task_id=task_id)
        threads[1].join()
        assert failed == ["disconnected", "cancelled"], failed


async def with_asyncio() -> None:
    async with AsyncDaemonClient() as client:
        first = (await client.emit("c:1")).seq
        seen = []
        async for event in client.subscribe("c:*", since=first - 1):
            seen.append(event.seq)
            if len(seen) == 3:
                break
            await client.emit("c:2")
        assert seen == sorted(set(seen)) and seen[0] == first, seen
        async with client.subscribe([]) as events:
            lazy = (await client.emit("lazy:a")).seq
            assert (await events.__anext__()).seq == lazy
        task_id = (await client.task.submit(prompt="do: sleep 1000")).task_id
        waiting = asyncio.create_task(client.task.wait(task_id=task_id))
        await asyncio.sleep(0.02)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
        assert (await client.ping()).pong


blocking()
asyncio.run(with_asyncio())
print("no gap and no repeat")
