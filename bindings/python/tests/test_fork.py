"""fork(): parent and child do not get into each other's way."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import gc
import os
import signal
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

from aiwg.daemon import AsyncDaemonClient, DaemonClient, DaemonConnectionError

from answers import usual
from peer import SILENCE, Peer, send


def in_a_child(body: Callable[[], str]) -> str:
    """What the body gives in a forked child, which ends as soon as it has."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            os.write(theirs, body().encode())
        except BaseException as error:
            os.write(theirs, repr(error).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as told:
        text = told.read()
    os.waitpid(child, 0)
    return text


def waits(request: Any, connection: Any) -> Any:
    return SILENCE if request["method"] == "task.wait" else usual(request, connection)


def answer_the_wait(peer: Peer) -> None:
    """Answers on the connection that the request came on: the first."""
    request = peer.saw("task.wait")
    send(peer.connections[0], id=request["id"], result=usual({"method": "task.get"}, None))


class Fork(unittest.TestCase):
    def test_a_childs_calls_are_its_own(self) -> None:
        with Peer(waits) as peer, DaemonClient(peer.socket_path) as client, ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.task.wait, task_id="task-0001")
            peer.saw("task.wait")
            self.assertEqual(in_a_child(lambda: str(client.ping().pong)), "True")
            self.assertEqual(len(peer.connections), 2)
            answer_the_wait(peer)
            self.assertEqual(waiting.result(10).id, "task-0001")
            self.assertTrue(client.ping().pong)

    def test_a_childs_end_is_not_its_parents(self) -> None:
        def end() -> str:
            # As when the interpreter ends: what the child has is closed and collected.
            client.close()
            client.__del__()
            events.close()
            gc.collect()
            return f"{client.is_connected}"

        with Peer(waits) as peer, DaemonClient(peer.socket_path) as client, ThreadPoolExecutor(1) as pool:
            events = client.subscribe(since=0)
            waiting = pool.submit(client.task.wait, task_id="task-0001")
            peer.saw("task.wait")
            self.assertEqual(in_a_child(end), "False")
            self.assertEqual([r["method"] for r in peer.requests if "id" not in r], [])
            answer_the_wait(peer)
            self.assertEqual(waiting.result(10).id, "task-0001")
            self.push(peer, 1)
            self.assertEqual(next(events).seq, 1)
            events.close()

    def test_locks_that_other_threads_hold_do_not_stop_the_child(self) -> None:
        with Peer(waits) as peer, DaemonClient(peer.socket_path) as client:
            connection: Any = client._connection
            held, over = threading.Event(), threading.Event()

            def hold() -> None:
                with client._connecting._lock, connection._outbox._lock._lock:
                    held.set()
                    over.wait(10)

            holder = threading.Thread(target=hold)
            holder.start()
            held.wait()
            self.assertEqual(in_a_child(lambda: str(client.ping().pong)), "True")
            over.set()
            holder.join()

    def test_a_childs_subscription_is_lost_or_goes_on_by_itself(self) -> None:
        def lost() -> str:
            try:
                next(plain)
            except DaemonConnectionError as error:
                return error.message
            return "it went on"

        def goes_on() -> str:
            return str(next(steady).seq)

        def from_the_log(request: Any, connection: Any) -> Any:
            if request["method"] == "event.subscribe":
                since = request["params"]["since"]
                send(connection, id=request["id"], result={"subscription": 1, "since": since})
                if len(peer.requests) > 2:
                    self.push(peer, since + 1, connection)
                return SILENCE
            return usual(request, connection)

        with Peer(from_the_log) as peer:
            client = DaemonClient(peer.socket_path)
            plain = client.subscribe(since=3)
            steady = client.subscribe(since=3, reconnect=True)
            self.assertIn("forked", in_a_child(lost))
            self.assertEqual(in_a_child(goes_on), "4")
            plain.close()
            steady.close()

    def test_a_child_of_a_loop_connects_anew_and_leaves_the_loop_alone(self) -> None:
        async def parent(peer: Peer) -> str:
            client = AsyncDaemonClient(peer.socket_path)
            waiting = asyncio.create_task(client.task.wait(task_id="task-0001"))
            await asyncio.get_running_loop().run_in_executor(None, peer.saw, "task.wait")
            events = client.subscribe(since=0)
            await events.ready()

            async def child() -> str:
                pong = (await client.ping()).pong
                # What was the parent's is closed and collected.
                await events.aclose()
                connection: Any = client._connection
                connection._transport.close()
                gc.collect()
                return str(pong)

            self.assertEqual(in_a_child(lambda: asyncio.run(child())), "True")
            answer_the_wait(peer)
            task = await asyncio.wait_for(waiting, 10)
            self.push(peer, 1)
            self.assertEqual((await events.__anext__()).seq, 1)
            await events.aclose()
            await client.close()
            return task.id

        with Peer(waits) as peer:
            self.assertEqual(asyncio.run(parent(peer)), "task-0001")

    def push(self, peer: Peer, seq: int, only: Any = None) -> None:
        """Pushes an event."""
        event = {"seq": seq, "topic": "a", "payload": None, "source": "client", "at": "now"}
        for connection in [only] if only else list(peer.connections):
            try:
                send(connection, method="event", params={"subscription": 1, "event": event})
            except OSError:
                pass


if __name__ == "__main__":
    unittest.main()
