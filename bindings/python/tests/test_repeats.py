"""Calls whose answer was lost, against a scripted peer."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import os
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

from aiwg.daemon import (
    AsyncDaemonClient,
    DaemonClient,
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    NoDaemonError,
)
from aiwg.daemon import _repeat as repeat

from answers import TASK, usual
from peer import SILENCE, Peer, Refusal


def loses(times: int, method: str = "event.emit") -> Any:
    """A daemon that goes away instead of answering this method, so many times."""
    left = [times]

    def answer(request: Any, connection: Any) -> Any:
        if request["method"] == method and left[0] > 0:
            left[0] -= 1
            connection.shutdown(2)
            return SILENCE
        return usual(request, connection)

    return answer


def refuses(kind: str, member: str | None = None, times: int = 1) -> Any:
    """A daemon that answers with an error, so many times."""
    left = [times]

    def answer(request: Any, connection: Any) -> Any:
        if request["method"] != "ping" and left[0] > 0 and (member is None or member in request["params"]):
            left[0] -= member is None
            data = {"kind": kind, "member": member}
            raise Refusal({"code": -32602, "message": "no", "data": data})
        return usual(request, connection)

    return answer


def both(socket_path: str, method: str, params: Any = None, **options: Any) -> Any:
    """The outcomes of a call of the blocking client and of the one for asyncio, on a new connection each."""

    async def call() -> Any:
        async with AsyncDaemonClient(socket_path) as client:
            return await client.request(method, params, **options)

    client = DaemonClient(socket_path)
    yield lambda: client.request(method, params, **options)
    client.close()
    yield lambda: asyncio.run(call())


def keys(peer: Peer) -> list[str]:
    return [request["params"].get("idempotencyKey") for request in peer.requests]


class Repeats(unittest.TestCase):
    def test_a_call_whose_answer_was_lost_is_sent_again_with_its_key(self) -> None:
        for index in range(2):
            with Peer(loses(2)) as peer:
                outcome = list(both(peer.socket_path, "event.emit", {"topic": "a"}))[index]()
                self.assertEqual(outcome["seq"], 1)
                self.assertEqual((len(keys(peer)), len(set(keys(peer)))), (3, 1))
                self.assertEqual(len(peer.requests), 3)

    def test_the_callers_own_key_stays(self) -> None:
        with Peer(loses(1)) as peer, DaemonClient(peer.socket_path) as client:
            client.emit("a:b", idempotency_key="mine")
            client.task.submit(prompt="x", idempotency_key="yours")
            self.assertEqual(keys(peer), ["mine", "mine", "yours"])

    def test_params_that_are_no_object_are_sent_as_they_are(self) -> None:
        wrong: Any = ["a:b"]
        with Peer(lambda request, _: request["params"]) as peer:
            for call in both(peer.socket_path, "event.emit", wrong):
                self.assertEqual(call(), wrong)

    def test_each_call_has_a_key_of_its_own_and_they_sort_by_time(self) -> None:
        made = [repeat.new_key() for _ in range(1000)]
        self.assertEqual(len(set(made)), 1000)
        self.assertEqual([key[:12] for key in made], sorted(key[:12] for key in made))

    def test_it_can_be_switched_off_for_a_call_and_for_a_client(self) -> None:
        with Peer(loses(99)) as peer:
            for call in both(peer.socket_path, "event.emit", {"topic": "a"}, retry=False):
                self.assertRaises(DaemonConnectionError, call)
            with DaemonClient(peer.socket_path, retry=False) as client:
                self.assertRaises(DaemonConnectionError, client.emit, "a:b")
            self.assertEqual(keys(peer), [None] * 3)

    def test_a_daemon_that_takes_no_traces_gets_events_without_them_and_a_wrong_one_is_not_hidden(self) -> None:
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        answer = refuses("invalid_params", "traceparent")

        async def emits(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                await client.event.emit(topic="a:b", traceparent=trace)
                await client.event.emit(topic="a:b", traceparent=trace, offline=True)
                with self.assertRaises(DaemonError):
                    await client.event.emit(topic="a:b", traceparent="none")

        with Peer(answer) as peer:
            with DaemonClient(peer.socket_path) as client:
                client.event.emit(topic="a:b", traceparent=trace)
                client.event.emit(topic="a:b", traceparent=trace, offline=True)
                self.assertRaises(DaemonError, client.event.emit, topic="a:b", traceparent="none")
            asyncio.run(emits(peer.socket_path))
            traces = ["traceparent" in request["params"] for request in peer.requests]
            self.assertEqual(traces, [True, False, False, True] * 2)

    def test_a_call_that_may_take_effect_twice_is_not_sent_again(self) -> None:
        for method in ("task.cancel", "not.known.yet"):
            with Peer(loses(99, method)) as peer:
                for call in both(peer.socket_path, method, {}):
                    self.assertRaises(DaemonConnectionError, call)
                self.assertEqual(len(peer.requests), 2)

    def test_it_is_repeated_until_its_time_is_over(self) -> None:
        with Peer(loses(99)) as peer:
            for call in both(peer.socket_path, "event.emit", {"topic": "a"}, timeout=0.2):
                self.assertRaises(DaemonTimeoutError, call)

    def test_without_a_time_out_it_is_given_up_at_last(self) -> None:
        with Peer(loses(9999)) as peer, mock.patch.object(repeat, "_PATIENCE", 0.3):
            for call in both(peer.socket_path, "event.emit", {"topic": "a"}):
                with self.assertRaisesRegex(DaemonConnectionError, "it went away|reset|pipe"):
                    call()
            self.assertGreater(len(peer.requests), 4)

    def test_a_call_that_waits_by_its_nature_outlasts_any_number_of_daemons(self) -> None:
        killed = [0]

        def answer(request: Any, connection: Any) -> Any:
            """A daemon that is there for a while, and is killed before the task has ended."""
            if request["method"] != "task.wait":
                return usual(request, connection)
            if killed[0] == 7:
                return TASK
            killed[0] += 1
            time.sleep(0.15)
            connection.shutdown(2)
            return SILENCE

        async def asynchronous(path: str) -> str:
            async with AsyncDaemonClient(path) as client:
                return (await client.task.run(prompt="x")).id

        with mock.patch.multiple(repeat, _PATIENCE=0.5, _STANDS=0.1), Peer(answer) as peer:
            with DaemonClient(peer.socket_path) as client:
                self.assertEqual(client.task.run(prompt="x").id, TASK["id"])
            self.assertEqual(killed, [7])
            killed[0] = 0
            self.assertEqual(asyncio.run(asynchronous(peer.socket_path)), TASK["id"])
            self.assertEqual(killed, [7])
            self.assertEqual([r for r in peer.requests if r["method"] == "task.cancel"], [])

    def test_the_time_counts_from_the_call_and_not_from_the_end_of_an_idle_connection(self) -> None:
        async def emits(path: str) -> float:
            client = AsyncDaemonClient(path)
            with Peer(usual, path):
                await client.ping()
            await asyncio.sleep(0.3)
            began = time.monotonic()
            with self.assertRaises(NoDaemonError):
                await client.emit("a:b")
            await client.close()
            return time.monotonic() - began

        with Peer(usual) as outer, mock.patch.object(repeat, "_PATIENCE", 0.5):
            self.assertGreaterEqual(asyncio.run(emits(outer.socket_path + "x")), 0.5)

    def test_no_daemon_at_first_is_said_at_once(self) -> None:
        for call in both("/nowhere/s", "ping"):
            self.assertRaises(NoDaemonError, call)

    def test_a_daemon_that_is_gone_for_a_while_is_waited_for(self) -> None:
        with Peer(usual) as outer, ThreadPoolExecutor(1) as pool:
            path = outer.socket_path + "x"
            client = DaemonClient(path)
            with Peer(usual, path):
                client.ping()
            call = pool.submit(client.emit, "a:b")
            # It has found nobody, at least once.
            while client.is_connected:
                time.sleep(0.001)
            self.assertFalse(call.done())
            os.unlink(path)
            with Peer(usual, path):
                self.assertEqual(call.result(30).seq, 1)
                client.close()

    def test_one_that_does_not_come_back_is_said_to_be_gone(self) -> None:
        with mock.patch.object(repeat, "_PATIENCE", 0.1), Peer(usual) as outer:
            path = outer.socket_path + "x"
            client = DaemonClient(path)

            async def asynchronous() -> None:
                other = AsyncDaemonClient(path)
                with Peer(usual, path):
                    client.ping()
                    await other.ping()
                with self.assertRaises(NoDaemonError):
                    await other.emit("a:b")
                await other.close()

            asyncio.run(asynchronous())
            self.assertRaises(NoDaemonError, client.emit, "a:b")
            client.close()

    def test_a_daemon_that_is_stopping_is_asked_again(self) -> None:
        with Peer(refuses("shutting_down", times=2)) as peer:
            for call in both(peer.socket_path, "event.emit", {"topic": "a"}):
                self.assertEqual(call()["seq"], 1)
        with Peer(refuses("queue_full", times=2)) as peer:
            for call in both(peer.socket_path, "event.emit", {"topic": "a"}):
                self.assertRaises(DaemonError, call)

    def test_a_daemon_without_keys_is_called_without(self) -> None:
        with Peer(refuses("invalid_params", "idempotencyKey")) as peer:
            with DaemonClient(peer.socket_path) as client:
                self.assertEqual([client.emit("a:b").seq, client.emit("a:b").seq], [1, 1])
                self.assertEqual(client.emit("a:b", offline=True).seq, 1)
                with self.assertRaises(DaemonError):
                    client.emit("a:b", idempotency_key="mine")
            self.assertEqual([key is None for key in keys(peer)], [False, True, True, False, True, False])

            async def calls() -> None:
                async with AsyncDaemonClient(peer.socket_path) as client:
                    emitted = await asyncio.gather(*(client.emit("a:b") for _ in range(3)))
                    self.assertEqual([one.seq for one in emitted], [1, 1, 1])
                    self.assertEqual((await client.emit("a:b", offline=True)).seq, 1)
                    with self.assertRaises(DaemonError):
                        await client.emit("a:b", idempotency_key="mine")

            asyncio.run(calls())


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def old(members: list[str], effects: list[int], closes_at: int = 0) -> Any:
    """A daemon from before some members: it refuses the calls that have them, and ends the connection instead of answering
    the request of this number."""
    seen = [0]

    def answer(request: Any, connection: Any) -> Any:
        seen[0] += 1
        if seen[0] == closes_at:
            connection.shutdown(2)
            return SILENCE
        params = request["params"]
        for member in members:
            if member in params:
                data = {"kind": "invalid_params", "member": member}
                raise Refusal({"code": -32602, "message": "no", "data": data})
        effects.append(params["payload"])
        return {"seq": 1, "rules": []}

    return answer


class Order(unittest.TestCase):
    def test_at_a_daemon_older_than_keys_or_traces_asyncios_calls_keep_their_order(self) -> None:
        def traced(client: AsyncDaemonClient, n: int) -> Any:
            return client.event.emit(topic="a:b", payload=n, traceparent=TRACE)

        def mixed(client: AsyncDaemonClient, n: int) -> Any:
            trace = TRACE if n % 3 == 0 else None
            return client.event.emit(topic="a:b", payload=n, traceparent=trace, retry=n % 5 != 0)

        def offline(client: AsyncDaemonClient, n: int) -> Any:
            return client.event.emit(topic="a:b", payload=n, offline=n % 2 == 0)

        async def emits(emit: Any, path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                calls = [asyncio.ensure_future(emit(client, n)) for n in range(300)]
                await asyncio.sleep(0)
                for n in range(300, 600):
                    calls.append(asyncio.ensure_future(emit(client, n)))
                    await asyncio.sleep(0.0002)
                await asyncio.gather(*calls)

        both = ["traceparent", "idempotencyKey"]
        for emit, members, closes_at in (
            (traced, ["traceparent"], 0),
            (traced, ["idempotencyKey"], 0),
            (traced, both, 0),
            (traced, ["traceparent"], 40),
            (traced, both, 100),
            (mixed, ["traceparent"], 0),
            (mixed, both, 0),
            (offline, ["idempotencyKey"], 0),
        ):
            effects: list[int] = []
            with self.subTest(emit=emit.__name__, members=members, closes_at=closes_at):
                with Peer(old(members, effects, closes_at)) as peer:
                    asyncio.run(emits(emit, peer.socket_path))
                self.assertEqual(effects, list(range(600)))

    def test_a_daemon_that_comes_after_an_old_one_gets_keys_again(self) -> None:
        members = ["idempotencyKey"]

        async def emits(peer: Peer) -> None:
            async with AsyncDaemonClient(peer.socket_path) as client:
                await client.emit("a:b", 1)
                members.clear()
                peer.connections[-1].shutdown(2)
                while client.is_connected:
                    await asyncio.sleep(0.001)
                await client.emit("a:b", 2)

        with Peer(old(members, [])) as peer, DaemonClient(peer.socket_path) as client:
            client.emit("a:b", 1)
            members.clear()
            peer.connections[-1].shutdown(2)
            while client.is_connected:
                time.sleep(0.001)
            client.emit("a:b", 2)
            members.append("idempotencyKey")
            asyncio.run(emits(peer))
            self.assertEqual([key is None for key in keys(peer)], [False, True, False] * 2)

    def test_asyncios_calls_are_sent_in_the_order_of_their_making_whatever_is_lost(self) -> None:
        seen: list[list[int]] = []

        def answer(request: Any, connection: Any) -> Any:
            if not seen or seen[-1][0] is not connection:
                seen.append([connection])
            seen[-1].append(request["params"]["payload"])
            if len(seen[-1]) == 300 and len(seen) < 5:
                connection.shutdown(2)
                return SILENCE
            # Of each connection the first hundred are answered.
            return {"seq": 1, "rules": []} if len(seen[-1]) < 100 or len(seen) == 5 else SILENCE

        async def emits(path: str) -> int:
            client = AsyncDaemonClient(path)
            # Some with a time-out, and more than the socket takes at once.
            calls = [
                asyncio.ensure_future(client.emit("a:b", n, timeout=60 if n % 3 else None))
                for n in range(2000)
            ]
            done = len(await asyncio.gather(*calls))
            await client.close()
            return done

        with Peer(answer) as peer:
            self.assertEqual(asyncio.run(emits(peer.socket_path)), 2000)
        self.assertEqual(len(seen), 5)
        for one in seen:
            numbers = one[1:]
            self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual({n for one in seen for n in one[1:]}, set(range(2000)))

    def test_calls_that_come_while_the_daemon_reads_slowly_do_not_overtake(self) -> None:
        def answer(request: Any, _: Any) -> Any:
            time.sleep(0.001)
            return request["params"]["n"]

        async def calls(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                padding = "x" * 50_000
                many = []
                for n in range(200):
                    many.append(asyncio.ensure_future(client.request("echo", {"n": n, "x": padding})))
                    if n % 10 == 0:
                        await asyncio.sleep(0.001)
                await asyncio.gather(*many)

        with Peer(answer) as peer:
            asyncio.run(calls(peer.socket_path))
            self.assertEqual([request["params"]["n"] for request in peer.requests], list(range(200)))


if __name__ == "__main__":
    unittest.main()
