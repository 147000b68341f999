"""What is made of calls: draining, listeners, the log, deadlines, pages, output and whole tasks, against a scripted peer."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import math
import sys
import threading
import time
import types
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any, Callable
from unittest import mock

from aiwg.daemon import (
    AsyncDaemonClient,
    ConnectionChange,
    DaemonClient,
    DaemonConnectionError,
    DaemonTimeoutError,
)
from aiwg.daemon._connection import _Call

from answers import TASK, usual
from peer import SILENCE, Peer, send


def waits(request: Any, connection: Any) -> Any:
    return SILENCE if request["method"] == "task.wait" else usual(request, connection)


def release(peer: Peer, state: str = "completed") -> None:
    """Answers the wait."""
    request = peer.saw("task.wait")
    send(peer.connections[0], id=request["id"], result={**TASK, "state": state})


async def elsewhere(body: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, body, *args)


class Draining(unittest.TestCase):
    def test_closing_waits_for_what_is_in_flight(self) -> None:
        with Peer(waits) as peer, ThreadPoolExecutor(2) as pool:
            client = DaemonClient(peer.socket_path)
            waiting = pool.submit(client.task.wait, task_id="task-0001")
            peer.saw("task.wait")
            closing = pool.submit(client.close, drain=True)
            release(peer)
            closing.result(10)
            self.assertEqual(waiting.result(10).state, "completed")
            self.assertFalse(client.is_connected)
            client.close(drain=True)

    def test_it_has_a_time_out_and_disconnects_then(self) -> None:
        with Peer(waits) as peer, ThreadPoolExecutor(1) as pool:
            client = DaemonClient(peer.socket_path)
            waiting = pool.submit(client.task.wait, task_id="task-0001")
            peer.saw("task.wait")
            self.assertRaises(DaemonTimeoutError, client.close, drain=True, timeout=0.02)
            self.assertIn("the client disconnected", str(waiting.exception(10)))
            self.assertFalse(client.is_connected)

    def test_it_is_the_same_for_asyncio(self) -> None:
        async def drains(peer: Peer) -> None:
            client = AsyncDaemonClient(peer.socket_path)
            await client.close(drain=True)
            waiting = asyncio.ensure_future(client.task.wait(task_id="task-0001"))
            await elsewhere(peer.saw, "task.wait")
            closing = asyncio.ensure_future(client.close(drain=True))
            await elsewhere(release, peer)
            await closing
            self.assertEqual((await waiting).state, "completed")
            peer.requests.clear()
            again = asyncio.ensure_future(client.task.wait(task_id="task-0001"))
            await elsewhere(peer.saw, "task.wait")
            with self.assertRaises(DaemonTimeoutError):
                await client.close(drain=True, timeout=0.02)
            (outcome,) = await asyncio.gather(again, return_exceptions=True)
            self.assertIn("the client disconnected", str(outcome))

        with Peer(waits) as peer:
            asyncio.run(drains(peer))


class Listening(unittest.TestCase):
    def test_connections_are_told_of(self) -> None:
        changes: list[ConnectionChange] = []
        with Peer(usual) as peer:
            client = DaemonClient(peer.socket_path)
            stop = client.on_connection(changes.append)
            client.on_connection(lambda _: 1 / 0)  # its own mistake, and nobody else's
            with self.assertLogs("aiwg"):
                client.ping()
                peer.hang_up()
                while len(changes) < 2:
                    time.sleep(0.001)
                client.ping()
                stop()
                client.close()
        self.assertEqual([change.state for change in changes], ["connected", "disconnected", "connected"])
        self.assertEqual((changes[1].reason, changes[1].path), ("it went away", peer.socket_path))
        self.assertIsNone(changes[0].reason)

    def test_so_they_are_in_asyncio(self) -> None:
        changes: list[ConnectionChange] = []

        async def connects(path: str) -> None:
            client = AsyncDaemonClient(path)
            client.on_connection(changes.append)
            await client.ping()
            await client.close()

        with Peer(usual) as peer:
            asyncio.run(connects(peer.socket_path))
        self.assertEqual([change.state for change in changes], ["connected", "disconnected"])
        self.assertEqual(changes[1].reason, "the client disconnected")

    def test_the_log_tells_of_calls_and_keeps_their_content(self) -> None:
        async def calls(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                await client.emit("a:b", "secret")

        with Peer(usual) as peer:
            with self.assertLogs("aiwg.daemon", "DEBUG") as blocking, DaemonClient(peer.socket_path) as client:
                client.emit("a:b", "secret")
                with self.assertRaises(DaemonConnectionError):
                    peer._answer = lambda *_: SILENCE
                    client.task.cancel(task_id="task-0001", timeout=0.01)
                peer._answer = usual
            with self.assertLogs("aiwg.daemon", "DEBUG") as asynchronous:
                asyncio.run(calls(peer.socket_path))
        for text in ("\n".join(blocking.output), "\n".join(asynchronous.output)):
            self.assertRegex(text, "connected to the daemon at .*\n.*event.emit: called\n.*answered after [0-9.]+ ms")
            self.assertNotIn("secret", text)
        self.assertRegex("\n".join(blocking.output), "task.cancel: failed after [0-9.]+ ms: timeout")


class Deadlines(unittest.TestCase):
    def test_they_are_moments_of_either_clock(self) -> None:
        soon: list[Callable[[], Any]] = [
            lambda: time.monotonic() + 0.02,
            lambda: datetime.now(timezone.utc) + timedelta(milliseconds=20),
        ]
        late: list[Any] = [time.monotonic() + 60, datetime.now(timezone.utc) + timedelta(minutes=1), math.inf]

        async def calls(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                for moment in soon:
                    with self.assertRaises(DaemonTimeoutError):
                        await client.task.wait(task_id="task-0001", deadline=moment())
                for later in late:
                    self.assertTrue((await client.ping(deadline=later)).pong)

        with Peer(waits) as peer, DaemonClient(peer.socket_path) as client:
            for moment in soon:
                with self.assertRaises(DaemonTimeoutError):
                    client.task.wait(task_id="task-0001", deadline=moment())
            for later in late:
                self.assertTrue(client.ping(deadline=later).pong)
            asyncio.run(calls(peer.socket_path))

    def test_the_earlier_of_both_counts_and_one_in_the_past_is_over(self) -> None:
        with Peer(waits) as peer, DaemonClient(peer.socket_path) as client:
            for limits in (
                {"timeout": 60, "deadline": time.monotonic() + 0.02},
                {"timeout": 0.02, "deadline": time.monotonic() + 60},
                {"deadline": time.monotonic() - 1},
                {"deadline": datetime(2000, 1, 1, tzinfo=timezone.utc)},
            ):
                with self.assertRaises(DaemonTimeoutError):
                    client.task.wait(task_id="task-0001", **limits)
            with self.assertRaisesRegex(ValueError, "no time zone"):
                client.ping(deadline=datetime(2026, 1, 1))
            with self.assertRaisesRegex(ValueError, "not nan"):
                client.ping(deadline=math.nan)


class Pages(unittest.TestCase):
    def pages(self, request: Any, _: Any) -> Any:
        params = request["params"]
        if request["method"] == "task.list":
            newest = int(params.get("cursor", "task-0008")[5:]) - 1
            return [{**TASK, "id": f"task-{n:04}"} for n in range(newest, max(newest - params["limit"], 0), -1)]
        first = params["since"] + 1
        event = {"topic": "a", "payload": None, "source": "client", "at": "now"}
        return [{**event, "seq": n} for n in range(first, min(first + params["limit"], 8))]

    def test_all_come_page_by_page(self) -> None:
        async def lists(path: str) -> tuple[list[str], list[int]]:
            async with AsyncDaemonClient(path) as client:
                tasks = [task.id async for task in client.task.iterate(page=3, state="failed")]
                return tasks, [event.seq async for event in client.event.iterate(page=3, topics=["a"])]

        expected = ([f"task-{n:04}" for n in range(7, 0, -1)], list(range(1, 8)))
        with Peer(self.pages) as peer, DaemonClient(peer.socket_path) as client:
            tasks = [task.id for task in client.task.iterate(page=3, state="failed")]
            self.assertEqual((tasks, [event.seq for event in client.event.iterate(page=3, topics=["a"])]), expected)
            self.assertEqual(asyncio.run(lists(peer.socket_path)), expected)
            asked = [request["params"] for request in peer.requests]
        self.assertEqual(asked[:4], [{"state": "failed", "limit": 3, **({"cursor": c} if c else {})} for c in (None, "task-0005", "task-0002", "task-0001")])
        self.assertEqual(asked[4], {"topics": ["a"], "since": 0, "limit": 3})


def chunk(data: str, offset: int, attempt: int, ended: bool = False) -> Any:
    return {"data": data, "offset": offset, "nextOffset": offset + len(data), "attempt": attempt, "ended": ended}


def works(state: str = "completed") -> Any:
    """A daemon whose task writes something, fails, and writes something else."""
    first = iter(["one ", ""])

    def answer(request: Any, connection: Any) -> Any:
        params = request["params"]
        if request["method"] == "task.output":
            if params["offset"] == 0:
                return chunk(next(first, "two"), 0, 1) if not answer.failed else chunk("two", 0, 2, True)
            answer.failed = True
            return chunk("", params["offset"], 2)
        if request["method"] == "task.wait":
            return {**TASK, "id": params["taskId"], "state": state}
        if request["method"] == "task.cancel":
            return {"taskId": params["taskId"], "state": "running"}
        return usual(request, connection)

    answer.failed = False  # type: ignore[attr-defined]
    return answer


class WholeTasks(unittest.TestCase):
    def test_output_is_followed_over_attempts(self) -> None:
        async def follows(path: str) -> list[str]:
            async with AsyncDaemonClient(path) as client:
                return [piece async for piece in client.task.follow(task_id="task-0001")]

        with Peer(works()) as peer, DaemonClient(peer.socket_path) as client:
            self.assertEqual(list(client.task.follow(task_id="task-0001")), ["one ", "two"])
        with Peer(works()) as peer:
            self.assertEqual(asyncio.run(follows(peer.socket_path)), ["one ", "two"])

    def test_a_task_is_run_in_one_call(self) -> None:
        async def runs(path: str) -> tuple[str, list[str]]:
            said: list[str] = []
            async with AsyncDaemonClient(path) as client:
                return (await client.task.run(prompt="x", on_output=said.append)).state, said

        with Peer(works("failed")) as peer, DaemonClient(peer.socket_path) as client:
            said: list[str] = []
            task = client.task.run(prompt="x", priority=3, on_output=said.append)
            self.assertEqual((task.id, task.state, said), ("task-0001", "failed", ["one ", "two"]))
            self.assertEqual(peer.saw("task.submit")["params"]["priority"], 3)
            self.assertEqual([r for r in peer.requests if r["method"] == "task.cancel"], [])
        with Peer(works()) as peer:
            self.assertEqual(asyncio.run(runs(peer.socket_path)), ("completed", ["one ", "two"]))

    def test_who_leaves_it_has_the_task_cancelled(self) -> None:
        def never(request: Any, connection: Any) -> Any:
            return works()(request, connection) if request["method"] == "task.cancel" else waits(request, connection)

        class Enough(BaseException):
            """As KeyboardInterrupt is."""

        def enough(_: str) -> None:
            raise Enough

        async def cancelled(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                run = asyncio.ensure_future(client.task.run(prompt="x"))
                await elsewhere(peer.saw, "task.wait")
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)
                self.assertTrue(run.cancelled())

        with Peer(never) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaisesRegex(DaemonTimeoutError, "no answer to task.run within 0.05 s"):
                client.task.run(prompt="x", timeout=0.05)
            self.assertEqual(peer.saw("task.cancel")["params"], {"taskId": "task-0001"})
        with Peer(works()) as peer, DaemonClient(peer.socket_path) as client:
            self.assertRaises(Enough, client.task.run, prompt="x", on_output=enough)
            peer.saw("task.cancel")
        with Peer(never) as peer:
            asyncio.run(cancelled(peer.socket_path))
            peer.saw("task.cancel")


class GivenUpSubmissions(unittest.TestCase):
    """A submission that is given up without an answer takes effect, be it late: its task is cancelled then."""

    def setUp(self) -> None:
        self.answered = threading.Event()

    def hangs(self, request: Any, connection: Any) -> Any:
        if request["method"] != "task.submit":
            return usual(request, connection)

        def answer() -> None:
            self.answered.wait(10)
            send(connection, id=request["id"], result={"taskId": "task-0007", "state": "queued"})

        threading.Thread(target=answer, daemon=True).start()
        return SILENCE

    def is_cancelled(self, peer: Peer) -> None:
        self.assertEqual(peer.saw("task.cancel")["params"], {"taskId": "task-0007"})
        self.assertNotIn("rpc.cancel", [request["method"] for request in peer.requests])

    def test_of_a_blocking_client(self) -> None:
        with Peer(self.hangs) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaisesRegex(DaemonTimeoutError, "no answer to task.run within 0.05 s"):
                client.task.run(prompt="x", timeout=0.05)
            self.answered.set()
            self.is_cancelled(peer)

    def test_of_a_blocking_client_that_is_closed(self) -> None:
        with Peer(self.hangs) as peer:
            with DaemonClient(peer.socket_path) as client:
                with self.assertRaises(DaemonTimeoutError):
                    client.task.run(prompt="x", timeout=0.05)
                threading.Timer(0.05, self.answered.set).start()
            self.is_cancelled(peer)

    def test_for_asyncio(self) -> None:
        async def given_up(peer: Peer) -> None:
            async with AsyncDaemonClient(peer.socket_path) as client:
                with self.assertRaisesRegex(DaemonTimeoutError, "no answer to task.run within 0.05 s"):
                    await client.task.run(prompt="x", timeout=0.05)
                self.answered.set()
                await elsewhere(self.is_cancelled, peer)

        async def cancelled_and_closed(peer: Peer) -> None:
            async with AsyncDaemonClient(peer.socket_path) as client:
                run = asyncio.ensure_future(client.task.run(prompt="x"))
                await elsewhere(peer.saw, "task.submit")
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)
                self.assertTrue(run.cancelled())
                threading.Timer(0.05, self.answered.set).start()

        for leave in (given_up, cancelled_and_closed):
            self.answered.clear()
            with Peer(self.hangs) as peer:
                asyncio.run(leave(peer))
                self.is_cancelled(peer)

    def test_one_that_is_answered_while_it_is_given_up_is_cancelled_once(self) -> None:
        call, cancelled = _Call(0), []
        call.succeed({"taskId": "task-0007"})
        call.abandon(cancelled.append)
        self.assertEqual(cancelled, [{"taskId": "task-0007"}])
        call, cancelled = _Call(0), []
        call.abandon(cancelled.append)
        call.succeed({"taskId": "task-0007"})
        self.assertEqual(cancelled, [{"taskId": "task-0007"}])


class TimeOuts(unittest.TestCase):
    """They name the method that was called, and the time that was given."""

    def test_of_what_makes_several_calls(self) -> None:
        async def asynchronous(client: AsyncDaemonClient) -> None:
            with self.assertRaisesRegex(DaemonTimeoutError, "no answer to task.follow within 0.05 s"):
                async for _ in client.task.follow(task_id="task-0001", timeout=0.05):
                    pass
            with self.assertRaisesRegex(DaemonTimeoutError, "no answer to wait_for within 0.05 s"):
                await client.wait_for("x:y", timeout=0.05)
            with self.assertRaisesRegex(DaemonTimeoutError, "the deadline of ping has passed"):
                await client.ping(deadline=time.monotonic() - 1)

        with Peer(lambda *_: SILENCE) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaisesRegex(DaemonTimeoutError, "no answer to task.follow within 0.05 s"):
                list(client.task.follow(task_id="task-0001", timeout=0.05))
            # The time covers the subscribing as well.
            for given in (client, DaemonClient(peer.socket_path, timeout=60)):
                with self.assertRaisesRegex(DaemonTimeoutError, "no answer to wait_for within 0.05 s"):
                    given.wait_for("x:y", timeout=0.05)
            with self.assertRaisesRegex(DaemonTimeoutError, "the deadline of ping has passed"):
                client.ping(deadline=time.monotonic() - 1)

            async def calls() -> None:
                async with AsyncDaemonClient(peer.socket_path) as other:
                    await asynchronous(other)

            asyncio.run(calls())


class WaitingForEvents(unittest.TestCase):
    def events(self, request: Any, connection: Any) -> Any:
        """Pushes ten events with each subscription."""
        since = request["params"].get("since", 0)
        send(connection, id=request["id"], result={"subscription": 1, "since": since})
        for seq in range(since + 1, since + 11):
            event = {"seq": seq, "topic": "a:b", "payload": seq, "source": "client", "at": "now"}
            send(connection, method="event", params={"subscription": 1, "event": event})
        return SILENCE

    def test_the_first_that_is_meant_is_given(self) -> None:
        async def asynchronous(path: str) -> list[int]:
            client = AsyncDaemonClient(path)
            found = [(await client.wait_for("a:*", timeout=10)).seq]
            found.append((await client.wait_for(where=lambda event: event.payload == 7)).seq)
            async with client.subscribe("a:*") as events:
                found.append((await events.wait_for(lambda event: event.seq > 3)).seq)
                with self.assertRaises(DaemonTimeoutError):
                    await events.wait_for(lambda event: event.seq > 10, timeout=0.05)
            with self.assertRaises(DaemonConnectionError):
                await events.wait_for()
            return found

        with Peer(self.events) as peer:
            client = DaemonClient(peer.socket_path)
            found = [client.wait_for("a:*", timeout=10).seq]
            found.append(client.wait_for(where=lambda event: event.payload == 7).seq)
            with client.subscribe("a:*") as events:
                found.append(events.wait_for(lambda event: event.seq > 3).seq)
                with self.assertRaises(DaemonTimeoutError):
                    events.wait_for(lambda event: event.seq > 10, timeout=0.05)
            self.assertRaises(DaemonConnectionError, events.wait_for)
            self.assertEqual(found, [1, 7, 4])
            self.assertEqual(asyncio.run(asynchronous(peer.socket_path)), [1, 7, 4])

    def test_a_time_out_loses_no_event(self) -> None:
        sent = threading.Event()

        def answer(request: Any, connection: Any) -> Any:
            def push() -> None:
                sent.wait(10)
                self.push(connection)

            threading.Thread(target=push, daemon=True).start()
            return {"subscription": 1, "since": 0}

        with Peer(answer) as peer, DaemonClient(peer.socket_path).subscribe("a:*") as events:
            with self.assertRaises(DaemonTimeoutError):
                events.wait_for(timeout=0.02)
            sent.set()
            self.assertEqual(next(events).seq, 1)

    def push(self, connection: Any) -> None:
        event = {"seq": 1, "topic": "a:b", "payload": 1, "source": "client", "at": "now"}
        send(connection, method="event", params={"subscription": 1, "event": event})


def traces(trace: str) -> dict[str, types.ModuleType]:
    """The modules of OpenTelemetry, in a span of this trace."""
    propagate = types.ModuleType("opentelemetry.propagate")
    propagate.inject = lambda carrier: carrier.update(traceparent=trace, baggage="x")  # type: ignore[attr-defined]
    return {
        "opentelemetry": types.ModuleType("opentelemetry"),
        "opentelemetry.trace": types.ModuleType("opentelemetry.trace"),
        "opentelemetry.propagate": propagate,
    }


class Tracing(unittest.TestCase):
    def test_an_event_has_the_trace_of_its_emitter(self) -> None:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        own, zeros = trace[:-1] + "0", trace.replace("b7ad6b7169203331", "0" * 16)
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.emit("a:b", 1)
            with mock.patch.dict(sys.modules, traces(trace)):
                client.emit("a:b", 1)
                client.emit("a:b", 1, offline=True)
                client.event.emit(topic="a:b", traceparent=own)
            with mock.patch.dict(sys.modules, traces(zeros)):
                client.emit("a:b", 1)
            found = [request["params"].get("traceparent") for request in peer.requests]
        self.assertEqual(found, [None, trace, trace, own, None])

    def test_a_task_has_the_trace_of_its_submitter(self) -> None:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        modules = traces(trace)
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.task.submit(prompt="x")
            with mock.patch.dict(sys.modules, modules):
                client.task.submit(prompt="x", metadata={"ticket": 1})
                client.task.submit(prompt="x", metadata={"traceparent": "mine"})
                client.ping()
            metadata = [request["params"].get("metadata") for request in peer.requests]
        self.assertEqual(metadata, [None, {"ticket": 1, "traceparent": trace}, {"traceparent": "mine"}, None])


if __name__ == "__main__":
    unittest.main()
