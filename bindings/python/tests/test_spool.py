"""Events that wait on disk, as ``tests/vectors/spool.json`` has them."""

from __future__ import annotations

import package as package  # isort: skip

import asyncio
import json
import os
import re
import shutil
import stat
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from aiwg.daemon import (
    AsyncDaemonClient,
    DaemonClient,
    DaemonError,
    EventSpooled,
    NoDaemonError,
    SpoolError,
)
from aiwg.daemon import _spool as spool

from answers import usual
from peer import SILENCE, Peer, Refusal

VECTORS = json.loads((Path(__file__).parents[3] / "tests" / "vectors" / "spool.json").read_text("utf-8"))


class Project:
    """A directory with a ``.aiwg``, which the clients find."""

    def __enter__(self) -> Project:
        self.path = Path(tempfile.mkdtemp(prefix="aiwg-"))
        (self.path / ".aiwg" / "daemon").mkdir(parents=True)
        self.socket = str(self.path / ".aiwg" / "daemon" / "daemon.sock")
        self.spool = self.path / VECTORS["directory"]
        self._environment = mock.patch.dict(os.environ)
        self._environment.start()
        os.environ.pop("AIWG_DAEMON_SOCKET", None)
        os.environ.pop("AIWG_OFFLINE", None)
        return self

    def __exit__(self, *_: object) -> None:
        self._environment.stop()
        shutil.rmtree(self.path)

    def client(self, **options: Any) -> DaemonClient:
        return DaemonClient(cwd=self.path, **options)

    def files(self) -> list[Path]:
        return sorted(self.spool.glob("[!.]*.json"))

    def left(self) -> list[Path]:
        """All files but the one that has Git ignore them."""
        return [path for path in self.spool.iterdir() if path.name != VECTORS["ignore"]["name"]]

    def events(self) -> list[Any]:
        return [json.loads(path.read_text("utf-8")) for path in self.files()]


class Format(unittest.TestCase):
    def test_files_are_as_the_vectors_have_them(self) -> None:
        facts = ("maxFiles", "maxBytes", "maxFileBytes")
        self.assertEqual([VECTORS[name] for name in facts], [spool._MAX_FILES, spool._MAX_BYTES, spool._MAX_FILE])
        for row in VECTORS["names"]:
            name = spool.spool_name(row["micros"], row["pid"], row["counter"], row["random"])
            self.assertEqual(name, row["name"])
        for row in VECTORS["written"]:
            now = mock.patch.object(spool, "wire_now", lambda at=row["at"]: at)
            trace = mock.patch.object(spool, "current_trace", lambda trace=row.get("traceparent"): trace)
            with Project() as project, now, trace:
                answer = project.client().emit(
                    row["topic"], row.get("payload"), idempotency_key=row["idempotencyKey"], offline=True
                )
                assert isinstance(answer, EventSpooled)
                self.assertEqual((answer.seq, answer.rules), (0, []))
                (path,) = project.files()
                self.assertEqual(str(path), answer.path)
                self.assertEqual(json.loads(path.read_text("utf-8")), row["file"])
                self.assertRegex(path.name[: -len(VECTORS["suffix"])], VECTORS["namePattern"])
                self.assertEqual(oct(stat.S_IMODE(path.stat().st_mode))[2:], VECTORS["fileMode"])
                ignore = project.spool / VECTORS["ignore"]["name"]
                self.assertEqual(ignore.read_text("ascii"), VECTORS["ignore"]["content"])
                self.assertEqual(oct(stat.S_IMODE(project.spool.stat().st_mode))[2:], VECTORS["directoryMode"])

    def test_what_is_made_without_help_is_as_told_too(self) -> None:
        with Project() as project:
            project.client().emit("a:b", {"text": "ü"}, offline=True)
            (event,) = project.events()
            self.assertEqual(set(event), set(VECTORS["members"]))
            self.assertRegex(event["at"], VECTORS["members"]["at"])
            self.assertTrue(re.match("^[0-9a-f]{32}$", event["idempotencyKey"]))

    def test_names_sort_in_the_order_of_the_calls_wherever_the_clock_is_set(self) -> None:
        clock = iter([5_000_000_000, 1_000_000_000, 1_000_000_000, 9_000_000_000] * 10)
        with mock.patch.object(spool.time, "time_ns", lambda: next(clock)):
            names = [spool._Names().next()]
            one = spool._Names()
            names = [one.next() for _ in range(20)]
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(set(names)), 20)


class WithoutADaemon(unittest.TestCase):
    def test_names_go_on_after_those_of_a_clock_that_was_ahead(self) -> None:
        with Project() as project, mock.patch.object(spool, "_names", spool._Names()):
            client = project.client()
            client.emit("a:b", 1, offline=True)
            ahead = f"{spool.spool_name(4_000_000_000_000_000, 1, 1, '00000001')}.json"
            (project.spool / ahead).write_text("", "utf-8")
            paths = [getattr(client.emit("a:b", n, offline=True), "path") for n in (2, 3)]
            self.assertEqual([str(path) for path in project.files()][1:], [str(project.spool / ahead), *paths])

    def test_the_order_is_that_of_the_calls(self) -> None:
        async def emits(project: Project) -> None:
            client = AsyncDaemonClient(cwd=project.path)
            made = await asyncio.gather(*(client.emit("a:b", n, offline=True) for n in range(50)))
            self.assertTrue(all(isinstance(one, EventSpooled) for one in made))
            await client.close()

        with Project() as project:
            client = project.client()
            for n in range(50):
                client.emit("a:b", n, offline=True)
            self.assertEqual([event["payload"] for event in project.events()], list(range(50)))
        with Project() as project:
            asyncio.run(emits(project))
            self.assertEqual([event["payload"] for event in project.events()], list(range(50)))

    def test_it_is_asked_for_by_the_call_or_by_the_environment(self) -> None:
        async def emits(project: Project) -> Any:
            client = AsyncDaemonClient(cwd=project.path)
            try:
                return await client.event.emit(topic="a:b")
            finally:
                await client.close()

        with Project() as project:
            self.assertRaises(NoDaemonError, project.client().emit, "a:b")
            name, values = VECTORS["environment"]["name"], VECTORS["environment"]
            for value, is_on in [(on, True) for on in values["on"]] + [(off, False) for off in values["off"]]:
                os.environ[name] = value
                before = len(project.files())
                client = project.client()
                if is_on:
                    self.assertIsInstance(client.emit("a:b"), EventSpooled)
                    self.assertIsInstance(client.event.emit(topic="a:b"), EventSpooled)
                    self.assertIsInstance(asyncio.run(emits(project)), EventSpooled)
                    self.assertRaises(NoDaemonError, client.emit, "a:b", offline=False)
                    self.assertRaises(NoDaemonError, client.event.emit, topic="a:b", offline=False)
                else:
                    self.assertRaises(NoDaemonError, client.emit, "a:b")
                    self.assertRaises(NoDaemonError, client.event.emit, topic="a:b")
                self.assertEqual(len(project.files()) - before, 3 * is_on)
            del os.environ[name]
            self.assertIsInstance(project.client().event.emit(topic="a:b", offline=True), EventSpooled)

    def test_a_daemon_that_answers_takes_it(self) -> None:
        with Project() as project, Peer(usual, project.socket):
            answer = project.client().emit("a:b", offline=True)
            self.assertEqual((answer.seq, type(answer).__name__), (1, "EventEmitted"))
            self.assertEqual(project.files(), [])

    def test_an_answer_that_was_lost_leaves_its_key(self) -> None:
        def lose(request: Any, connection: Any) -> Any:
            os.path.exists(project.socket) and os.unlink(project.socket)
            connection.shutdown(2)
            return SILENCE

        async def emits(path: Path) -> Any:
            async with AsyncDaemonClient(cwd=path) as client:
                return await client.emit("a:b", offline=True)

        for is_async in (False, True):
            with Project() as project, Peer(lose, project.socket) as peer:
                answer = asyncio.run(emits(project.path)) if is_async else project.client().emit("a:b", offline=True)
                self.assertIsInstance(answer, EventSpooled)
                (event,) = project.events()
                self.assertEqual(event["idempotencyKey"], peer.requests[0]["params"]["idempotencyKey"])

    def test_one_that_hangs_or_ends_is_none_and_a_refusal_is_one(self) -> None:
        def refuse(kind: str) -> Any:
            def answer(*_: Any) -> Any:
                raise Refusal({"code": -32000, "message": "no", "data": {"kind": kind}})

            return answer

        for answer in (lambda *_: SILENCE, refuse("shutting_down")):
            with Project() as project, Peer(answer, project.socket):
                self.assertIsInstance(project.client(timeout=0.05).emit("a:b", offline=True), EventSpooled)
                self.assertEqual(len(project.files()), 1)
        with Project() as project, Peer(refuse("topic_reserved"), project.socket):
            self.assertRaises(DaemonError, project.client().emit, "task:x", offline=True)
            self.assertEqual(project.files(), [])

    def test_what_is_emitted_while_earlier_events_are_being_spooled_comes_after_them(self) -> None:
        async def emits(project: Project) -> tuple[list[Any], int]:
            client = AsyncDaemonClient(cwd=project.path)
            with Peer(usual, project.socket):
                await client.ping()
            os.path.exists(project.socket) and os.unlink(project.socket)
            early = [asyncio.ensure_future(client.emit("a:b", n, offline=True)) for n in range(200)]
            while not project.files():
                await asyncio.sleep(0)
            # Some are written, and the daemon is there again.
            with Peer(answer, project.socket):
                late = [asyncio.ensure_future(client.emit("a:b", n, offline=True)) for n in range(200, 210)]
                made = await asyncio.gather(*early, *late)
                await client.close()
            return [event["payload"] for event in project.events()], sum(type(one) is EventSpooled for one in made)

        with Project() as project:
            seen: dict[Any, int] = {}
            live: list[Any] = []

            def answer(request: Any, connection: Any) -> Any:
                # It would have taken in what was there when this connection was made.
                seen.setdefault(connection, len(project.files()))
                live.append((request["params"]["payload"], seen[connection]))
                return {"seq": 1, "rules": []}

            spooled, count = asyncio.run(emits(project))
            self.assertEqual([*spooled, *(payload for payload, _ in live)], list(range(210)))
            self.assertGreaterEqual(count, 200)
            self.assertEqual([before for _, before in live], [count] * len(live))

    def test_after_a_daemon_that_hung_the_next_call_goes_by_a_new_connection(self) -> None:
        hung: list[Any] = []

        def answer(request: Any, connection: Any) -> Any:
            if request["method"] == "event.emit" and not hung:
                hung.append(connection)
                return SILENCE
            others.append((request["method"], connection in hung))
            return usual(request, connection)

        async def emits(project: Project) -> None:
            async with AsyncDaemonClient(cwd=project.path) as client:
                self.assertIsInstance(await client.emit("a:b", 1, offline=True, timeout=0.05), EventSpooled)
                self.assertEqual((await client.emit("a:b", 2, offline=True)).seq, 1)

        for is_async in (False, True):
            hung.clear()
            others: list[tuple[str, bool]] = []
            with Project() as project, Peer(answer, project.socket):
                if is_async:
                    asyncio.run(emits(project))
                    # It is not cancelled either: what this connection has sent takes effect in order.
                    self.assertEqual(others, [("event.emit", False)])
                    continue
                with project.client() as client:
                    self.assertIsInstance(client.emit("a:b", 1, offline=True, timeout=0.05), EventSpooled)
                    self.assertEqual(client.emit("a:b", 2, offline=True).seq, 1)
                    self.assertEqual(client._left, [])
                self.assertEqual(others[-1], ("event.emit", False))

    def test_there_must_be_a_project_that_the_socket_belongs_to(self) -> None:
        with Project() as project, Project() as other:
            with self.assertRaises(NoDaemonError):
                DaemonClient(cwd="/").emit("a:b", offline=True)
            with self.assertRaisesRegex(SpoolError, "no project's socket"):
                DaemonClient("/nowhere/tunnel", cwd=project.path).emit("a:b", offline=True)
            DaemonClient(other.socket, cwd=project.path).emit("a:b", offline=True)
            self.assertEqual((len(project.files()), len(other.files())), (0, 1))


class BadSpools(unittest.TestCase):
    def refused(self, project: Project, pattern: str, topic: str = "a:b", payload: Any = None) -> None:
        with self.assertRaisesRegex(SpoolError, pattern) as caught:
            project.client().emit(topic, payload, offline=True)
        self.assertEqual(caught.exception.kind, "spool")

    def test_it_has_bounds(self) -> None:
        with Project() as project:
            self.refused(project, "1048576 are the most", payload="x" * spool._MAX_FILE)
            for limit in ({"_MAX_FILES": 2}, {"_MAX_BYTES": 250}):
                with mock.patch.multiple(spool, **limit):
                    for _ in range(2 - len(project.files())):
                        project.client().emit("a:b", offline=True)
                    self.refused(project, "is full: it has 2 events .*aiwg daemon start")
            # What a daemon has taken in makes room.
            project.files()[0].unlink()
            with mock.patch.object(spool, "_MAX_FILES", 2):
                project.client().emit("a:b", offline=True)
                self.refused(project, "is full")
            self.assertEqual(len(project.left()), 2)
            # What a writer that was killed has left is no event.
            for path in project.files():
                path.rename(project.spool / (VECTORS["temporaryPrefix"] + path.name))
            with mock.patch.object(spool, "_MAX_FILES", 2):
                project.client().emit("a:b", offline=True)

    def test_what_another_has_put_there_is_not_followed(self) -> None:
        with Project() as project:
            elsewhere = project.path / "elsewhere"
            elsewhere.mkdir()
            project.spool.symlink_to(elsewhere)
            self.refused(project, "cannot be written to .*: it is no directory; remove it$")
            self.assertEqual(list(elsewhere.iterdir()), [])
        with Project() as project:
            project.spool.write_text("a file")
            self.refused(project, "cannot be written to .*: it is no directory; remove it$")

    def test_half_of_a_surrogate_pair_is_not_spooled(self) -> None:
        with Project() as project:
            for payload in (["\udcff"], {"\ud83d": "\\ud800"}):
                self.refused(project, "half of a surrogate pair", payload=payload)
            for payload in ("\U0001f600", "\\ud800", "\\\\udc00"):
                project.client().emit("a:b", payload, offline=True)
            self.assertEqual(len(project.files()), 3)

    def test_a_directory_to_which_others_can_write_is_left_to_its_owner(self) -> None:
        with Project() as project:
            project.spool.mkdir()
            for mode in (int(mode, 8) for mode in VECTORS["openDirectoryModes"]):
                project.spool.chmod(mode)
                self.refused(project, "^no event is written to .*: others can write to it; .*`chmod 700` it$")
                self.assertEqual(stat.S_IMODE(project.spool.stat().st_mode), mode)
            self.assertEqual(list(project.spool.iterdir()), [])
            project.spool.chmod(0o755)
            project.client().emit("a:b", offline=True)
            self.assertEqual(stat.S_IMODE(project.spool.stat().st_mode), 0o755)

    def test_what_no_daemon_would_take_is_not_spooled(self) -> None:
        def emit(project: Project, row: Any) -> EventSpooled:
            event = json.loads(row["content"])
            key = event["idempotencyKey"]
            names = ("topic", "payload", "traceparent")
            params = {name: event[name] for name in names if name in event}
            made = project.client().event.emit(**params, idempotency_key=key, offline=True)
            assert isinstance(made, EventSpooled)
            return made

        never = [row for row in VECTORS["refused"] if row["kind"] in ("topic_reserved", "invalid_params")]
        self.assertGreater(len(never), 10)
        with Project() as project:
            for row in never:
                with self.assertRaises(SpoolError, msg=row["name"]):
                    emit(project, row)
            for topic in (5, None):
                wrong: Any = topic
                self.refused(project, "is no topic", wrong)
            self.assertEqual(project.files(), [])
            for row in VECTORS["taken"]:
                self.assertTrue(os.path.exists(emit(project, row).path), row["name"])

    def test_a_payload_that_is_no_json_is_refused_at_once(self) -> None:
        with Project() as project:
            self.assertRaises(TypeError, project.client().emit, "a:b", object(), offline=True)
            self.assertEqual(project.files(), [])

    def test_a_full_disk_leaves_nothing_behind(self) -> None:
        with Project() as project:
            with mock.patch.object(spool.os, "fsync", side_effect=OSError(28, "No space left on device")):
                self.refused(project, "No space left on device")
            self.assertEqual(project.left(), [])


if __name__ == "__main__":
    unittest.main()
