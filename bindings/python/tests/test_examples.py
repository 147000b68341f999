"""The examples of the generated methods are those of the definition, whose answers the daemon's tests hold."""

from __future__ import annotations

import package as package  # isort: skip

import ast
import asyncio
import inspect
import json
import textwrap
import unittest
from typing import Any
from unittest import mock

from aiwg.daemon import ERROR_KINDS, ErrorKindInfo, types
from aiwg.daemon._async_events import AsyncEvents
from aiwg.daemon._async_tasks import AsyncTasks
from aiwg.daemon._events import Events
from aiwg.daemon._generated.async_methods import AsyncMethods
from aiwg.daemon._generated.methods import Methods
from aiwg.daemon._tasks import Tasks

from answers import OPENRPC

DOCUMENT = json.loads(OPENRPC.read_text("utf-8"))


class Recorder(Methods):
    """Notes what is called, and stops there."""

    def __init__(self) -> None:
        super().__init__()
        self.task, self.event = Tasks(self), Events(self, mock.Mock())
        self.called: list[Any] = []

    def request(self, method: str, params: Any = None, **_: Any) -> Any:
        self.called.append((method, params))
        raise StopIteration


class AsyncRecorder(AsyncMethods):
    """The same for asyncio."""

    def __init__(self) -> None:
        super().__init__()
        self.task, self.event = AsyncTasks(self), AsyncEvents(self, mock.Mock())
        self.called: list[Any] = []

    async def request(self, method: str, params: Any = None, **_: Any) -> Any:
        self.called.append((method, params))
        raise InterruptedError


def example(documentation: str) -> str:
    return textwrap.dedent(inspect.cleandoc(documentation).split("Example::\n")[1])


def method_of(client: Any, name: str) -> Any:
    for part in name.split("."):
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in part)
        client = getattr(client, snake)
    return client


class Generated(unittest.TestCase):
    def test_each_method_has_the_definitions_example(self) -> None:
        for method in DOCUMENT["methods"]:
            wanted = {p["name"]: p["value"] for p in method["examples"][0]["params"]}
            name = method["name"]
            blocking = Recorder()
            with self.assertRaises(StopIteration, msg=name):
                exec(example(method_of(blocking, name).__doc__), {**vars(types), "client": blocking})
            self.assertEqual(blocking.called, [(name, wanted)])
            of_asyncio = AsyncRecorder()
            code = compile(
                example(method_of(of_asyncio, name).__doc__), name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            )
            with self.assertRaises(InterruptedError, msg=name):
                asyncio.run(eval(code, {**vars(types), "client": of_asyncio}))
            self.assertEqual(of_asyncio.called, [(name, wanted)])

    def test_so_have_the_kinds_of_errors(self) -> None:
        exec(example(ErrorKindInfo.__doc__ or ""), {"ERROR_KINDS": ERROR_KINDS})


if __name__ == "__main__":
    unittest.main()
