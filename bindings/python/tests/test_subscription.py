"""Subscriptions against a scripted peer."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import os
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

from aiwg.daemon import (
    AsyncDaemonClient,
    AsyncSubscription,
    DaemonClient,
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    Missed,
    NoDaemonError,
    NotAllowedError,
)

from peer import SILENCE, Peer, Refusal, send


def subscribed(request: Any, _: Any) -> Any:
    return {"subscription": 1, "since": request["params"].get("since", 0)}


def push(peer: Peer, *seqs: int) -> None:
    """Pushes events to every subscriber."""
    for seq in seqs:
        event = {"seq": seq, "topic": "a", "payload": None, "source": "client", "at": "now"}
        for connection in list(peer.connections):
            try:
                send(connection, method="event", params={"subscription": 1, "event": event})
            except OSError:
                pass


def puts_off_once(kind: str) -> Any:
    """A daemon that refuses the second subscription that it is asked for."""
    asked: list[int] = []

    def answer(request: Any, connection: Any) -> Any:
        asked.append(1)
        if len(asked) == 2:
            raise Refusal({"code": -32000, "message": "not now", "data": {"kind": kind}})
        return subscribed(request, connection)

    return answer


def push_when_subscribed(peer: Peer, times: int) -> None:
    while len(peer.requests) < times:
        time.sleep(0.001)
    push(peer, 8)


class Blocking(unittest.TestCase):
    def test_it_has_subscribed_when_it_returns(self) -> None:
        with Peer(subscribed) as peer:
            events = DaemonClient(peer.socket_path).subscribe("a:*", since=3)
            self.assertEqual(peer.requests[0]["params"], {"topics": ["a:*"], "since": 3})
            push(peer, 4, 5)
            self.assertEqual([next(events).seq, next(events).seq], [4, 5])
            events.close()
            self.assertEqual(list(events), [])

    def test_without_a_daemon_the_call_says_so(self) -> None:
        with self.assertRaises(NoDaemonError):
            DaemonClient("/nowhere/s").subscribe(reconnect=True)

    def test_a_daemon_that_does_not_answer_is_not_waited_for_longer_than_the_clients_time(self) -> None:
        with Peer(lambda *_: SILENCE) as peer, self.assertRaises(DaemonTimeoutError):
            DaemonClient(peer.socket_path, timeout=0.05).subscribe()

    def test_closing_its_client_ends_it(self) -> None:
        with Peer(subscribed) as peer:
            with DaemonClient(peer.socket_path) as client:
                events = client.subscribe("a:*", reconnect=True)
                with ThreadPoolExecutor(1) as pool:
                    looped = pool.submit(list, events)
                    client.close()
                    self.assertEqual(looped.result(10), [])

        async def asynchronous(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                ready, opening = client.subscribe("a:*"), client.subscribe("b:*")
                await ready.ready()

                async def loop(events: AsyncSubscription) -> None:
                    async for _ in events:
                        pass

                loops = [asyncio.ensure_future(loop(events)) for events in (ready, opening)]
                await asyncio.sleep(0)
            await asyncio.wait_for(asyncio.gather(*loops), 10)

        with Peer(subscribed) as peer:
            asyncio.run(asynchronous(peer.socket_path))

    def test_closing_it_ends_the_loop_of_another_thread(self) -> None:
        with Peer(subscribed) as peer, DaemonClient(peer.socket_path).subscribe() as events:
            seen: list[int] = []
            first = threading.Event()

            def loop() -> None:
                for event in events:
                    seen.append(event.seq)
                    first.set()

            thread = threading.Thread(target=loop)
            thread.start()
            push(peer, 1)
            first.wait(10)
            events.close()
            thread.join(10)
            self.assertEqual((thread.is_alive(), seen), (False, [1]))

    def test_a_lost_connection_ends_it_or_is_made_anew_from_where_it_stopped(self) -> None:
        with Peer(subscribed) as peer:
            client = DaemonClient(peer.socket_path)
            plain, steady = client.subscribe(), client.subscribe("b:*", reconnect=True)
            push(peer, 7)
            self.assertEqual([next(plain).seq, next(steady).seq], [7, 7])
            peer.hang_up()
            with self.assertRaises(DaemonConnectionError):
                next(plain)
            self.assertEqual(list(plain), [])
            peer.requests.clear()
            pushing = threading.Thread(target=lambda: (peer.saw("event.subscribe"), push(peer, 8)))
            pushing.start()
            self.assertEqual(next(steady).seq, 8)
            self.assertEqual(peer.requests[0]["params"], {"topics": ["b:*"], "since": 7})
            pushing.join()
            steady.close()

    def test_one_that_is_put_off_when_it_comes_back_comes_again(self) -> None:
        for kind, comes_back in (("shutting_down", True), ("too_many_subscriptions", False)):
            with Peer(puts_off_once(kind)) as peer:
                events = DaemonClient(peer.socket_path).subscribe(reconnect=True)
                peer.hang_up()
                pushing = threading.Thread(target=lambda: push_when_subscribed(peer, 3))
                if comes_back:
                    pushing.start()
                    self.assertEqual(next(events).seq, 8)
                    pushing.join()
                else:
                    with self.assertRaises(DaemonError):
                        next(events)
                events.close()

    def test_missed_events_are_told(self) -> None:
        told: list[Missed] = []
        with Peer(subscribed) as peer:
            events = DaemonClient(peer.socket_path).subscribe(since=500, on_missed=told.append)
            missed = {"subscription": 1, "missed": 4, "since": 0}
            send(peer.connections[0], method="event.missed", params=missed)
            push(peer, 5)
            self.assertEqual(next(events).seq, 5)
            self.assertEqual(told, [Missed(4, 0)])
            events.close()


class WithAsyncio(unittest.IsolatedAsyncioTestCase):
    async def test_it_subscribes_at_once_and_can_be_waited_for(self) -> None:
        with Peer(subscribed) as peer:
            events = AsyncDaemonClient(peer.socket_path).subscribe("a:*", since=3)
            await events.ready()
            self.assertEqual(peer.requests[0]["params"], {"topics": ["a:*"], "since": 3})
            push(peer, 4, 5)
            seqs = []
            async for event in events:
                seqs.append(event.seq)
                if len(seqs) == 2:
                    break
            self.assertEqual(seqs, [4, 5])
            await events.aclose()
            self.assertEqual([event async for event in events], [])

    async def test_one_that_is_put_off_when_it_comes_back_comes_again(self) -> None:
        with Peer(puts_off_once("shutting_down")) as peer:
            async with AsyncDaemonClient(peer.socket_path).subscribe(reconnect=True) as events:
                peer.hang_up()
                pushing = threading.Thread(target=lambda: push_when_subscribed(peer, 3))
                pushing.start()
                self.assertEqual((await events.__anext__()).seq, 8)
                pushing.join()

    async def test_a_wait_that_is_cancelled_loses_nothing(self) -> None:
        with Peer(subscribed) as peer:
            async with AsyncDaemonClient(peer.socket_path).subscribe() as events:
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(events.__anext__(), 0.01)
                push(peer, 1)
                self.assertEqual((await events.__anext__()).seq, 1)

    async def test_closing_it_ends_the_loop_of_another_task(self) -> None:
        with Peer(subscribed) as peer:
            events = AsyncDaemonClient(peer.socket_path).subscribe()

            async def loop() -> list[int]:
                return [event.seq async for event in events]

            for when in (events.ready(), asyncio.sleep(0)):
                task = asyncio.create_task(loop())
                await when
                await events.aclose()
                self.assertEqual(await asyncio.wait_for(task, 10), [])
                events = AsyncDaemonClient(peer.socket_path).subscribe()
            await events.aclose()

    async def test_without_a_daemon_both_ready_and_the_loop_say_so(self) -> None:
        client = AsyncDaemonClient("/nowhere/s")
        with self.assertRaises(NoDaemonError):
            await client.subscribe().ready()
        events = client.subscribe(reconnect=True)
        with self.assertRaises(NoDaemonError):
            await events.__anext__()
        self.assertEqual([event async for event in events], [])

    async def test_a_lost_connection_is_made_anew_from_where_it_stopped(self) -> None:
        with Peer(subscribed) as peer:
            events = AsyncDaemonClient(peer.socket_path).subscribe(reconnect=True)
            await events.ready()
            push(peer, 7)
            self.assertEqual((await events.__anext__()).seq, 7)
            peer.requests.clear()
            peer.hang_up()
            waiting = asyncio.ensure_future(events.__anext__())
            await asyncio.get_running_loop().run_in_executor(None, peer.saw, "event.subscribe")
            self.assertEqual(peer.requests[0]["params"], {"since": 7})
            push(peer, 8)
            self.assertEqual((await waiting).seq, 8)
            await events.aclose()

    def test_made_outside_of_a_loop_it_connects_within_one(self) -> None:
        async def first() -> int:
            pushing = asyncio.get_running_loop().run_in_executor(None, peer.saw, "event.subscribe")
            waiting = asyncio.ensure_future(events.__anext__())
            await pushing
            push(peer, 1)
            seq = (await waiting).seq
            await events.aclose()
            return seq

        with Peer(subscribed) as peer:
            events = AsyncDaemonClient(peer.socket_path).subscribe()
            self.assertEqual(asyncio.run(first()), 1)


class NotAllowed(unittest.IsolatedAsyncioTestCase):
    """Tried with the system's answer alone: the tests may run as root, who may open any socket."""

    def test_it_is_not_the_same_as_no_daemon(self) -> None:
        denied = PermissionError(13, "Permission denied")
        with mock.patch("socket.socket.connect", side_effect=denied):
            for call in (DaemonClient("/a/s").ping, DaemonClient("/a/s").subscribe):
                with self.assertRaises(NotAllowedError) as caught:
                    call()
                self.assertEqual((caught.exception.kind, caught.exception.path), ("not_allowed", "/a/s"))
                self.assertRegex(str(caught.exception), "only the user who started the daemon can")

    async def test_nor_for_asyncio(self) -> None:
        denied = PermissionError(13, "Permission denied")
        loop = asyncio.get_running_loop()
        with mock.patch.object(loop, "create_unix_connection", side_effect=denied):
            for call in (AsyncDaemonClient("/a/s").ping, AsyncDaemonClient("/a/s").subscribe().ready):
                with self.assertRaises(NotAllowedError):
                    await call()


class FromTheEnvironment(unittest.TestCase):
    def test_the_error_names_the_variable_and_not_a_command_that_is_refused(self) -> None:
        with mock.patch.dict(os.environ, {"AIWG_DAEMON_SOCKET": "/nowhere/tunnel.sock"}):
            with self.assertRaises(NoDaemonError) as caught:
                DaemonClient().ping()
        self.assertRegex(str(caught.exception), "tunnel.sock.*AIWG_DAEMON_SOCKET leads there")
        self.assertNotIn("daemon start", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
