"""Calls in signal handlers, at whatever moment: signals.py calls|raises|both"""

import faulthandler
import random
import signal
import sys
import threading
from typing import Any

from aiwg.daemon import DaemonClient, DaemonConnectionError

ROUNDS = 50
SIZES = (1, 5_000, 400_000)


class Enough(Exception):
    """What a handler raises."""


what = sys.argv[1]
client = DaemonClient(timeout=60)
is_handling = False
handled = 0
wrong: list[BaseException] = []
over = threading.Event()


def handle(*_: Any) -> None:
    global is_handling, handled
    if is_handling:
        return
    is_handling = True
    try:
        handled += 1
        if what != "raises":
            client.emit("in:handler", "x" * random.choice(SIZES))
    finally:
        is_handling = False
    if what != "calls" and random.random() < 0.5:
        raise Enough


def others() -> None:
    """Calls of other threads hear that the connection ended, at the most."""
    while not over.is_set():
        try:
            client.emit("in:thread", "y" * random.choice(SIZES))
        except DaemonConnectionError:
            pass
        except BaseException as error:
            wrong.append(error)


def calls() -> None:
    for _ in range(ROUNDS):
        # The one of the round before may still come, too.
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.003))
            client.emit("in:main", "z" * random.choice(SIZES))
        except (Enough, DaemonConnectionError):
            pass


# A handler that waits in vain shows where.
faulthandler.dump_traceback_later(100, exit=True)
signal.signal(signal.SIGALRM, handle)
threads = [threading.Thread(target=others) for _ in range(3)]
for thread in threads:
    thread.start()
try:
    calls()
finally:
    signal.setitimer(signal.ITIMER_REAL, 0)
    over.set()
for thread in threads:
    thread.join()
if wrong:
    raise wrong[0]
assert handled > 0 and client.ping().pong
client.close()
print("nothing hung and no line was torn")
