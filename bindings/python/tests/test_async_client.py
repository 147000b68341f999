"""The client for asyncio against a scripted peer."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import time
import unittest
from typing import Any

from aiwg.daemon import (
    AsyncDaemonClient,
    DaemonConnectionError,
    DaemonError,
    DaemonTimeoutError,
    NoDaemonError,
)

from answers import usual
from peer import SILENCE, Peer, Refusal


def only_ping(request: Any, connection: Any) -> Any:
    return usual(request, connection) if request["method"] == "ping" else SILENCE


async def saw(peer: Peer, method: str) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, peer.saw, method)


class AsyncClient(unittest.IsolatedAsyncioTestCase):
    async def test_emit(self) -> None:
        with Peer(usual) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                answer = await client.emit("deployment:complete", {"version": "1.2.3"})
                self.assertEqual(answer.seq, 1)
                task = await client.task.get(task_id="task-0001")
                self.assertEqual(task.attempts, 1)

    async def test_tasks_share_one_connection_and_keep_their_order(self) -> None:
        with Peer(usual) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                calls = [client.request("echo", {"n": n}) for n in range(200)]
                answers = await asyncio.gather(*calls)
                self.assertEqual([answer["n"] for answer in answers], list(range(200)))
                self.assertEqual(len(peer.connections), 1)

    async def test_calls_at_once_connect_once(self) -> None:
        with Peer(usual) as peer:
            client = AsyncDaemonClient(peer.socket_path)
            await asyncio.gather(*(client.ping() for _ in range(10)))
            self.assertEqual(len(peer.connections), 1)
            await client.close()

    async def test_cancelling_a_task_cancels_the_call(self) -> None:
        with Peer(only_ping) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                task = asyncio.create_task(client.task.wait(task_id="task-0001"))
                await saw(peer, "task.wait")
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                cancel = await saw(peer, "rpc.cancel")
                self.assertEqual(cancel["params"], {"id": 1})
                self.assertNotIn("id", cancel)
                self.assertTrue((await client.ping()).pong)

    async def test_a_time_out_cancels_the_call(self) -> None:
        with Peer(only_ping) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                with self.assertRaises(DaemonTimeoutError):
                    await client.task.wait(task_id="task-0001", timeout=0.02)
                await saw(peer, "rpc.cancel")

    async def test_error_answers(self) -> None:
        def answer(request: Any, _: Any) -> Any:
            data = {"kind": "task_not_found"}
            raise Refusal({"code": -32001, "message": "no such task", "data": data})

        with Peer(answer) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                with self.assertRaises(DaemonError) as caught:
                    await client.task.get(task_id="task-0009")
                self.assertEqual(caught.exception.kind, "task_not_found")

    async def test_calls_in_flight_fail_and_the_next_connects_again(self) -> None:
        with Peer(only_ping) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                calls = [asyncio.ensure_future(client.request(method)) for method in "ab"]
                await saw(peer, "b")
                peer.hang_up()
                for error in await asyncio.gather(*calls, return_exceptions=True):
                    self.assertIsInstance(error, DaemonConnectionError)
                self.assertTrue((await client.ping()).pong)

    async def test_no_daemon(self) -> None:
        with self.assertRaisesRegex(NoDaemonError, "/nowhere/s.*`aiwg daemon start`"):
            await AsyncDaemonClient("/nowhere/s").connect()

    async def test_a_peer_that_is_no_daemon_ends_the_connection(self) -> None:
        def answer(request: Any, connection: Any) -> Any:
            connection.sendall(b"220 ready\n")
            return SILENCE

        with Peer(answer) as peer:
            with self.assertRaisesRegex(DaemonConnectionError, "not JSON-RPC"):
                await AsyncDaemonClient(peer.socket_path).ping()

    async def test_a_daemon_that_reads_slowly_gets_everything(self) -> None:
        def answer(request: Any, _: Any) -> Any:
            time.sleep(0.001)
            return request["params"]["n"]

        with Peer(answer) as peer:
            async with AsyncDaemonClient(peer.socket_path) as client:
                padding = "x" * 20_000
                calls = [client.request("echo", {"n": n, "x": padding}) for n in range(200)]
                self.assertEqual(await asyncio.gather(*calls), list(range(200)))


class Loops(unittest.TestCase):
    def test_a_client_may_go_from_loop_to_loop(self) -> None:
        with Peer(usual) as peer:
            client = AsyncDaemonClient(peer.socket_path)
            for _ in range(2):
                self.assertTrue(asyncio.run(self.ping(client)))

    async def ping(self, client: AsyncDaemonClient) -> bool:
        pong = await client.ping()
        await client.close()
        return pong.pong


if __name__ == "__main__":
    unittest.main()
