"""Every public item of the Python package has an example in its documentation, and each runs against a daemon.

The examples of the methods that are generated are checked against the definition, in bindings/python/tests.
"""

import ast
import asyncio
import inspect
import json
import sys
import textwrap
from typing import Any, Iterator, Tuple

import aiwg.daemon as daemon
from aiwg.daemon import AsyncDaemonClient, DaemonClient, types
from aiwg.daemon._async_events import AsyncEvents
from aiwg.daemon._async_tasks import AsyncTasks
from aiwg.daemon._events import Events
from aiwg.daemon._tasks import Tasks

# What is no class has no docstring.
NO_CLASSES = {"ERROR_KINDS", "PROTOCOL_VERSION", "ErrorKind"}


def example(documentation: "str | None") -> "str | None":
    """The code after ``Example::``, which stands further in than that."""
    lines = inspect.cleandoc(documentation or "").splitlines()
    if "Example::" not in lines:
        return None
    code = []
    for line in lines[lines.index("Example::") + 1 :]:
        if line and not line.startswith("    "):
            break
        code.append(line)
    return textwrap.dedent("\n".join(code))


def members(cls: type) -> Iterator[Tuple[str, Any]]:
    """What a class that is written by hand adds, and its users call."""
    for name, member in vars(cls).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        # Those that the package calls itself, and tells nobody of.
        if name in ("forget", "wait_until"):
            continue
        yield name, member


def items() -> Iterator[Tuple[str, bool, "str | None"]]:
    """Names, whether they are of asyncio, and documentation."""
    for name in daemon.__all__:
        if name in NO_CLASSES:
            continue
        thing = getattr(daemon, name)
        yield name, name.startswith("Async"), thing.__doc__
        if not name.endswith("Info"):
            for member, of in members(thing):
                yield f"{name}.{member}", name.startswith("Async"), of.__doc__
    for cls in (Tasks, Events, AsyncTasks, AsyncEvents):
        for member, of in members(cls):
            yield f"{cls.__name__}.{member}", cls.__name__.startswith("Async"), of.__doc__
    for cls in (types.Timestamp, types.Result, types.UnknownVariant):
        yield cls.__name__, False, cls.__doc__


async def run(name: str, is_async: bool, code: str) -> None:
    # As `from aiwg.daemon import *` gives them: what nobody has asked for is not there yet.
    public = {item: getattr(daemon, item) for item in daemon.__all__}
    names = {**public, "UnknownVariant": types.UnknownVariant, "json": json, "AsyncDaemonClient": AsyncDaemonClient}
    body = compile(code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if is_async:
        async with AsyncDaemonClient(timeout=60) as client:
            outcome = eval(body, {**names, "client": client})
            if inspect.isawaitable(outcome):
                await outcome
    else:
        with DaemonClient(timeout=60) as client:
            exec(body, {**names, "client": client})


async def main() -> None:
    missing, count = [], 0
    with DaemonClient() as client:
        client.emit("deployment:complete", {"version": "1.2.3"})
        client.task.run(prompt="The one that examples name")

        def soon() -> None:
            client.task.submit(prompt="What examples wait for")

        for name, is_async, documentation in items():
            code = example(documentation)
            if code is None:
                missing.append(name)
                continue
            if "wait_for" in name and "Subscription" not in name:
                # It waits for an event of a task that has ended: for the next one.
                code = code.replace('"task-0001"', f'"task-{len(client.task.list(limit=1000)) + 1:04}"')
                asyncio.get_running_loop().call_later(0.2, soon)
                if not is_async:
                    await asyncio.get_running_loop().run_in_executor(None, asyncio.run, run(name, is_async, code))
                    count += 1
                    continue
            await run(name, is_async, code)
            count += 1
    assert not missing, f"no example: {missing}"
    print(f"{count} examples run", file=sys.stderr)
    print("every public item has an example that runs")


asyncio.run(main())
