"""Events that are emitted while no daemon runs are taken in by the next one, once and in order: offline.py AIWG"""

import asyncio
import subprocess
import sys

from aiwg.daemon import AsyncDaemonClient, DaemonClient, EventSpooled, NoDaemonError

EACH = 50


def daemon(verb: str) -> None:
    subprocess.run([sys.argv[1], "daemon", verb], check=True, stdout=subprocess.DEVNULL)


async def with_asyncio() -> None:
    client = AsyncDaemonClient()
    answers = await asyncio.gather(*(client.emit("made:offline", n, offline=True) for n in range(EACH, 2 * EACH)))
    assert all(isinstance(answer, EventSpooled) for answer in answers)
    await client.close()


client = DaemonClient()
try:
    client.emit("made:offline")
except NoDaemonError:
    pass
else:
    raise AssertionError("a daemon runs")
for number in range(EACH):
    assert isinstance(client.emit("made:offline", number, offline=True), EventSpooled)
asyncio.run(with_asyncio())
daemon("start")
with client:
    client.wait_for("made:offline", where=lambda event: event.payload == 2 * EACH - 1, since=0, timeout=60)
    emitted = client.emit("made:offline", 2 * EACH, offline=True)
    assert not isinstance(emitted, EventSpooled) and emitted.seq > 0
    daemon("restart")
    events = list(client.event.iterate(topics=["made:offline"]))
    assert [event.payload for event in events] == list(range(2 * EACH + 1)), events
    moments = [event.at.datetime for event in events]
    assert moments == sorted(moments)
print("taken in once and in order")
