"""Results: typed attributes and JSON in one."""

from __future__ import annotations

import package as package  # isort: skip

import copy
import dataclasses
import inspect
import json
import pickle
import subprocess
import sys
import unittest
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, List, Union, get_type_hints
from unittest import mock

from aiwg import daemon
from aiwg.daemon import DaemonClient, Missed, _json_text, types
from aiwg.daemon._unions import with_unions
from aiwg.daemon.types import Cause, Result, RetryPolicy, Task, Timestamp, UnknownVariant

from answers import TASK, usual
from peer import Peer


class Results(unittest.TestCase):
    task: Any = Task.from_wire(TASK)

    def test_json_takes_them_as_they_came(self) -> None:
        self.assertEqual(json.loads(json.dumps(self.task)), TASK)
        self.assertEqual(json.loads(json.dumps([self.task.caused_by]))[0], TASK["causedBy"])
        self.assertEqual(self.task["fromTheFuture"], {"a": 1})
        self.assertEqual(self.task, TASK)
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.emit("a:b", {"task": self.task})
            self.assertEqual(peer.requests[0]["params"]["payload"], {"task": TASK})

    def test_one_that_a_program_has_made_is_json_too(self) -> None:
        cause = Cause(depth=2, rule="nightly")
        self.assertEqual((cause.depth, cause.rule, cause.task), (2, "nightly", None))
        self.assertEqual(json.loads(json.dumps(cause)), {"depth": 2, "rule": "nightly"})
        unknown = UnknownVariant("new", {"type": "new", "a": 1})
        self.assertEqual(json.loads(json.dumps(unknown)), {"type": "new", "a": 1})
        self.assertEqual(RetryPolicy(max=3).to_wire(), {"max": 3})
        made = dataclasses.replace(self.task, created_at="x")
        self.assertEqual((made["createdAt"], made.prompt), ("x", self.task.prompt))

    def test_they_are_as_frozen_dataclasses_are(self) -> None:
        task = self.task
        for change in (lambda: setattr(task, "prompt", "x"), lambda: delattr(task, "prompt")):
            self.assertRaises(AttributeError, change)
        changes = (
            lambda: task.update(prompt="x"),
            lambda: task.__setitem__("prompt", "x"),
            lambda: task.pop("prompt"),
            task.clear,
        )
        for change in changes:
            self.assertRaises(TypeError, change)
        self.assertTrue(dataclasses.is_dataclass(task))
        self.assertEqual(dataclasses.asdict(task)["caused_by"]["event"], 17)
        self.assertEqual([field.name for field in dataclasses.fields(Missed)], ["missed", "since"])
        self.assertIs(dataclasses.fields(Missed)[0].default, dataclasses.MISSING)
        self.assertEqual(repr(Missed(1, since=2)), "Missed(missed=1, since=2)")
        self.assertEqual((Missed(1, 2), hash(Missed(1, 2))), (Missed(1, 2), hash(Missed(1, 2))))
        self.assertNotEqual(Missed(1, 2), Missed(1, 3))
        self.assertNotEqual(Missed(1, 2), UnknownVariant("x", {"missed": 1, "since": 2}))
        wrong: list[Any] = [
            lambda: Missed(1),  # type: ignore[call-arg]
            lambda: Missed(1, 2, 3),  # type: ignore[call-arg]
            lambda: Missed(1, missed=1),  # type: ignore[call-arg, misc]
            lambda: Missed(1, 2, x=3),  # type: ignore[call-arg]
        ]
        for make in wrong:
            self.assertRaises(TypeError, make)

    def test_copies_are_equal(self) -> None:
        for value in (self.task, Missed(1, 2), UnknownVariant("a", {"b": 1}), self.task.created_at):
            for same in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
                self.assertEqual((same, type(same), json.dumps(same)), (value, type(value), json.dumps(value)))

    def test_moments_are_text_that_knows_its_datetime(self) -> None:
        created = self.task.created_at
        self.assertIsInstance(created, str)
        moment = datetime(2026, 11, 23, 14, 33, 23, 42_000, tzinfo=timezone.utc)
        self.assertEqual((created, created.datetime), ("2026-11-23T14:33:23.042Z", moment))
        self.assertEqual(created.datetime.utcoffset(), timedelta(0))
        self.assertEqual(Timestamp("2026-11-23T16:33:23.042+02:00").datetime, moment)
        self.assertRaises(ValueError, lambda: Timestamp("yesterday").datetime)

    def test_a_datetime_may_be_given_where_a_moment_is_taken_and_in_payloads(self) -> None:
        berlin = timezone(timedelta(hours=1))
        moment = datetime(2026, 11, 23, 15, 33, 23, 42_999, tzinfo=berlin)
        with Peer(usual) as peer, DaemonClient(peer.socket_path) as client:
            client.task.submit(prompt="x", start_at=moment)
            client.emit("a:b", {"at": moment, "text": "\ud800"})
            for params in (peer.requests[0]["params"], peer.requests[1]["params"]["payload"]):
                self.assertIn("2026-11-23T14:33:23.042Z", params.values())
            with self.assertRaisesRegex(ValueError, "no time zone"):
                client.emit("a:b", datetime(2026, 11, 23))
            with self.assertRaisesRegex(TypeError, "object is no JSON"):
                client.emit("a:b", object())


# What only types, logs, asyncio, patterns and moments need.
SLOW = {
    *("asyncio", "contextlib", "dataclasses", "datetime", "importlib", "inspect", "json", "logging", "random", "re"),
    *("secrets", "ssl", "struct", "subprocess", "typing", "uuid"),
}

# The modules of this package that an ``emit`` needs, without ``aiwg.daemon.``.
OF_EMIT = {
    *("_caller", "_client", "_connection", "_deadline", "_discovery", "_errors", "_events", "_fork", "_hooks"),
    *("_hints", "_json_text", "_lock", "_logging", "_message", "_offline", "_outbox", "_reading", "_repeat", "_result", "_socket"),
    *("_tasks", "_thread", "_tracing", "_trust"),
    *("_generated", "_generated.constants", "_generated.emitted", "_generated.methods"),
    *(("_unions",) if sys.version_info < (3, 10) else ()),
}


def imported(code: str, *arguments: str) -> set[str]:
    """The modules that a program imports beside those of its start."""
    start = f"import sys; sys.path[:0] = {sys.path!r}; before = {{*sys.modules}}; "
    program = f"{start}{code}; print(*{{*sys.modules}} - before)"
    command = [sys.executable, "-I", "-S", "-c", program, *arguments]
    return {*subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()}


class Imports(unittest.TestCase):
    def test_the_package_imports_nothing_by_itself(self) -> None:
        self.assertEqual(imported("import aiwg.daemon"), {"aiwg", "aiwg.daemon", "__future__"})

    @unittest.skipUnless(sys.implementation.name == "cpython", "other Pythons read JSON in their own way")
    def test_an_emit_imports_what_it_needs_and_no_more(self) -> None:
        with Peer(usual) as peer:
            code = (
                "from aiwg.daemon import DaemonClient; client = DaemonClient(sys.argv[1]); "
                "client.emit('a:b', {'version': '1.2.3'}); client.close()"
            )
            found = imported(code, peer.socket_path)
        self.assertEqual(found & SLOW, set())
        prefix = "aiwg.daemon."
        self.assertEqual({name[len(prefix) :] for name in found if name.startswith(prefix)}, OF_EMIT)

    def test_every_public_name_is_there_and_its_types_can_be_evaluated(self) -> None:
        for name in daemon.__all__:
            value = getattr(daemon, name)
            if isinstance(value, type) and issubclass(value, Result):
                self.assertEqual([*get_type_hints(value)], [*value.__match_args__], name)
        for name, value in vars(types).items():
            if isinstance(value, type) and issubclass(value, Result):
                get_type_hints(value)
        self.assertRaises(AttributeError, lambda: getattr(daemon, "Nothing"))

    def test_the_types_of_every_public_function_can_be_evaluated(self) -> None:
        clients = (DaemonClient(), daemon.AsyncDaemonClient())
        groups = [type(value) for client in clients for name, value in vars(client).items() if name[0] != "_"]
        public = [value for value in (getattr(daemon, name) for name in daemon.__all__) if isinstance(value, type)]
        self.assertGreater(len(groups), 10)
        results = [value for value in vars(types).values() if isinstance(value, type) and issubclass(value, Result)]
        self.assertGreater(len(results), 100)
        for owner in (*public, *groups, *results):
            for name, function in inspect.getmembers(owner, lambda member: hasattr(member, "__annotations__")):
                if name[0] != "_" or name == "__init__":
                    get_type_hints(function)
        self.assertEqual(get_type_hints(daemon.EventSpooled.from_wire)["wire"], Mapping[str, Any])
        of_emit = get_type_hints(DaemonClient.emit)
        self.assertEqual(of_emit["deadline"], Union[datetime, float, None])
        # Before 3.11, ``typing`` adds None to a default of None.
        self.assertIn(of_emit["payload"], (Any, Union[Any, None]))
        self.assertEqual(of_emit["return"], types.EventEmitted)
        self.assertEqual(get_type_hints(DaemonClient().task.list)["return"], List[Task])


class Unions(unittest.TestCase):
    """What stands in annotations where Python 3.9 reads them."""

    def test_each_choice_becomes_a_union_at_any_depth(self) -> None:
        union = "__import__('typing').Union"
        for text, expected in {
            "int": "int",
            "int | None": f"{union}[int, None]",
            "dict[str, list[int | str] | None]": f"dict[str, {union}[list[{union}[int, str]], None]]",
            "Callable[[A | B, C], D] | None": f"{union}[Callable[[{union}[A, B], C], D], None]",
            "Literal['a|b', \"c]\"] | X": f"{union}[Literal['a|b', \"c]\"], X]",
        }.items():
            self.assertEqual(with_unions(text), expected)


class WithoutTheNativeJson(unittest.TestCase):
    def test_it_reads_and_writes_the_same(self) -> None:
        values: list[Any] = [
            {"a": [1, 2.5, True, None, "ü\u2028\ud83d\ude00"], "b": {}, "": []},
            {"a": 10**30, "b": -0.0, "at": datetime(2026, 11, 23, 15, 33, 23, 42_999, tzinfo=timezone.utc)},
            {"lone": "\ud800"},
            {1: 2},
        ]
        wrong: list[Any] = [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}]
        texts = ['{"a": 1}', ' [1]\n', '"\\ud83d\\ude00"', "1.5e3"]
        bad = ["", "{", "[1] 2", "NaN", '{"a": Infinity}', "\u00a01", "[1,]", '"\n"']
        for native in (True, False):
            with self.subTest(native=native), mock.patch.object(_json_text, "_is_native", native):
                for value in values:
                    made = _json_text.encode(value)
                    if native:
                        with mock.patch.object(_json_text, "_is_native", False):
                            self.assertEqual(made, _json_text.encode(value))
                for value in wrong:
                    self.assertRaises((TypeError, ValueError), _json_text.encode, value)
                for text in texts:
                    self.assertEqual(_json_text.decode(text), json.loads(text))
                for text in bad:
                    self.assertRaises(ValueError, _json_text.decode, text)
                self.assertRaises(RecursionError, _json_text.decode, "[" * 100_000)


if __name__ == "__main__":
    unittest.main()
