"""10,000 emits over ten kills of the daemon: each takes effect once, in order, and none fails: repeats.py AIWG blocking|asyncio"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from aiwg.daemon import AsyncDaemonClient, DaemonClient

EMITS = 10_000
KILLS = 10
THREADS = 8


class Killer(threading.Thread):
    """Kills the daemon and starts the next one, once for each part of the emits that is done."""

    def __init__(self, aiwg: str) -> None:
        super().__init__()
        self._aiwg = aiwg
        self._done = threading.Semaphore(0)
        self.kills = 0

    def one_more_is_done(self) -> None:
        self._done.release()

    def run(self) -> None:
        for _ in range(KILLS):
            for _ in range(EMITS // (KILLS + 1)):
                self._done.acquire()
            with open(".aiwg/daemon.pid", encoding="utf-8") as file:
                os.kill(int(file.read()), signal.SIGKILL)
            self.kills += 1
            subprocess.run([self._aiwg, "daemon", "start"], check=True, stdout=subprocess.DEVNULL)


def blocking(killer: Killer) -> None:
    with DaemonClient() as client, ThreadPoolExecutor(THREADS) as pool:

        def emit(first: int) -> None:
            for number in range(first, EMITS, THREADS):
                client.emit("numbered:event", number)
                killer.one_more_is_done()

        list(pool.map(emit, range(THREADS)))


async def with_asyncio(killer: Killer) -> None:
    async with AsyncDaemonClient() as client:

        async def emit(number: int) -> None:
            await client.emit("numbered:event", number)
            killer.one_more_is_done()

        await asyncio.gather(*(emit(number) for number in range(EMITS)))


killer = Killer(sys.argv[1])
killer.start()
if sys.argv[2] == "blocking":
    blocking(killer)
else:
    asyncio.run(with_asyncio(killer))
killer.join()
assert killer.kills == KILLS, killer.kills
with DaemonClient() as client:
    numbers = [event.payload for event in client.event.iterate(topics=["numbered:event"], page=1000)]
assert sorted(numbers) == list(range(EMITS)), (len(numbers), len(set(numbers)))
# The calls of one thread are in order, and all of those of one loop.
threads = THREADS if sys.argv[2] == "blocking" else 1
for first in range(threads):
    own = [number for number in numbers if number % threads == first]
    assert own == sorted(own), own[:50]
print("each once, in order, none failed")
