"""The blocking client against a scripted peer."""

from __future__ import annotations

import package as package  # isort: skip

import copy
import gc
import pickle
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiwg.daemon import (
    DaemonClient,
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    NoDaemonError,
    Notification,
)
from aiwg.daemon.types import EventMissedNotification, UnknownVariant

from answers import usual
from peer import SILENCE, Peer, Refusal, send


class Calls(unittest.TestCase):
    def test_emit_is_event_emit_by_name(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            answer = client.emit("deployment:complete", {"version": "1.2.3"})
            self.assertEqual((answer.seq, answer.rules), (1, ["nightly"]))
            key = peer.requests[0]["params"]["idempotencyKey"]
            self.assertRegex(key, "^[0-9a-f]{32}$")
            params = {"topic": "deployment:complete", "payload": {"version": "1.2.3"}, "idempotencyKey": key}
            request = {"jsonrpc": "2.0", "id": 1, "method": "event.emit", "params": params}
            self.assertEqual(peer.requests, [request])

    def test_names_are_snake_case_here_and_as_defined_on_the_wire(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            submitted = client.task.submit(prompt="x", priority=10, timeout_minutes=5)
            self.assertEqual((submitted.task_id, submitted.state), ("task-0001", "queued"))
            params = {"prompt": "x", "priority": 10, "timeoutMinutes": 5}
            sent = peer.requests[0]["params"]
            self.assertEqual(sent, {**params, "idempotencyKey": sent["idempotencyKey"]})

    def test_it_connects_on_its_own(self) -> None:
        with Peer(usual) as peer:
            client = DaemonClient(peer.socket_path)
            self.assertFalse(client.is_connected)
            self.assertIs(client.ping().pong, True)
            self.assertTrue(client.is_connected)
            client.close()
            self.assertFalse(client.is_connected)
            client.close()

    def test_results_are_typed_and_what_is_unknown_is_left_out(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            task = client.task.get(task_id="task-0001")
            self.assertEqual(task.created_at, "2026-11-23T14:33:23.042Z")
            self.assertEqual(task.metadata["ticket"], 2**70)
            assert task.caused_by is not None
            self.assertEqual((task.caused_by.event, task.caused_by.task), (17, None))
            first, second = client.task.list()
            self.assertEqual(first, task)
            self.assertIsNone(second.caused_by)

    def test_any_method_can_be_called_by_name(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            self.assertEqual(client.request("not.known.yet", {"a": None}), {"a": None})
            self.assertIsNone(client.request("bare"))
            self.assertNotIn("params", peer.requests[1])

    def test_big_integers_and_all_of_unicode_survive(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            params = {"n": 2**200, "text": "größer 🙂 \u2028 \ud800 \0"}
            self.assertEqual(client.request("echo", params), params)

    def test_large_payloads_pass_both_ways(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            params = {"text": "ü" * 3_000_000}
            self.assertEqual(client.request("echo", params), params)

    def test_an_answer_may_come_byte_by_byte(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            for byte in f'{{"id":{request["id"]},"result":"größer 🙂"}}\n'.encode():
                connection.sendall(bytes([byte]))
            return SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            self.assertEqual(client.request("x"), "größer 🙂")

    def test_notifications_go_to_the_listeners_until_they_are_taken_away(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            send(connection, method="event.missed", params=missed)
            send(connection, method="not.known.yet", params={"a": 1})
            return usual(request, connection)

        missed = {"subscription": 1, "missed": 2, "since": 3}

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            seen: list[Notification] = []
            stop = client.on_notification(seen.append)
            client.on_notification(lambda _: 1 / 0)  # its own mistake, and nobody else's
            with self.assertLogs("aiwg"):
                client.ping()
                stop()
                client.ping()
            known = Notification("event.missed", EventMissedNotification(**missed))
            newer = Notification("not.known.yet", UnknownVariant("not.known.yet", {"a": 1}))
            self.assertEqual(seen, [known, newer])


class Threads(unittest.TestCase):
    def test_threads_share_one_connection(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:

            def echo(n: int) -> bool:
                return bool(client.request("echo", {"n": n}) == {"n": n})

            with ThreadPoolExecutor(16) as pool:
                self.assertTrue(all(pool.map(echo, range(2000))))
            self.assertEqual(len(peer.connections), 1)

    def test_a_call_that_waits_does_not_hold_up_the_others(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            return SILENCE if request["method"] == "task.wait" else usual(request, connection)

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            errors: list[BaseException] = []

            def wait() -> None:
                try:
                    client.task.wait(task_id="task-0001")
                except DaemonConnectionError as error:
                    errors.append(error)

            thread = threading.Thread(target=wait)
            thread.start()
            peer.saw("task.wait")
            self.assertTrue(client.ping().pong)
            client.close()
            thread.join(5)
            self.assertIn("the client disconnected", str(errors[0]))


class Errors(unittest.TestCase):
    def test_an_error_answer_has_code_kind_message_and_member(self) -> None:
        def answer(request: Any, _: Any) -> Any:
            data = {"kind": "invalid_params", "member": "topic", "errors": [{"path": "/a", "message": "b"}]}
            raise Refusal({"code": -32602, "message": "wrong", "data": data})

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaises(DaemonError) as caught:
                client.emit("x")
        error = caught.exception
        self.assertEqual((error.code, error.kind), (-32602, "invalid_params"))
        self.assertEqual((error.message, error.member, str(error)), ("wrong", "topic", "wrong"))
        self.assertFalse(error.retryable)
        self.assertEqual(error.data["errors"], [{"path": "/a", "message": "b"}])
        self.assertEqual(DaemonError(1, "x", "y").data, {})
        for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            self.assertEqual((same.code, same.member, same.data), (-32602, "topic", error.data))

    def test_an_error_without_data_has_the_kind_of_its_code(self) -> None:
        errors: dict[str, Any] = {
            "no.data": {"code": -32601, "message": "Method not found"},
            "null.data": {"code": -32602, "message": "Invalid params", "data": None},
            "text.data": {"code": -32001, "message": "There is none", "data": "task-9999"},
            "foreign.code": {"code": 7, "message": "Who knows"},
        }

        def answer(request: Any, _: Any) -> Any:
            raise Refusal(errors[request["method"]])

        kinds: list[tuple[str, bool]] = []
        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            for method in errors:
                with self.assertRaises(DaemonError) as caught:
                    client.request(method)
                self.assertEqual((caught.exception.code, caught.exception.data), (errors[method]["code"], {}))
                kinds.append((caught.exception.kind, caught.exception.retryable))
        expected = ["method_not_found", "invalid_params", "task_not_found"]
        self.assertEqual(kinds, [*((kind, False) for kind in expected), ("internal_error", True)])

    def test_an_error_without_an_id_is_that_of_the_longest_line(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            if len(request["params"]["text"]) > 1000:
                data = {"kind": "invalid_request"}
                error = {"code": -32600, "message": "too long", "data": data}
                send(connection, id=None, error=error)
            return SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with ThreadPoolExecutor(1) as pool:
                short = pool.submit(client.request, "short", {"text": "x"})
                sent = peer.saw("short")
                with self.assertRaises(DaemonError):
                    client.request("long", {"text": "x" * 2000})
                send(peer.connections[0], id=sent["id"], result="ok")
                self.assertEqual(short.result(5), "ok")

    def test_a_connection_that_is_one_too_many_fails_all_its_calls_with_that(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            if request["method"] == "last":
                data = {"kind": "too_many_connections"}
                error = {"code": -32022, "message": "too many", "data": data}
                send(connection, id=None, error=error)
            return SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with ThreadPoolExecutor(3) as pool:
                calls = [pool.submit(client.request, method) for method in ("a", "b")]
                peer.saw("a")
                peer.saw("b")
                calls.append(pool.submit(client.request, "last"))
                for call in calls:
                    with self.assertRaises(DaemonError) as caught:
                        call.result(5)
                    self.assertEqual(caught.exception.kind, "too_many_connections")

    def test_what_json_cannot_hold_is_refused_and_harms_nothing(self) -> None:
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            self.assertRaises(TypeError, client.emit, "x", object())
            self.assertRaises(ValueError, client.emit, "x", float("nan"))
            self.assertTrue(client.ping().pong)
            self.assertEqual(len(peer.requests), 1)

    def test_a_time_out_cancels_and_a_late_answer_is_dropped(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            if request["method"] == "rpc.cancel":
                send(connection, id=request["params"]["id"], result="late")
            return usual(request, connection) if request["method"] == "ping" else SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with self.assertRaises(DaemonTimeoutError) as caught:
                client.task.wait(task_id="task-0001", timeout=0.02)
            self.assertIsInstance(caught.exception, (DaemonConnectionError, TimeoutError))
            self.assertEqual(caught.exception.kind, "timeout")
            cancel = peer.saw("rpc.cancel")
            self.assertEqual(
                cancel, {"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": 1}}
            )
            self.assertTrue(client.ping().pong)

    def test_calls_in_flight_fail_when_the_daemon_goes_away_and_the_next_connects_again(
        self,
    ) -> None:
        def answer(request: Any, connection: Any) -> Any:
            return usual(request, connection) if request["method"] == "ping" else SILENCE

        with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
            with ThreadPoolExecutor(2) as pool:
                calls = [pool.submit(client.request, method) for method in ("a", "b")]
                peer.saw("a")
                peer.saw("b")
                peer.hang_up()
                for call in calls:
                    error = call.exception(5)
                    assert isinstance(error, DaemonConnectionError)
                    self.assertEqual(error.kind, "disconnected")
            self.assertTrue(client.ping().pong)

    def test_a_peer_that_is_no_daemon_ends_the_connection(self) -> None:
        for line in (b"HTTP/1.1 400 Bad Request\n", b"7\n", b"[]\n", b'{"id":1,"error":{}}\n'):

            def answer(request: Any, connection: Any, line: bytes = line) -> Any:
                connection.sendall(line)
                return SILENCE

            with Peer(answer) as peer, DaemonClient(peer.socket_path) as client:
                with self.assertRaisesRegex(DaemonConnectionError, "not JSON-RPC"):
                    client.ping()

    def test_no_daemon_names_the_path_and_the_command(self) -> None:
        with self.assertRaises(NoDaemonError) as caught:
            DaemonClient("/nowhere/daemon.sock").ping()
        self.assertEqual(caught.exception.path, "/nowhere/daemon.sock")
        self.assertEqual(caught.exception.kind, "no_daemon")
        self.assertRegex(str(caught.exception), "/nowhere/daemon.sock.*`aiwg daemon start`")

    def test_a_client_that_is_forgotten_leaves_no_thread(self) -> None:
        def readers() -> int:
            return sum(thread.name == "aiwg-reader" for thread in threading.enumerate())

        with Peer(usual) as peer:
            DaemonClient(peer.socket_path).ping()
            gc.collect()
            deadline = time.monotonic() + 5
            while readers() and time.monotonic() < deadline:
                time.sleep(0.001)
            self.assertEqual(readers(), 0)


if __name__ == "__main__":
    unittest.main()
