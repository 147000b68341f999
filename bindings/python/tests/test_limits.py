"""What daemons that hang, lie or are newer do to a client: little, and in bounded time."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import gc
import math
import os
import socket
import threading
import time
import unittest
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest import mock

from aiwg.daemon import (
    AsyncDaemonClient,
    DaemonClient,
    DaemonConnectionError,
    DaemonTimeoutError,
    Notification,
    UnreadableError,
)
from aiwg.daemon import _message as message
from aiwg.daemon._message import Lines, LineTooLongError

from answers import TASK, usual
from peer import SILENCE, Peer, send


NOT_UNDERSTOOD: list[dict[str, Any]] = [
    {},
    {"result": None},
    {"result": {}},
    {"result": [1]},
    {"error": "no"},
    {"error": {"code": "x", "message": 7, "data": [1]}},
]
"""Answers that are none, without their ids."""


def waits_or_says(said: dict[str, Any]) -> Any:
    """A daemon that says this to a ping, and answers a wait together with the next call."""
    waiting: list[Any] = []

    def answer(request: Any, connection: Any) -> Any:
        if request["method"] == "task.wait":
            waiting.append(request["id"])
            return SILENCE
        if request["method"] == "ping":
            send(connection, id=request["id"], **said)
            return SILENCE
        for call in waiting:
            send(connection, id=call, result=TASK)
        return usual(request, connection)

    return answer


class Deaf:
    """A daemon that takes connections and reads nothing."""

    def __init__(self, backlog: int = 16) -> None:
        self._peer = Peer(usual)
        self.socket_path = os.path.join(self._peer.directory, "deaf")
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(self.socket_path)
        self._server.listen(backlog)

    def __enter__(self) -> Deaf:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._peer.__exit__()

    def fill(self) -> list[socket.socket]:
        """As many connections as the system holds for it."""
        held = []
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.setblocking(False)
            held.append(connection)
            try:
                connection.connect(self.socket_path)
            except BlockingIOError:
                return held


class Time(unittest.TestCase):
    def test_it_covers_writing_for_every_thread(self) -> None:
        with Deaf() as deaf, DaemonClient(deaf.socket_path) as client, ThreadPoolExecutor(4) as pool:
            long = pool.submit(client.emit, "a:b", "x" * 5_000_000, timeout=0.05)
            others = [pool.submit(client.ping, timeout=0.05) for _ in range(3)]
            for call in [long, *others]:
                self.assertIsInstance(call.exception(10), DaemonTimeoutError)
            # What was given up is not kept, however often that happens.
            for _ in range(3):
                with self.assertRaises(DaemonTimeoutError):
                    client.emit("a:b", "x" * 5_000_000, timeout=0.01)
            connection: Any = client._connection
            kept = [len(line) for entry in connection._outbox._entries for line in entry]
            self.assertLess(sum(kept), 1000)

    def test_it_covers_connecting_to_one_that_is_too_busy(self) -> None:
        with Deaf(backlog=0) as deaf:
            held = deaf.fill()
            with self.assertRaises(DaemonTimeoutError):
                DaemonClient(deaf.socket_path, timeout=0.05).ping()
            with self.assertRaises(DaemonTimeoutError):
                DaemonClient(deaf.socket_path, timeout=0.05).subscribe()
            for call in (AsyncDaemonClient.ping, lambda client: client.subscribe().ready()):
                with self.assertRaises(DaemonTimeoutError):
                    asyncio.run(self.given_up(call, AsyncDaemonClient(deaf.socket_path, timeout=0.05)))
            for connection in held:
                connection.close()

    async def given_up(self, call: Any, client: AsyncDaemonClient) -> None:
        await call(client)

    def test_one_that_is_busy_for_a_while_is_asked_again(self) -> None:
        with Deaf(backlog=0) as deaf:
            held = deaf.fill()
            client = DaemonClient(deaf.socket_path)
            with ThreadPoolExecutor(1) as pool:
                connecting = pool.submit(client.connect)
                self.assertFalse(connecting.done())
                taken = [deaf._server.accept()[0]]
                connecting.result(10)
            client.close()
            for connection in held + taken:
                connection.close()

    def test_infinity_is_no_limit_and_what_is_no_time_is_refused(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path, timeout=math.inf) as client:
            self.assertTrue(client.ping(timeout=math.inf).pong)
            self.assertTrue(client.ping(timeout=1e300).pong)
            for wrong in (0, -1, math.nan, -math.inf):
                with self.assertRaisesRegex(ValueError, "above 0"):
                    client.ping(timeout=wrong)
                for kind in (DaemonClient, AsyncDaemonClient):
                    with self.assertRaisesRegex(ValueError, "above 0"):
                        kind(peer.socket_path, timeout=wrong)
            for no_number in ("5", timedelta(seconds=5)):
                with self.assertRaisesRegex(TypeError, "a timeout is a number of seconds above 0"):
                    client.ping(timeout=no_number)  # type: ignore[arg-type]
                with self.assertRaisesRegex(TypeError, "a deadline is a datetime with a time zone"):
                    client.ping(deadline=no_number)  # type: ignore[arg-type]
            self.assertEqual(len(peer.requests), 2)

    def test_it_is_the_same_for_asyncio(self) -> None:
        async def calls(path: str) -> None:
            async with AsyncDaemonClient(path, timeout=math.inf) as client:
                self.assertTrue((await client.ping(timeout=math.inf)).pong)
                for wrong in (0, -1, math.nan):
                    with self.assertRaisesRegex(ValueError, "above 0"):
                        await client.ping(timeout=wrong)
            with self.assertRaises(DaemonTimeoutError):
                await AsyncDaemonClient(path, timeout=0.02).subscribe().ready()

        silent = lambda request, _: SILENCE if "subscribe" in request["method"] else usual(request, _)
        with Peer(silent) as peer:
            asyncio.run(calls(peer.socket_path))


class InTheMiddle(unittest.TestCase):
    """What a signal handler does, at the worst moments: within the very call that sends, or connects."""

    def test_a_call_within_the_sending_of_another_has_a_connection_of_its_own(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.ping()
            connection: Any = client._connection
            outbox, inner = connection._outbox, []
            now = outbox._now

            def interrupted(line: bytes) -> int:
                outbox._now = now
                inner.append(client.emit("a:b", "x" * 300_000, timeout=10))
                return int(now(line))

            outbox._now = interrupted
            self.assertTrue(client.ping(timeout=10).pong)
            self.assertEqual((inner[0].seq, len(peer.connections)), (1, 2))

    def test_its_answer_may_be_lost_as_any_other(self) -> None:
        lost: list[int] = []

        def answer(request: Any, connection: Any) -> Any:
            if request.get("params", {}).get("topic") == "in:handler" and len(lost) < 2:
                lost.append(1)
                connection.shutdown(socket.SHUT_RDWR)
                return SILENCE
            return usual(request, connection)

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            client.ping()
            connection: Any = client._connection
            outbox, inner = connection._outbox, []
            now = outbox._now

            def interrupted(line: bytes) -> int:
                outbox._now = now
                inner.append(client.emit("in:handler"))
                return int(now(line))

            outbox._now = interrupted
            self.assertTrue(client.ping(timeout=10).pong)
            self.assertEqual((inner[0].seq, len(lost)), (1, 2))
            sent = [r["params"]["idempotencyKey"] for r in peer.requests if r["method"] == "event.emit"]
            self.assertEqual((len(sent), len(set(sent))), (3, 1))

    def test_a_call_within_connecting_has_a_connection_of_its_own(self) -> None:
        with Peer(usual) as peer:
            client, inner = DaemonClient(peer.socket_path), []

            def interrupted(*args: Any) -> Any:
                if not inner:
                    inner.append(None)
                    inner.append(client.ping(timeout=10))
                return connection(*args)

            from aiwg.daemon import _client as module

            connection = module.Connection
            with mock.patch.object(module, "Connection", interrupted):
                self.assertTrue(client.ping(timeout=10).pong)
            self.assertTrue(inner[1].pong)
            client.close()

    def test_an_error_of_a_handler_leaves_no_half_of_a_line_behind(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.ping()
            connection: Any = client._connection
            now = connection._outbox._now

            def interrupted(line: bytes) -> int:
                now(line[: len(line) // 2])
                raise KeyboardInterrupt

            connection._outbox._now = interrupted
            with self.assertRaises(KeyboardInterrupt):
                client.ping()
            self.assertFalse(client.is_connected)
            self.assertTrue(client.ping(timeout=10).pong)
            self.assertEqual([r["method"] for r in peer.requests], ["ping", "ping"])

    def test_a_thread_does_not_wait_for_one_that_is_stuck(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.ping()
            connection: Any = client._connection
            now = connection._outbox._now

            def interrupted(line: bytes) -> int:
                connection._outbox._now = now
                thread = threading.Thread(target=lambda: client.ping(timeout=10))
                thread.start()
                thread.join()
                return int(now(line))

            connection._outbox._now = interrupted
            self.assertTrue(client.ping().pong)


class Lies(unittest.TestCase):
    def test_a_line_has_a_limit(self) -> None:
        lines = Lines(8)
        self.assertEqual(lines.push(b"12345678\n1234"), [b"12345678"])
        self.assertEqual(lines.push(b"5678"), [])
        self.assertRaises(LineTooLongError, lines.push, b"9")

    def test_one_that_never_ends_its_line_is_given_up(self) -> None:
        def answer(_: Any, connection: Any) -> Any:
            connection.sendall(b"x" * 1_000_000)
            return SILENCE

        async def asynchronous(path: str) -> None:
            await AsyncDaemonClient(path).ping()

        async def subscribes(path: str) -> None:
            await AsyncDaemonClient(path).subscribe().ready()

        limited = mock.patch.object(message.Lines.__init__, "__defaults__", (100_000,))
        with Peer(answer) as peer, limited:
            for call in (
                lambda: DaemonClient(peer.socket_path).ping(),
                lambda: DaemonClient(peer.socket_path).subscribe(),
                lambda: asyncio.run(asynchronous(peer.socket_path)),
                lambda: asyncio.run(subscribes(peer.socket_path)),
            ):
                with self.assertRaisesRegex(DaemonConnectionError, "a line of more than"):
                    call()

    def test_deep_nesting_and_broken_text_end_the_connection_and_no_more(self) -> None:
        for line in (b'{"id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", b'{"id":1,"result":"\xff"}\n'):

            def answer(request: Any, connection: Any, line: bytes = line) -> Any:
                if request["method"] == "ping":
                    return usual(request, connection)
                connection.sendall(line)
                return SILENCE

            with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
                with self.assertRaises(DaemonConnectionError):
                    client.request("lie")
                self.assertTrue(client.ping().pong)

    def test_one_that_goes_away_within_a_line_is_gone(self) -> None:
        def answer(_: Any, connection: Any) -> Any:
            connection.sendall(b'{"id":1,"res')
            connection.shutdown(socket.SHUT_RDWR)
            return SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaisesRegex(DaemonConnectionError, "it went away"):
                client.ping()

    def test_a_notification_that_cannot_be_read_is_passed_over(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            send(connection, method="event", params={"event": 7})
            send(connection, method="event.missed", params=[1])
            return usual(request, connection)

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            seen: list[Notification] = []
            client.on_notification(seen.append)
            with self.assertLogs("aiwg"):
                self.assertTrue(client.ping().pong)
            self.assertEqual(seen, [])

    def test_a_subscription_to_what_is_no_daemon_says_so(self) -> None:
        for line in (b"220 ready\n", b'{"id":1,"result":{}}\n', b"[]\n"):

            def answer(_: Any, connection: Any, line: bytes = line) -> Any:
                connection.sendall(line)
                return SILENCE

            with Peer(answer) as peer:
                with self.assertRaisesRegex(DaemonConnectionError, "not JSON-RPC"):
                    DaemonClient(peer.socket_path).subscribe()

    def test_what_cannot_be_understood_fails_its_own_call_and_no_other(self) -> None:
        for said in NOT_UNDERSTOOD:
            with Peer(waits_or_says(said)) as peer, DaemonClient(peer.socket_path) as client:
                with ThreadPoolExecutor(1) as pool:
                    other = pool.submit(client.task.wait, task_id="task-0001")
                    peer.saw("task.wait")
                    with self.assertRaises(UnreadableError) as caught:
                        client.ping(timeout=10)
                    self.assertEqual(caught.exception.kind, "unreadable")
                    self.assertIn("`pip install --upgrade aiwg` upgrades", str(caught.exception))
                    self.assertTrue(client.is_connected)
                    client.emit("let:go")
                    self.assertEqual(other.result(10).id, "task-0001")

    def test_nor_does_it_in_asyncio(self) -> None:
        async def calls(path: str) -> None:
            async with AsyncDaemonClient(path) as client:
                other = asyncio.ensure_future(client.task.wait(task_id="task-0001"))
                with self.assertRaises(UnreadableError):
                    await client.ping(timeout=10)
                await client.emit("let:go")
                self.assertEqual((await other).id, "task-0001")

        for said in NOT_UNDERSTOOD:
            with Peer(waits_or_says(said)) as peer:
                asyncio.run(calls(peer.socket_path))

    def test_what_no_call_has_asked_for_is_passed_over(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            for stray in (b'{"id":99,"result":1}', b'{"id":"1","error":7}', b'{"id":[1],"result":1}', b'{"id":null,"result":1}', b'{"result":1}'):
                connection.sendall(stray + b"\n")
            return usual(request, connection)

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            self.assertTrue(client.ping(timeout=10).pong)

    def test_what_json_has_no_number_for_is_no_message(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            connection.sendall(b'{"id":%d,"result":{"pong":NaN,"timestamp":Infinity}}\n' % request["id"])
            return SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaisesRegex(DaemonConnectionError, "not JSON-RPC"):
                client.ping(timeout=10)

    def test_words_of_a_newer_daemon_are_taken_as_they_come(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            return {**usual(request, connection), "state": "paused"}

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            self.assertEqual(client.task.get(task_id="task-0001").state, "paused")


class Endings(unittest.TestCase):
    def test_a_client_that_is_collected_closes_its_connection_and_says_so(self) -> None:
        async def forget(path: str) -> None:
            client = AsyncDaemonClient(path)
            await client.ping()
            del client
            gc.collect()

        with Peer(usual) as peer, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            asyncio.run(forget(peer.socket_path))
            self.assertTrue(any("AsyncDaemonClient" in str(one.message) for one in told))

    def test_closing_gives_up_connecting(self) -> None:
        async def close(path: str) -> tuple[Any, bool]:
            client = AsyncDaemonClient(path)
            call = asyncio.ensure_future(client.ping())
            await asyncio.sleep(0)
            await client.close()
            await client.close()
            (outcome,) = await asyncio.gather(call, return_exceptions=True)
            return outcome, client.is_connected

        with Deaf(backlog=0) as deaf:
            held = deaf.fill()
            outcome, is_connected = asyncio.run(close(deaf.socket_path))
            self.assertRegex(str(outcome), "the client disconnected")
            self.assertFalse(is_connected)
            for connection in held:
                connection.close()


if __name__ == "__main__":
    unittest.main()
